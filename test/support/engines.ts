/**
 * One face for everything that can run WebAssembly in the tests: native WebAssembly and the counting reference
 * interpreter here, Sandglass in sandglass-engine.ts. A test program is written once, against `World`, and its outcome
 * compared. A world is used for one run: instances made in it share fuel, as those of one Runtime do.
 */
import { COUNTER, instrument } from './instrument.ts';
import { type Imports, ReferenceStore } from './interpreter.ts';
import { type Constructor, type Exports, type NativeGlobal, native } from './native.ts';
import { ReferenceTrap } from './numeric.ts';
import {
  ReferenceException,
  ReferenceGlobal,
  ReferenceMemory,
  ReferenceTable,
  ReferenceTag,
} from './reference-objects.ts';
import { ModuleBuilder } from './wasm-builder.ts';

export interface World {
  readonly name: string;
  instantiate(bytes: Uint8Array<ArrayBuffer>, imports?: Imports): Exports;
  /** Fuel so far. */
  consumed(): number;
  /** Constructors with the standard API's shape. */
  readonly Memory: Constructor;
  readonly Table: Constructor;
  readonly Global: Constructor;
  readonly Tag: Constructor;
  readonly Exception: Constructor;
  /** Thrown by a host function to end a run; no handler in wasm sees it. */
  exit(code: number): never;
  /** The texts of the specification that this error may stand for; undefined: not a trap. */
  trapTexts(error: unknown): readonly string[] | undefined;
}
export class ExitError extends Error {
  override readonly name = 'ExitError';
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}
function exit(code: number): never {
  throw new ExitError(code);
}

export function referenceWorld(store: ReferenceStore = new ReferenceStore()): World {
  return {
    name: 'reference',
    instantiate: (bytes, imports = {}) => store.instantiate(bytes, imports).exports,
    consumed: () => store.consumed,
    Memory: ReferenceMemory,
    Table: ReferenceTable,
    Global: ReferenceGlobal,
    Tag: ReferenceTag,
    Exception: ReferenceException,
    exit,
    trapTexts: (error) => (error instanceof ReferenceTrap ? [error.message] : undefined),
  };
}

/** V8's messages: some stand for more than one trap of the specification. */
const NATIVE_TRAPS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^unreachable/, ['unreachable']],
  [/^memory access out of bounds|data segment/, ['out of bounds memory access']],
  [/^divide by zero|^remainder by zero/, ['integer divide by zero']],
  [/^divide result unrepresentable/, ['integer overflow']],
  [/^float unrepresentable/, ['integer overflow', 'invalid conversion to integer']],
  [/^table index is out of bounds/, ['undefined element', 'out of bounds table access']],
  [/^table access out of bounds|element segment/, ['out of bounds table access']],
  [/^table or array access|^array element access/, ['out of bounds table access']],
  [
    /^null function or function sig|^function signature mismatch/,
    ['uninitialized element', 'indirect call type mismatch'],
  ],
  [
    /^dereferencing a null pointer|^rethrowing null value/,
    ['null exception reference', 'null function reference'],
  ],
];

export function nativeTrapTexts(error: unknown): readonly string[] | undefined {
  if (error instanceof RangeError && /call stack/.test(error.message)) return ['call stack exhausted'];
  if (!(error instanceof native.RuntimeError)) return undefined;
  const text = error.message.replace(/^WebAssembly\.Instance\(\): /, '');
  return NATIVE_TRAPS.find(([message]) => message.test(text))?.[1] ?? [text];
}

/** Native WebAssembly; with `counting`, every module is instrumented and `consumed` is the sum of their counters. */
export function nativeWorld(options: { counting?: boolean } = {}): World {
  const counters: NativeGlobal[] = [];
  return {
    name: 'native',
    instantiate(bytes, imports = {}) {
      const wasm = options.counting === true ? instrument(bytes) : bytes;
      const module = new native.Module(wasm);
      const { exports } = new native.Instance(module, imports);
      const counter = exports[COUNTER];
      if (counter !== undefined) counters.push(counter);
      return exports;
    },
    consumed: () => Number(counters.reduce((sum, counter) => sum + (counter.value as bigint), 0n)),
    Memory: native.Memory,
    Table: native.Table,
    Global: native.Global,
    Tag: native.Tag,
    Exception: native.Exception,
    exit,
    trapTexts: nativeTrapTexts,
  };
}

/** Whether this host's WebAssembly knows all that Sandglass does: `try_table`, several memories (Node 20 does not). */
export const NATIVE_KNOWS_ALL = native.validate(everythingNew());

function everythingNew(): Uint8Array {
  const m = new ModuleBuilder();
  m.func('', [['block'], ['try_table', '', ['catch_all', 0]], 'end', 'end']);
  m.memory(0);
  m.memory(0);
  m.global('i32', false, [['i32.const', 1], ['i32.const', 1], 'i32.add']);
  return m.build();
}

/** How a call ended, comparable between engines. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'trap'; readonly texts: readonly string[] }
  | { readonly kind: 'exception' }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'error'; readonly error: unknown };

export function outcomeOf(world: World, run: () => unknown): Outcome {
  try {
    return { kind: 'value', value: run() };
  } catch (error) {
    const texts = world.trapTexts(error);
    if (texts !== undefined) return { kind: 'trap', texts };
    if (error instanceof world.Exception) return { kind: 'exception' };
    if ((error as Error | undefined)?.name === 'ExitError') {
      return { kind: 'exit', code: (error as ExitError).code };
    }
    return { kind: 'error', error };
  }
}

/** A text in which equal outcomes are equal: NaNs by class, functions and objects by kind, -0 kept. */
export function show(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'function') return 'function';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'object' && value !== null) return 'object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Why two outcomes differ, or undefined. Trap texts agree when one engine's possible texts meet the other's. */
export function difference(expected: Outcome, actual: Outcome): string | undefined {
  const text = (outcome: Outcome): string =>
    outcome.kind === 'trap' ? `trap ${outcome.texts.join(' | ')}` : `${outcome.kind} ${detail(outcome)}`;
  const same =
    expected.kind === 'trap' && actual.kind === 'trap'
      ? expected.texts.some((candidate) => actual.texts.includes(candidate))
      : text(expected) === text(actual);
  return same ? undefined : `expected ${text(expected)}, found ${text(actual)}`;
}

function detail(outcome: Outcome): string {
  if (outcome.kind === 'value') return show(outcome.value);
  if (outcome.kind === 'exit') return String(outcome.code);
  return outcome.kind === 'error' ? show(outcome.error) : '';
}
