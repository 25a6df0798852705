/**
 * The WebAssembly that Node.js has: an oracle for the runner itself. What fails here is a fault of the runner, of the
 * text parser or of V8; its messages are not the specification's.
 *
 * The JavaScript API carries no raw bits, so a call with floats goes through a small adapter module that reinterprets
 * them as integers: `f32` → `i32` on the way in, and back on the way out.
 */
import type { Convert } from '../convert.ts';
import type { Engine, EngineInstance, FailureKind, Imports } from '../engine.ts';
import { bitsOfNumber, numberOfBits } from '../raw-bits.ts';
import type { NumberType, Pattern, Value } from '../values.ts';

// The type checker's Node.js types leave the DOM's `WebAssembly` out.
interface NativeApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: Imports) => EngineInstance;
  readonly Memory: Engine['classes']['Memory'];
  readonly Table: Engine['classes']['Table'];
  readonly Global: Engine['classes']['Global'];
  readonly CompileError: ErrorConstructor;
  readonly LinkError: ErrorConstructor;
  readonly RuntimeError: ErrorConstructor;
  readonly Exception: new (...args: never) => object;
}
const native = (globalThis as unknown as { WebAssembly: NativeApi }).WebAssembly;
type NativeFunction = (...args: unknown[]) => unknown;

export class NativeEngine implements Engine<object> {
  readonly speaksSpec = false;
  readonly classes = native;
  readonly #convert: Convert;
  readonly #adapters = new Map<string, object>();

  constructor(convert: Convert) {
    this.#convert = convert;
  }

  compile(bytes: Uint8Array): object {
    return new native.Module(bytes);
  }

  instantiate(module: object, imports: Imports): EngineInstance {
    return new native.Instance(module, imports);
  }

  async invoke(
    instance: EngineInstance,
    field: string,
    args: readonly Value[],
    expected: readonly Pattern[] | undefined,
  ): Promise<readonly unknown[]> {
    const exported = instance.exports[field] as NativeFunction;
    const adapter = expected && (await this.#adapter(exported, args, expected));
    const values = args.map((arg) =>
      'bits' in arg && arg.type !== 'v128'
        ? numberOfBits(carrier(arg.type, adapter), arg.bits)
        : referenceOf(arg),
    );
    const result = (adapter ?? exported)(...values);
    const results = Array.isArray(result) ? result : result === undefined ? [] : [result];
    return results.map((each, i) => rawOf(each, expected?.[i], adapter !== undefined));
  }

  get(instance: EngineInstance, field: string, expected: Pattern | undefined): unknown {
    return rawOf((instance.exports[field] as { value: unknown }).value, expected, false);
  }

  kindOf(error: unknown): FailureKind {
    if (error instanceof native.CompileError) return 'compile';
    // A missing import is a TypeError in the JavaScript API.
    if (error instanceof native.LinkError || error instanceof TypeError) return 'link';
    if (error instanceof native.RuntimeError) return 'trap';
    if (error instanceof RangeError) return 'exhaustion';
    return error instanceof native.Exception ? 'exception' : 'other';
  }

  close(): void {}

  /** Undefined: no floats, or types that an adapter cannot import; the plain call is exact enough. */
  async #adapter(
    exported: NativeFunction,
    args: readonly Value[],
    expected: readonly Pattern[],
  ): Promise<NativeFunction | undefined> {
    const types = [args.map(typeOf), expected.map(typeOf)] as const;
    if (
      !types.flat().some((type) => type.startsWith('f')) ||
      types.flat().some((type) => !/^[if]\d/.test(type))
    ) {
      return undefined;
    }
    const text = adapterText(...types);
    const module = this.#adapters.get(text) ?? this.compile(await this.#convert({ kind: 'text', text }));
    this.#adapters.set(text, module);
    return this.instantiate(module, { host: { callee: exported } }).exports.f as NativeFunction;
  }
}

function typeOf(pattern: Pattern): string {
  return pattern.type === 'either' ? typeOf(pattern.patterns[0]!) : pattern.type;
}

const integerFor = (type: string) => type.replace('f', 'i');

function carrier(type: NumberType, adapter: unknown): NumberType {
  return adapter === undefined ? type : (integerFor(type) as NumberType);
}

/** A function that takes and gives integers and calls one that takes `params` and gives `results`. */
function adapterText(params: readonly string[], results: readonly string[]): string {
  const signature = (types: readonly string[], keyword: string) =>
    types.length ? `(${keyword} ${types.join(' ')})` : '';
  const reinterpret = (type: string, to: string, from: string) =>
    type.startsWith('f') ? `${to}.reinterpret_${from}` : '';
  const pushes = params.map((type, i) => `local.get ${i} ${reinterpret(type, type, integerFor(type))}`);
  const locals = results.map((_, i) => params.length + i);
  const pops = locals.map((local) => `local.set ${local}`).reverse();
  const returns = results.map(
    (type, i) => `local.get ${locals[i]} ${reinterpret(type, integerFor(type), type)}`,
  );
  return `(module
    (import "host" "callee" (func $callee ${signature(params, 'param')} ${signature(results, 'result')}))
    (func (export "f") ${signature(params.map(integerFor), 'param')} ${signature(results.map(integerFor), 'result')}
      ${signature(results, 'local')} ${pushes.join(' ')} call $callee ${pops.join(' ')} ${returns.join(' ')}))`;
}

function referenceOf(value: Value): unknown {
  if ('reference' in value) return value.reference;
  throw new Error('vectors cannot be passed');
}

function rawOf(result: unknown, expected: Pattern | undefined, adapted: boolean): unknown {
  const type = expected && typeOf(expected);
  if (type === undefined || !/^[if]\d/.test(type)) return result;
  const carried = adapted ? integerFor(type) : type;
  return bitsOfNumber(carried as NumberType, result as number | bigint);
}
