/* Product of two n × n matrices of doubles, the textbook's three loops; the checksum weighs every element. */
#include "bench.h"

#define MAX 512

static double a[MAX * MAX], b[MAX * MAX], c[MAX * MAX];

static void multiply(int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    for (int32_t j = 0; j < n; j++) {
      double sum = 0;
      for (int32_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
  }
}

EXPORT double run(int32_t n) {
  if (n > MAX) n = MAX;
  uint32_t seed = 12345;
  for (int32_t i = 0; i < n * n; i++) {
    a[i] = (double)(next_random(&seed) >> 8) / 16777216.0 - 0.5;
    b[i] = (double)(next_random(&seed) >> 8) / 16777216.0 - 0.5;
  }
  multiply(n);
  double checksum = 0;
  for (int32_t i = 0; i < n * n; i++) checksum += c[i] * (double)(1 + i % 7);
  return checksum;
}
