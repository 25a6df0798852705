#!/bin/sh
# Builds every NAME.c of this folder into NAME.wasm; both are committed. Needs clang 19 with lld (Debian: clang-19,
# lld-19, wasi-libc). A module has no imports, exports `run` and is compiled with clang's default features, which are
# those of WebAssembly 1.0 with sign extension; only memory-copy and the simd-… ask for one more. These are built a second
# time without it, into NAME-scalar.wasm. The intrinsics of wasm_simd128.h are clang's own header.
set -eu
cd "$(dirname "$0")"
CC=${CC:-clang-19}

build() { # source, wasm, features
  # shellcheck disable=SC2086
  "$CC" --target=wasm32-wasi --sysroot="${SYSROOT:-/usr}" -std=c11 -Wall -Wextra -O2 $3 \
    -nostartfiles -Wl,--no-entry -Wl,--strip-all -o "$2" "$1"
}

for source in ${*:-*.c}; do
  name=${source%.c}
  case $name in
    memory-copy) build "$source" "$name.wasm" -mbulk-memory ;;
    simd-*)
      build "$source" "$name.wasm" -msimd128
      build "$source" "$name-scalar.wasm" ''
      ;;
    *) build "$source" "$name.wasm" '' ;;
  esac
done
ls -l ./*.wasm
