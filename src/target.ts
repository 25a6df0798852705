/**
 * Which engine this is, as far as it matters for speed: the one place that asks. Any answer gives right code.
 */
import type { Target } from '../compiler/opcodes.ts';

const v8 = (globalThis.process as { versions?: { v8?: string } } | undefined)?.versions?.v8;

/** Node 20 has V8 11.3, where 64-bit accesses of a DataView are slow; unknown engines are taken for new ones. */
export const TARGET: Target = v8 !== undefined && Number.parseInt(v8, 10) <= 11 ? 'v8-11' : 'v8-12+';
