/* Quicksort (median of three, Hoare's partition, insertion sort below 12 elements) of n random ints. */
#include "bench.h"

#define MAX 2000000

static int32_t values[MAX];

static inline void swap(int32_t *a, int32_t *b) {
  int32_t t = *a;
  *a = *b;
  *b = t;
}

static NOINLINE void insertion_sort(int32_t *v, int32_t low, int32_t high) {
  for (int32_t i = low + 1; i <= high; i++) {
    int32_t value = v[i], j = i - 1;
    for (; j >= low && v[j] > value; j--) v[j + 1] = v[j];
    v[j + 1] = value;
  }
}

static NOINLINE void quicksort(int32_t *v, int32_t low, int32_t high) {
  while (high - low >= 12) {
    int32_t middle = low + (high - low) / 2;
    if (v[middle] < v[low]) swap(v + middle, v + low);
    if (v[high] < v[low]) swap(v + high, v + low);
    if (v[high] < v[middle]) swap(v + high, v + middle);
    int32_t pivot = v[middle], i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) swap(v + i++, v + j--);
    }
    quicksort(v, low, j);
    low = i;
  }
  insertion_sort(v, low, high);
}

EXPORT int32_t run(int32_t n) {
  if (n > MAX) n = MAX;
  uint32_t seed = 362436069u;
  for (int32_t i = 0; i < n; i++) values[i] = (int32_t)next_random(&seed);
  quicksort(values, 0, n - 1);
  uint32_t checksum = 0;
  for (int32_t i = 0; i < n; i++) {
    if (i > 0 && values[i - 1] > values[i]) return -1;
    checksum = checksum * 31 + (uint32_t)values[i];
  }
  return (int32_t)checksum;
}
