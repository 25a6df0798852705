/*
 * What every program of this folder shares: the export of `run`, and one small random generator (xorshift32) that fills
 * inputs. Programs are deterministic: `run(n)` gives the same checksum however often it is called.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

#define EXPORT __attribute__((export_name("run")))
#define NOINLINE __attribute__((noinline))

static inline uint32_t next_random(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

#endif
