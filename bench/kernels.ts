/**
 * The programs of `programs/`, one row each: a module without imports whose export `run` takes `n` and gives a
 * checksum. `n` is chosen so that a call takes 20 to 70 ms under native WebAssembly. The reference is always native's
 * own result, so a row holds no expected value; the kind says how results are compared and printed.
 */
export interface Kernel {
  readonly name: string;
  readonly n: number;
  readonly result: 'i32' | 'f64';
  /** `kernel`: one of the 13 C kernels that the goals of docs/PERFORMANCE.md speak of; `i64`: 64-bit integers decide. */
  readonly tags: readonly ('kernel' | 'i64' | 'calls' | 'float' | 'memory' | 'simd')[];
}

/** With SIMD, and the same source compiled without. */
function twice(kernel: Kernel): readonly Kernel[] {
  return [kernel, { ...kernel, name: `${kernel.name}${WITHOUT_SIMD}`, tags: [] }];
}
export const WITHOUT_SIMD = '-scalar';

export const KERNELS: readonly Kernel[] = [
  { name: 'sieve', n: 8_000_000, result: 'i32', tags: ['kernel', 'memory'] },
  { name: 'fib', n: 36, result: 'i32', tags: ['kernel', 'calls'] },
  { name: 'fib64', n: 36, result: 'i32', tags: ['kernel', 'calls', 'i64'] },
  { name: 'matmul', n: 370, result: 'f64', tags: ['kernel', 'float'] },
  { name: 'crc32', n: 180, result: 'i32', tags: ['kernel', 'memory'] },
  { name: 'xxhash64', n: 6000, result: 'i32', tags: ['kernel', 'i64'] },
  { name: 'sha512', n: 150, result: 'i32', tags: ['kernel', 'i64'] },
  { name: 'quicksort', n: 450_000, result: 'i32', tags: ['kernel', 'memory'] },
  { name: 'mandelbrot', n: 500, result: 'i32', tags: ['kernel', 'float'] },
  { name: 'call-indirect', n: 6_000_000, result: 'i32', tags: ['kernel', 'calls'] },
  { name: 'bytecode-vm', n: 16_000, result: 'i32', tags: ['kernel', 'memory'] },
  { name: 'nbody', n: 550_000, result: 'f64', tags: ['kernel', 'float'] },
  { name: 'dot-f32', n: 3000, result: 'f64', tags: ['kernel', 'float'] },
  { name: 'sha256', n: 110, result: 'i32', tags: [] },
  { name: 'memory-copy', n: 70_000, result: 'i32', tags: ['memory'] },
  { name: 'json-parse', n: 12, result: 'f64', tags: ['memory'] },
  ...twice({ name: 'simd-matmul', n: 400, result: 'f64', tags: ['simd'] }),
  ...twice({ name: 'simd-sum', n: 5000, result: 'i32', tags: ['simd'] }),
  ...twice({ name: 'simd-search', n: 800, result: 'i32', tags: ['simd'] }),
  ...twice({ name: 'simd-filter', n: 400, result: 'i32', tags: ['simd'] }),
];
