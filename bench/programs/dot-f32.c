/* Dot product of two vectors of 16,384 floats, summed in float, n times. */
#include "bench.h"

#define SIZE 16384

static float x[SIZE], y[SIZE];

static NOINLINE float dot(const float *a, const float *b, int32_t length) {
  float sum = 0;
  for (int32_t i = 0; i < length; i++) sum += a[i] * b[i];
  return sum;
}

EXPORT double run(int32_t n) {
  uint32_t seed = 521288629u;
  for (int32_t i = 0; i < SIZE; i++) {
    x[i] = (float)(next_random(&seed) >> 8) / 16777216.0f;
    y[i] = (float)(next_random(&seed) >> 8) / 16777216.0f - 0.5f;
  }
  double total = 0;
  for (int32_t pass = 0; pass < n; pass++) {
    total += dot(x, y, SIZE);
    x[pass % SIZE] += 0.25f;
  }
  return total;
}
