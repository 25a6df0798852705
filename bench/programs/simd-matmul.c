/*
 * Product of two n × n matrices of floats, n a multiple of 4: four columns of the result at a time. Compiled a second
 * time without SIMD, where four is a loop: simd-matmul-scalar.wasm. Both sum in the same order, so results are equal.
 */
#include "simd.h"

#define MAX 512

static float a[MAX * MAX], b[MAX * MAX], c[MAX * MAX];

#ifdef __wasm_simd128__
static void multiply(int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    for (int32_t j = 0; j < n; j += 4) {
      v128_t sum = wasm_f32x4_splat(0);
      for (int32_t k = 0; k < n; k++) {
        v128_t factor = wasm_v128_load32_splat(&a[i * n + k]);
        sum = wasm_f32x4_add(sum, wasm_f32x4_mul(factor, wasm_v128_load(&b[k * n + j])));
      }
      wasm_v128_store(&c[i * n + j], sum);
    }
  }
}
#else
static void multiply(int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    for (int32_t j = 0; j < n; j++) {
      float sum = 0;
      for (int32_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
  }
}
#endif

EXPORT double run(int32_t n) {
  if (n > MAX) n = MAX;
  n &= ~3;
  uint32_t seed = 12345;
  for (int32_t i = 0; i < n * n; i++) {
    a[i] = (float)(next_random(&seed) >> 8) / 16777216.0f - 0.5f;
    b[i] = (float)(next_random(&seed) >> 8) / 16777216.0f - 0.5f;
  }
  multiply(n);
  double checksum = 0;
  for (int32_t i = 0; i < n * n; i++) checksum += (double)c[i] * (double)(1 + i % 7);
  return checksum;
}
