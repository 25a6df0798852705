/**
 * A module → what V8 makes of every function of it: bytecode lengths, in chunks of bounded size. `report.ts` tells
 * people.
 */
import type { Module } from '../../src/index.ts';
import { type EmittedFunction, emit, emitAll, type Part, type Refusal } from './emitted.ts';
import { bytecodeLengths, LIMIT, printedLength } from './v8-bytecode.ts';

export interface MeasuredPart extends Part {
  /** The wasm function's index. */
  readonly index: number;
  /** V8's bytecode, in bytes. */
  readonly length: number;
}

export interface Scan {
  /** Functions that the module defines. */
  readonly functions: number;
  /** All that is generated of them. */
  readonly parts: readonly MeasuredPart[];
  readonly refusals: readonly Refusal[];
}

/** Text that is handed to V8 at a time. */
const CHUNK_CHARACTERS = 4_000_000;

/** `progress` hears the number of functions done. */
export async function scan(module: Module, progress: (done: number) => void): Promise<Scan> {
  const parts: MeasuredPart[] = [];
  const refusals: Refusal[] = [];
  let chunk: EmittedFunction[] = [];
  let characters = 0;
  let functions = 0;
  for (const emitted of emitAll(module)) {
    functions++;
    if ('message' in emitted) {
      refusals.push(emitted);
      continue;
    }
    chunk.push(emitted);
    characters += emitted.text.length;
    if (characters < CHUNK_CHARACTERS) continue;
    parts.push(...(await measure(chunk)));
    progress(functions);
    chunk = [];
    characters = 0;
  }
  if (chunk.length > 0) parts.push(...(await measure(chunk)));
  return { functions, parts, refusals };
}

async function measure(chunk: readonly EmittedFunction[]): Promise<MeasuredPart[]> {
  const lengths = await bytecodeLengths(chunk.map(({ text }) => text));
  const names = new Set(chunk.flatMap(({ parts }) => parts.map(({ name }) => name)));
  for (const name of lengths.keys())
    if (!names.has(name)) throw new Error(`${name}: compiled by V8, but not found in the text`);
  return chunk.flatMap(({ index, parts }) =>
    parts.map((part) => {
      const length = lengths.get(part.name);
      if (length === undefined) throw new Error(`${part.name}: V8 reports no bytecode`);
      return { ...part, index, length };
    }),
  );
}

export function largest(parts: readonly MeasuredPart[], count: number): MeasuredPart[] {
  return [...parts].sort((a, b) => b.length - a.length).slice(0, count);
}

/** Functions that V8 will never optimise. */
export function tooLong(parts: readonly MeasuredPart[]): MeasuredPart[] {
  return parts.filter(({ length }) => length >= LIMIT).sort((a, b) => b.length - a.length);
}

/** Asks V8 in another way, function by function; throws if it answers differently. */
export async function confirm(module: Module, parts: readonly MeasuredPart[]): Promise<void> {
  for (const { index, name, length } of parts) {
    const printed = await printedLength(emit(module, index).text, name);
    if (printed !== length)
      throw new Error(`${name}: bytecode of ${length} bytes by V8's log, ${printed} by --print-bytecode`);
  }
}
