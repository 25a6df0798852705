#!/bin/sh
# Builds every NAME.c of this folder into NAME.wasm; both are committed. Needs clang 19 with lld (Debian: clang-19,
# lld-19, wasi-libc). A module has no imports, exports `run` and is compiled with clang's default features, which are
# those of WebAssembly 1.0 with sign extension; only memory-copy asks for one more.
set -eu
cd "$(dirname "$0")"
CC=${CC:-clang-19}
for source in *.c; do
  features=''
  [ "$source" = memory-copy.c ] && features='-mbulk-memory'
  # shellcheck disable=SC2086
  "$CC" --target=wasm32-wasi --sysroot="${SYSROOT:-/usr}" -std=c11 -Wall -Wextra -O2 $features \
    -nostartfiles -Wl,--no-entry -Wl,--strip-all -o "${source%.c}.wasm" "$source"
done
ls -l ./*.wasm
