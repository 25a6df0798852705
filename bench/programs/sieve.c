/* Sieve of Eratosthenes over bytes: the number of primes below n. */
#include "bench.h"

#define MAX 8000000

static uint8_t composite[MAX];

EXPORT int32_t run(int32_t n) {
  if (n > MAX) n = MAX;
  for (int32_t i = 0; i < n; i++) composite[i] = 0;
  int32_t count = 0;
  for (int32_t i = 2; i < n; i++) {
    if (composite[i]) continue;
    count++;
    if (i > n / i) continue;
    for (int32_t j = i * i; j < n; j += i) composite[j] = 1;
  }
  return count;
}
