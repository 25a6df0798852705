/* Doubly recursive Fibonacci in 64 bits: calls with an i64 argument and an i64 result. */
#include "bench.h"

static NOINLINE int64_t fib(int64_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

EXPORT int32_t run(int32_t n) {
  int64_t result = fib(n);
  return (int32_t)result ^ (int32_t)(result >> 32);
}
