/* CRC-32 (the polynomial of zip and Ethernet, reflected), a table of 256 entries, n passes over 64 KiB. */
#include "bench.h"

#define SIZE 65536

static uint32_t table[256];
static uint8_t data[SIZE];

static void make_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t remainder = i;
    for (int bit = 0; bit < 8; bit++) {
      remainder = remainder & 1 ? remainder >> 1 ^ 0xedb88320u : remainder >> 1;
    }
    table[i] = remainder;
  }
}

static NOINLINE uint32_t crc32(uint32_t crc, const uint8_t *bytes, uint32_t length) {
  crc = ~crc;
  for (uint32_t i = 0; i < length; i++) crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
  return ~crc;
}

EXPORT int32_t run(int32_t n) {
  uint32_t seed = 2463534242u;
  make_table();
  for (uint32_t i = 0; i < SIZE; i++) data[i] = (uint8_t)next_random(&seed);
  uint32_t crc = 0;
  for (int32_t pass = 0; pass < n; pass++) crc = crc32(crc, data, SIZE);
  return (int32_t)crc;
}
