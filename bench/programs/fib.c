/* Doubly recursive Fibonacci: calls with one int argument and an int result. */
#include "bench.h"

static NOINLINE int32_t fib(int32_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

EXPORT int32_t run(int32_t n) {
  return fib(n);
}
