/*
 * SHA-2 as its two word sizes have it in common (FIPS 180-4). A program that includes this defines `word`, the number of ROUNDS,
 * the tables K and START, and the four functions of a schedule and a round as macros over `rotr`: SIGMA0, SIGMA1 (schedule), SUM0, SUM1.
 */
#ifndef SHA2_H
#define SHA2_H

#include "bench.h"

#define SIZE 65536
#define WORD_BYTES (int)sizeof(word)
#define BLOCK (16 * WORD_BYTES)

static uint8_t message[SIZE + BLOCK];
static word state[8];

static inline word rotr(word x, int k) {
  return x >> k | x << (8 * WORD_BYTES - k);
}

static inline word read_big_endian(const uint8_t *p) {
  word value = 0;
  for (int i = 0; i < WORD_BYTES; i++) value = value << 8 | p[i];
  return value;
}

static NOINLINE void compress(const uint8_t *block) {
  word w[ROUNDS];
  for (int t = 0; t < 16; t++) w[t] = read_big_endian(block + WORD_BYTES * t);
  for (int t = 16; t < ROUNDS; t++) {
    word s0 = SIGMA0(w[t - 15]);
    word s1 = SIGMA1(w[t - 2]);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  word a = state[0], b = state[1], c = state[2], d = state[3];
  word e = state[4], f = state[5], g = state[6], h = state[7];
  for (int t = 0; t < ROUNDS; t++) {
    word t1 = h + SUM1(e) + ((e & f) ^ (~e & g)) + K[t] + w[t];
    word t2 = SUM0(a) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

/* The message is a whole number of blocks, so the padding is a block of its own: 0x80, zeros, the length in bits. */
static void digest(void) {
  for (int i = 0; i < 8; i++) state[i] = START[i];
  for (uint32_t at = 0; at < SIZE + BLOCK; at += BLOCK) compress(message + at);
}

static void prepare(void) {
  uint32_t seed = 1234567u;
  for (uint32_t i = 0; i < SIZE; i++) message[i] = (uint8_t)next_random(&seed);
  for (uint32_t i = 0; i < BLOCK; i++) message[SIZE + i] = 0;
  message[SIZE] = 0x80;
  uint32_t bits = SIZE * 8u;
  for (int i = 0; i < 4; i++) message[SIZE + BLOCK - 1 - i] = (uint8_t)(bits >> 8 * i);
}

#endif
