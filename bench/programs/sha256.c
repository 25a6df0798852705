/* SHA-256 of a message of 64 KiB, padding included, n times; each digest is written into the next message. */
#include "bench.h"

#define SIZE 65536
#define BLOCK 64

static const uint32_t K[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
    0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
    0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
    0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
    0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
    0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
    0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u,
};
static const uint32_t START[8] = {
    0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au, 0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u,
};
static uint8_t message[SIZE + BLOCK];
static uint32_t state[8];

static inline uint32_t rotr(uint32_t x, int k) {
  return x >> k | x << (32 - k);
}

static inline uint32_t read_big_endian(const uint8_t *p) {
  uint32_t word = 0;
  for (int i = 0; i < 4; i++) word = word << 8 | p[i];
  return word;
}

static NOINLINE void compress(const uint8_t *block) {
  uint32_t w[64];
  for (int t = 0; t < 16; t++) w[t] = read_big_endian(block + 4 * t);
  for (int t = 16; t < 64; t++) {
    uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
    uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int t = 0; t < 64; t++) {
    uint32_t t1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + w[t];
    uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
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

EXPORT int32_t run(int32_t n) {
  prepare();
  for (int32_t pass = 0; pass < n; pass++) {
    digest();
    for (uint32_t i = 0; i < 8; i++) message[i] = (uint8_t)state[i];
  }
  return (int32_t)(state[0] ^ state[7]);
}
