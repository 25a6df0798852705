/* xxHash64 of 64 KiB and an odd tail, n times, each seeded with the hash before it. */
#include <string.h>
#include "bench.h"

#define SIZE (65536 + 29)
#define P1 0x9e3779b185ebca87ull
#define P2 0xc2b2ae3d27d4eb4full
#define P3 0x165667b19e3779f9ull
#define P4 0x85ebca77c2b2ae63ull
#define P5 0x27d4eb2f165667c5ull

static uint8_t data[SIZE];

static inline uint64_t rotl(uint64_t x, int k) {
  return x << k | x >> (64 - k);
}
static inline uint64_t read64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}
static inline uint32_t read32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
static inline uint64_t mix(uint64_t lane, uint64_t input) {
  return rotl(lane + input * P2, 31) * P1;
}
static inline uint64_t merge(uint64_t hash, uint64_t lane) {
  return (hash ^ mix(0, lane)) * P1 + P4;
}

static NOINLINE uint64_t xxhash64(const uint8_t *p, uint32_t length, uint64_t seed) {
  const uint8_t *end = p + length;
  uint64_t hash;
  if (length >= 32) {
    uint64_t v1 = seed + P1 + P2, v2 = seed + P2, v3 = seed, v4 = seed - P1;
    for (; end - p >= 32; p += 32) {
      v1 = mix(v1, read64(p));
      v2 = mix(v2, read64(p + 8));
      v3 = mix(v3, read64(p + 16));
      v4 = mix(v4, read64(p + 24));
    }
    hash = rotl(v1, 1) + rotl(v2, 7) + rotl(v3, 12) + rotl(v4, 18);
    hash = merge(merge(merge(merge(hash, v1), v2), v3), v4);
  } else {
    hash = seed + P5;
  }
  hash += length;
  for (; end - p >= 8; p += 8) hash = rotl(hash ^ mix(0, read64(p)), 27) * P1 + P4;
  if (end - p >= 4) {
    hash = rotl(hash ^ read32(p) * P1, 23) * P2 + P3;
    p += 4;
  }
  for (; p < end; p++) hash = rotl(hash ^ *p * P5, 11) * P1;
  hash = (hash ^ hash >> 33) * P2;
  hash = (hash ^ hash >> 29) * P3;
  return hash ^ hash >> 32;
}

EXPORT int32_t run(int32_t n) {
  uint32_t seed = 88172645u;
  for (uint32_t i = 0; i < SIZE; i++) data[i] = (uint8_t)next_random(&seed);
  uint64_t hash = 0;
  for (int32_t pass = 0; pass < n; pass++) hash = xxhash64(data, SIZE, hash);
  return (int32_t)(hash ^ hash >> 32);
}
