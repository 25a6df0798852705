/**
 * Scratch views over eight bytes, for helpers that look at a number's bits. Each use is over before any other code
 * runs, so all helpers share them. Little-endian hosts only, as all that V8 runs on is.
 */
const buffer = new ArrayBuffer(8);
export const F64 = new Float64Array(buffer);
export const F32 = new Float32Array(buffer);
export const I64 = new BigInt64Array(buffer);
/** `I32[1]` is the high half. */
export const I32 = new Int32Array(buffer);
