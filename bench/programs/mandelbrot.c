/* Mandelbrot set, n × n points, at most 200 iterations each: the sum of all iteration counts. */
#include "bench.h"

static NOINLINE int32_t escape_time(double x0, double y0) {
  double x = 0, y = 0, xx = 0, yy = 0;
  int32_t i = 0;
  for (; i < 200 && xx + yy <= 4; i++) {
    y = 2 * x * y + y0;
    x = xx - yy + x0;
    xx = x * x;
    yy = y * y;
  }
  return i;
}

EXPORT int32_t run(int32_t n) {
  int32_t sum = 0;
  for (int32_t row = 0; row < n; row++) {
    double y = 2.4 * row / n - 1.2;
    for (int32_t column = 0; column < n; column++) sum += escape_time(3.0 * column / n - 2.1, y);
  }
  return sum;
}
