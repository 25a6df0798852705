/*
 * Counts the places of a word in a text of 256 KiB, n times: sixteen places at a time are compared with the word's first
 * and last letter; where both fit, the rest is compared. Without SIMD, one place at a time: simd-search-scalar.wasm.
 */
#include "simd.h"

#define SIZE 262144

static uint8_t text[SIZE + 64];

static NOINLINE int same(const uint8_t *a, const uint8_t *b, int32_t length) {
  for (int32_t i = 0; i < length; i++) {
    if (a[i] != b[i]) return 0;
  }
  return 1;
}

#ifdef __wasm_simd128__
static NOINLINE int32_t count(const uint8_t *in, int32_t size, const uint8_t *word, int32_t length) {
  v128_t first = wasm_i8x16_splat(word[0]), last = wasm_i8x16_splat(word[length - 1]);
  int32_t found = 0;
  for (int32_t i = 0; i < size; i += 16) {
    v128_t starts = wasm_i8x16_eq(first, wasm_v128_load(in + i));
    v128_t ends = wasm_i8x16_eq(last, wasm_v128_load(in + i + length - 1));
    uint32_t places = wasm_i8x16_bitmask(wasm_v128_and(starts, ends));
    while (places != 0) {
      found += same(in + i + __builtin_ctz(places), word, length);
      places &= places - 1;
    }
  }
  return found;
}
#else
static NOINLINE int32_t count(const uint8_t *in, int32_t size, const uint8_t *word, int32_t length) {
  uint8_t first = word[0], last = word[length - 1];
  int32_t found = 0;
  for (int32_t i = 0; i < size; i++) {
    if (in[i] == first && in[i + length - 1] == last) found += same(in + i, word, length);
  }
  return found;
}
#endif

EXPORT int32_t run(int32_t n) {
  static const uint8_t word[] = {'g', 'l', 'a', 's', 's'};
  uint32_t seed = 88172645u;
  for (int32_t i = 0; i < SIZE; i++) text[i] = "etaoinshrdlucmfwgypb"[next_random(&seed) % 20];
  for (int32_t i = 0; i + 5 < SIZE; i += 1000) {
    for (int32_t k = 0; k < 5; k++) text[i + k] = word[k];
  }
  uint32_t checksum = 0;
  for (int32_t pass = 0; pass < n; pass++) {
    checksum = checksum * 31 + (uint32_t)count(text, SIZE, word, 5);
    text[(pass * 4099) % SIZE] = 'g';
  }
  return (int32_t)checksum;
}
