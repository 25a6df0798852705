/**
 * A memory as typed arrays, for code that is interpreted (compiler/emit/jitless/): there a DataView's methods are calls of built-in
 * functions, an element of a typed array is one bytecode. An element that lies in bounds, at a multiple of its size, is there; any
 * other index answers `undefined`, and the access is left to a helper (helpers/array-access.ts).
 *
 * Made only for instances whose code asks for them. Little-endian hosts only, as all that V8 runs on is.
 */
export interface MemoryArrays {
  readonly M8: Uint8Array;
  readonly S8: Int8Array;
  readonly M16: Uint16Array;
  readonly S16: Int16Array;
  readonly M32: Int32Array;
  readonly MF: Float32Array;
  readonly MD: Float64Array;
}

/** The whole elements among these bytes, which begin their buffer. */
export function arraysOf({ buffer, byteLength }: Uint8Array): MemoryArrays {
  const count = (size: number) => Math.floor(byteLength / size);
  return {
    M8: new Uint8Array(buffer, 0, byteLength),
    S8: new Int8Array(buffer, 0, byteLength),
    M16: new Uint16Array(buffer, 0, count(2)),
    S16: new Int16Array(buffer, 0, count(2)),
    M32: new Int32Array(buffer, 0, count(4)),
    MF: new Float32Array(buffer, 0, count(4)),
    MD: new Float64Array(buffer, 0, count(8)),
  };
}

export const NO_ARRAYS: MemoryArrays = arraysOf(new Uint8Array(0));
