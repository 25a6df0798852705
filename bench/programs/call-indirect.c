/* n calls through a table of eight functions of one type, the next one chosen by what the last one gave. */
#include "bench.h"

typedef uint32_t operation(uint32_t);

static uint32_t add(uint32_t x) { return x + 0x9e3779b9u; }
static uint32_t times(uint32_t x) { return x * 1664525u + 1013904223u; }
static uint32_t flip(uint32_t x) { return ~x; }
static uint32_t rotate(uint32_t x) { return x << 7 | x >> 25; }
static uint32_t fold(uint32_t x) { return x ^ x >> 15; }
static uint32_t negate(uint32_t x) { return 17 - x; }
static uint32_t spread(uint32_t x) { return x ^ x << 5; }
static uint32_t branch(uint32_t x) { return x & 1 ? x >> 1 ^ 0x80200003u : x >> 1; }

/* Volatile, so that the compiler cannot know which function stands where. */
static operation *volatile operations[8] = {add, times, flip, rotate, fold, negate, spread, branch};

EXPORT int32_t run(int32_t n) {
  uint32_t x = 1;
  for (int32_t i = 0; i < n; i++) x = operations[(x + (uint32_t)i) & 7](x);
  return (int32_t)x;
}
