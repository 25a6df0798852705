/*
 * For programs that exist twice, with SIMD and without: one source, in which `__wasm_simd128__` tells the two apart.
 */
#ifndef SIMD_H
#define SIMD_H

#include "bench.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#endif
