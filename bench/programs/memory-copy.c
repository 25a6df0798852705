/*
 * Bulk memory: n rounds of copies of 16 B … 64 KiB between and within two buffers (overlapping too) and of fills, all by
 * `memory.copy` and `memory.fill`. The checksum samples both buffers.
 */
#include "bench.h"

#define SIZE (1 << 18)

static uint8_t from[SIZE], to[SIZE];

/* Lengths come from here, so that the compiler sees no constant it could turn into plain stores. */
static volatile uint32_t lengths[] = {16, 65536, 200, 4096, 64, 16384, 1000, 31};

EXPORT int32_t run(int32_t n) {
  uint32_t seed = 19650218u, checksum = 0;
  for (uint32_t i = 0; i < SIZE; i++) from[i] = (uint8_t)next_random(&seed);
  __builtin_memset(to, 0, SIZE);
  for (int32_t round = 0; round < n; round++) {
    uint32_t length = lengths[round & 7];
    uint32_t source = next_random(&seed) & (SIZE / 2 - 1), target = next_random(&seed) & (SIZE / 2 - 1);
    __builtin_memcpy(to + target, from + source, length);
    __builtin_memmove(from + target + 7, from + target, length);
    if (round % 4 == 3) __builtin_memset(to + source, round, length / 2);
    checksum = checksum * 31 + to[target] + from[target + length / 2];
  }
  for (uint32_t i = 0; i < SIZE; i += 61) checksum = checksum * 31 + to[i] + from[i];
  return (int32_t)checksum;
}
