/*
 * A 3 × 3 Gaussian filter, weights 1 2 1 · 2 4 2 · 1 2 1, over a grey image of 512 × 512 bytes, n times, to and fro: eight pixels
 * at a time, in 16 bits each. Without SIMD, one at a time: simd-filter-scalar.wasm.
 */
#include "simd.h"

#define WIDTH 512
#define HEIGHT 512

static uint8_t image[2][WIDTH * HEIGHT];

#ifdef __wasm_simd128__
/** One line's share of eight pixels: 1 2 1. */
static inline v128_t weigh(const uint8_t *at) {
  v128_t middle = wasm_u16x8_load8x8(at);
  v128_t sides = wasm_i16x8_add(wasm_u16x8_load8x8(at - 1), wasm_u16x8_load8x8(at + 1));
  return wasm_i16x8_add(wasm_i16x8_shl(middle, 1), sides);
}

static NOINLINE void filter(const uint8_t *from, uint8_t *to) {
  for (int32_t y = 1; y < HEIGHT - 1; y++) {
    for (int32_t x = 8; x < WIDTH - 8; x += 8) {
      const uint8_t *at = from + y * WIDTH + x;
      v128_t sum = wasm_i16x8_add(weigh(at - WIDTH), weigh(at + WIDTH));
      sum = wasm_i16x8_add(sum, wasm_i16x8_shl(weigh(at), 1));
      sum = wasm_u16x8_shr(wasm_i16x8_add(sum, wasm_i16x8_splat(8)), 4);
      wasm_v128_store64_lane(to + y * WIDTH + x, wasm_u8x16_narrow_i16x8(sum, sum), 0);
    }
  }
}
#else
static inline uint32_t weigh(const uint8_t *at) { return at[-1] + 2u * at[0] + at[1]; }

static NOINLINE void filter(const uint8_t *from, uint8_t *to) {
  for (int32_t y = 1; y < HEIGHT - 1; y++) {
    for (int32_t x = 8; x < WIDTH - 8; x++) {
      const uint8_t *at = from + y * WIDTH + x;
      to[y * WIDTH + x] = (uint8_t)((weigh(at - WIDTH) + weigh(at + WIDTH) + 2 * weigh(at) + 8) >> 4);
    }
  }
}
#endif

EXPORT int32_t run(int32_t n) {
  uint32_t seed = 362436069u;
  for (int32_t i = 0; i < WIDTH * HEIGHT; i++) image[0][i] = image[1][i] = (uint8_t)next_random(&seed);
  uint32_t checksum = 0;
  for (int32_t pass = 0; pass < n; pass++) {
    uint8_t *to = image[(pass & 1) ^ 1];
    filter(image[pass & 1], to);
    for (int32_t i = pass & 15; i < WIDTH * HEIGHT; i += 97) checksum = checksum * 31 + to[i];
  }
  return (int32_t)checksum;
}
