/* Sum of 65,536 int32, four at a time, n times; the array changes a little in between. Without SIMD: simd-sum-scalar.wasm. */
#include "simd.h"

#define SIZE 65536

static int32_t values[SIZE];

#ifdef __wasm_simd128__
static NOINLINE int32_t sum(const int32_t *from, int32_t length) {
  v128_t sums = wasm_i32x4_splat(0);
  for (int32_t i = 0; i < length; i += 4) sums = wasm_i32x4_add(sums, wasm_v128_load(from + i));
  return wasm_i32x4_extract_lane(sums, 0) + wasm_i32x4_extract_lane(sums, 1) + wasm_i32x4_extract_lane(sums, 2) +
         wasm_i32x4_extract_lane(sums, 3);
}
#else
static NOINLINE int32_t sum(const int32_t *from, int32_t length) {
  uint32_t total = 0;
  for (int32_t i = 0; i < length; i++) total += (uint32_t)from[i];
  return (int32_t)total;
}
#endif

EXPORT int32_t run(int32_t n) {
  uint32_t seed = 2463534242u;
  for (int32_t i = 0; i < SIZE; i++) values[i] = (int32_t)next_random(&seed);
  uint32_t checksum = 0;
  for (int32_t pass = 0; pass < n; pass++) {
    checksum = checksum * 31 + (uint32_t)sum(values, SIZE);
    values[pass % SIZE] ^= pass;
  }
  return (int32_t)checksum;
}
