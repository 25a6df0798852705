/**
 * What instances of the reference interpreter share with each other and with the host: functions, memories, tables,
 * globals, tags, exceptions. Shaped as far as the tests need like the standard JavaScript API, so that one host program
 * runs on every engine. Values inside are raw (see numeric.ts); `toHost` and `fromHost` cross the border.
 */
import type { Signature } from './decode.ts';
import { f32Bits, f32Value, f64Bits, f64Value, fail, ReferenceTrap, type Value } from './numeric.ts';

export interface ReferenceFunction {
  readonly type: Signature;
  readonly call: (args: Value[]) => Value[];
  host: HostCallable | undefined;
}
// biome-ignore lint/suspicious/noExplicitAny: a host function takes and gives what its wasm type says
export type HostCallable = (...args: any[]) => any;

const functions = new WeakMap<HostCallable, ReferenceFunction>();

/** The exported function of a reference function: the same object every time. */
export function hostFunctionOf(target: ReferenceFunction): HostCallable {
  if (target.host === undefined) {
    target.host = (...args: unknown[]) => {
      const raw = target.type.params.map((type, i) => fromHost(args[i], type));
      const results = target.call(raw).map((value, i) => toHost(value, target.type.results[i]!));
      return results.length > 1 ? results : results[0];
    };
    functions.set(target.host, target);
  }
  return target.host;
}

/** An import: another instance's export as it is, anything else wrapped with the type it is imported at. */
export function functionOf(imported: HostCallable, type: Signature): ReferenceFunction {
  const known = functions.get(imported);
  if (known !== undefined) return known;
  const call = (args: Value[]): Value[] => {
    const result = imported(...args.map((value, i) => toHost(value, type.params[i]!)));
    const results = type.results.length === 1 ? [result] : type.results.length === 0 ? [] : [...result];
    return type.results.map((resultType, i) => fromHost(results[i], resultType));
  };
  return { type, call, host: undefined };
}

export function toHost(value: Value, type: string): unknown {
  if (type === 'f32') return f32Value(value as number);
  if (type === 'f64') return f64Value(value as bigint);
  if (type === 'funcref') return value === null ? null : hostFunctionOf(value as ReferenceFunction);
  return value;
}

export function fromHost(value: unknown, type: string): Value {
  switch (type) {
    case 'i32':
      return Number(value) | 0;
    case 'i64':
      return BigInt.asIntN(64, value as bigint);
    case 'f32':
      return f32Bits(Number(value));
    case 'f64':
      return f64Bits(Number(value));
    case 'funcref':
      return value === null || value === undefined ? null : functions.get(value as HostCallable);
    default:
      return value;
  }
}

export function sameSignature(a: Signature, b: Signature): boolean {
  return `${a.params}>${a.results}` === `${b.params}>${b.results}`;
}

const PAGE = 65536;

export class ReferenceMemory {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  readonly maximum: number;
  constructor(type: { initial: number; maximum?: number | undefined }) {
    this.bytes = new Uint8Array(type.initial * PAGE);
    this.view = new DataView(this.bytes.buffer);
    this.maximum = Math.min(type.maximum ?? 65536, 65536);
  }
  get buffer(): ArrayBuffer {
    return this.bytes.buffer;
  }
  /** Old pages, or -1. */
  grow(delta: number): number {
    const old = this.bytes.length / PAGE;
    if (old + delta > this.maximum || old + delta > 4096) return -1;
    const grown = new Uint8Array((old + delta) * PAGE);
    grown.set(this.bytes);
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
    return old;
  }
  /** Checks that `count` bytes lie at `at`. */
  check(at: number, count: number): number {
    return at + count > this.bytes.length ? fail('out of bounds memory access') : at;
  }
}

export class ReferenceTable {
  readonly elements: Value[];
  readonly maximum: number;
  readonly element: string;
  constructor(type: { element: string; initial: number; maximum?: number | undefined }, value: Value = null) {
    this.element = type.element === 'anyfunc' ? 'funcref' : type.element;
    this.elements = new Array(type.initial).fill(value);
    this.maximum = Math.min(type.maximum ?? 10_000_000, 10_000_000);
  }
  get length(): number {
    return this.elements.length;
  }
  get(index: number): unknown {
    return toHost(this.elements[this.check(index, 1)], this.element);
  }
  set(index: number, value: unknown): void {
    this.elements[this.check(index, 1)] = fromHost(value, this.element);
  }
  grow(delta: number, value: Value = null): number {
    const old = this.elements.length;
    if (old + delta > this.maximum) return -1;
    for (let i = 0; i < delta; i++) this.elements.push(value);
    return old;
  }
  check(at: number, count: number): number {
    return at + count > this.elements.length ? fail('out of bounds table access') : at;
  }
}

export class ReferenceGlobal {
  raw: Value;
  readonly type: string;
  readonly mutable: boolean;
  constructor(type: { value: string; mutable?: boolean }, value?: unknown) {
    this.type = type.value;
    this.mutable = type.mutable ?? false;
    this.raw = fromHost(
      value ?? (type.value === 'i64' ? 0n : type.value.endsWith('ref') ? null : 0),
      this.type,
    );
  }
  get value(): unknown {
    return toHost(this.raw, this.type);
  }
  set value(value: unknown) {
    this.raw = fromHost(value, this.type);
  }
}

export class ReferenceTag {
  readonly parameters: readonly string[];
  constructor(type: { parameters: readonly string[] }) {
    this.parameters = type.parameters;
  }
}

/** A WebAssembly exception: not an `Error`, as in the standard API. */
export class ReferenceException {
  readonly tag: ReferenceTag;
  readonly raw: readonly Value[];
  constructor(tag: ReferenceTag, payload: readonly unknown[]) {
    this.tag = tag;
    this.raw = tag.parameters.map((type, i) => fromHost(payload[i], type));
  }
  static ofRaw(tag: ReferenceTag, raw: readonly Value[]): ReferenceException {
    return Object.assign(Object.create(ReferenceException.prototype), { tag, raw });
  }
  is(tag: ReferenceTag): boolean {
    return this.tag === tag;
  }
  getArg(tag: ReferenceTag, index: number): unknown {
    if (tag !== this.tag) throw new TypeError('getArg: not this tag');
    return toHost(this.raw[index], tag.parameters[index]!);
  }
}

/** What no `catch_all` sees: traps, and errors that end a run. */
const UNCATCHABLE = new Set(['ExitError', 'OutOfFuelError', 'TimeoutError', 'AbortError', 'InternalError']);
export function isCatchable(thrown: unknown): boolean {
  if (thrown instanceof ReferenceTrap) return false;
  return !(thrown instanceof Error && UNCATCHABLE.has(thrown.name));
}
