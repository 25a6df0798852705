/**
 * The values of globals, bit by bit. Numbers only; references are for references.ts.
 */
import type { Global } from '../global.ts';
import { f32_from_bits, f32_to_bits } from '../helpers/float.ts';
import type { ValueType } from '../types.ts';
import type { GlobalKind } from './record.ts';

export function kindOf(type: ValueType): GlobalKind {
  return typeof type === 'string' ? type : 'ref';
}

/** Lowest first. */
export function wordsOf(global: Global): Uint32Array {
  const { type } = global.type;
  if (type === 'i32') return Uint32Array.of(global.raw as number);
  if (type === 'f32') return Uint32Array.of(f32_to_bits(global.raw as number));
  return wordsIn(global).slice();
}

export function setWords(global: Global, words: Uint32Array): void {
  const { type } = global.type;
  if (type === 'i32') global.raw = words[0]! | 0;
  else if (type === 'f32') global.raw = f32_from_bits(words[0]! | 0);
  else wordsIn(global).set(words);
}

/** The cell itself: a number on its way could lose bits of a NaN. */
function wordsIn({ type, cells, cell }: Global): Uint32Array {
  const { buffer, byteOffset } = cells as BigInt64Array | Float64Array | Int32Array;
  const at = byteOffset + (type.type === 'v128' ? 4 : 8) * (cell as number);
  return new Uint32Array(buffer, at, type.type === 'v128' ? 4 : 2);
}
