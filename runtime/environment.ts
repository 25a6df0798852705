/**
 * An instance as generated code sees it (`E`), and the function references that point to it.
 *
 * Not here: how the fields get their contents (`instance.ts`).
 */
import type { Code, EnvironmentAbi, FunctionReference, HostFunction } from './abi.ts';
import type { ModuleCode } from './code.ts';
import type { DataSegment } from './data-segment.ts';
import { type DefinedType, defineTypes } from './defined-types.ts';
import { hostFunctionOf } from './function-reference.ts';
import type { Global } from './global.ts';
import type { Memory } from './memory.ts';
import { type MemoryArrays, NO_ARRAYS } from './memory-arrays.ts';
import type { Store } from './store.ts';
import type { Table } from './table.ts';
import type { Tag } from './tag.ts';
import type { FuncType } from './types.ts';

const NO_MEMORY = new DataView(new ArrayBuffer(0));
const NO_VECTORS = new Int32Array(0);
/** An active data segment: used by the time that code runs. */
const USED = new Uint8Array(0);

const data = new WeakMap<readonly DataSegment[], readonly Uint8Array[]>();

/** What an instance begins with; CPython's has 14,579. */
function dataOf(segments: readonly DataSegment[]): readonly Uint8Array[] {
  let bytes = data.get(segments);
  if (bytes === undefined) {
    bytes = segments.map((segment) => (segment.memory >= 0 ? USED : segment.bytes));
    data.set(segments, bytes);
  }
  return bytes;
}

/** One function of one instance, or one host function as imported with one type. */
export class Reference implements FunctionReference {
  readyTypeId: number;
  readonly type: FuncType;
  readonly rtt: DefinedType;
  readonly env: Environment | HostEnvironment;
  code: Code;
  tail: Code;
  host: HostFunction | undefined = undefined;
  readonly index: number;
  readonly #module: ModuleCode;

  constructor(
    type: DefinedType,
    env: Environment | HostEnvironment,
    code: Code,
    index: number,
    module: ModuleCode,
    tail: Code = code,
  ) {
    this.readyTypeId = -1;
    this.type = type.func;
    this.rtt = type;
    this.env = env;
    this.code = code;
    this.tail = tail;
    this.index = index;
    this.#module = module;
  }

  makeReady(): void {
    if (this.env instanceof Environment) this.env.compile(this.index, this);
    this.readyTypeId = this.env.S.typeId(this.rtt);
  }

  toHost(): HostFunction {
    const made = this.#module.exportWrapper(this.type)(this, this.env.S);
    return Object.defineProperty(made, 'name', { value: String(this.index) });
  }
}

/** First argument of an import wrapper. */
export class HostEnvironment {
  readonly S: Store;
  readonly fn: HostFunction;

  constructor(store: Store, fn: HostFunction) {
    this.S = store;
    this.fn = fn;
  }
}

export class Environment implements EnvironmentAbi {
  readonly S: Store;
  V: DataView = NO_MEMORY;
  M8 = NO_ARRAYS.M8;
  S8 = NO_ARRAYS.S8;
  M16 = NO_ARRAYS.M16;
  S16 = NO_ARRAYS.S16;
  M32 = NO_ARRAYS.M32;
  MF = NO_ARRAYS.MF;
  MD = NO_ARRAYS.MD;
  readonly M: Memory[] = [];
  readonly T: Table[] = [];
  g0 = 0;
  g1 = 0;
  g2 = 0;
  g3 = 0;
  readonly GI: Int32Array;
  readonly GL: BigInt64Array;
  readonly GH: Int32Array;
  readonly GD: Float64Array;
  readonly GR: unknown[];
  readonly GV: Int32Array;
  readonly G: Global[] = [];
  readonly I: FunctionReference[] = [];
  readonly refs: (FunctionReference | undefined)[];
  readonly types: Int32Array;
  /** What the module's type indices mean. */
  readonly defined: readonly DefinedType[];
  readonly tags: Tag[] = [];
  readonly data: Uint8Array[];
  readonly elements: (readonly unknown[])[] = [];
  code: ModuleCode;

  constructor(store: Store, code: ModuleCode) {
    const { description } = code;
    const globals = description.globals.length;
    this.S = store;
    this.code = code;
    this.GI = new Int32Array(globals);
    this.GL = new BigInt64Array(globals);
    this.GH = new Int32Array(this.GL.buffer);
    this.GD = new Float64Array(globals);
    this.GR = new Array<unknown>(globals).fill(null);
    const vectors = description.globals.some(({ type }) => type === 'v128');
    this.GV = vectors ? new Int32Array(4 * globals) : NO_VECTORS;
    this.refs = new Array<FunctionReference | undefined>(description.functions.length).fill(undefined);
    this.defined = defineTypes(description.types);
    this.types = Int32Array.from(this.defined, (type) => store.typeId(type));
    this.data = dataOf(description.data).slice();
    store.register(this);
  }

  get takesArrays(): boolean {
    return this.code.usesArrays;
  }

  take(arrays: MemoryArrays): void {
    this.M8 = arrays.M8;
    this.S8 = arrays.S8;
    this.M16 = arrays.M16;
    this.S16 = arrays.S16;
    this.M32 = arrays.M32;
    this.MF = arrays.MF;
    this.MD = arrays.MD;
  }

  /** The slow path of a check, which generated code writes as `${E}`, see compiler/emit/metering.ts; '': views may have changed. */
  toString(): string {
    return this.S.account.refuel() ? '' : 'refueled';
  }

  /** Both kinds of code work on the same environment: only what references point to changes. */
  checkEveryRegion(): void {
    this.code = this.code.checkingEveryRegion();
    const { importedFunctions } = this.code.description;
    this.refs.forEach((reference, index) => {
      if (reference === undefined) return;
      reference.code = this.code.functions[index - importedFunctions]!;
      reference.tail = this.code.tails[index - importedFunctions]!;
      reference.readyTypeId = -1;
    });
  }

  /** Gives the reference of a defined function its code, in place of the stubs. */
  compile(index: number, reference: FunctionReference): void {
    const defined = index - this.code.description.importedFunctions;
    this.code.compile(defined);
    reference.code = this.code.functions[defined]!;
    reference.tail = this.code.tails[defined]!;
  }

  callable(reference: FunctionReference, index: number): FunctionReference | undefined {
    const { rtt } = reference;
    if (!rtt.extends(this.defined[index]!)) return undefined;
    const { S, code } = this;
    if ((reference as Reference).env.S === S) {
      if (reference.readyTypeId < 0) reference.makeReady();
      return reference;
    }
    // Tables and references may come from another Runtime; its functions run on registers and fuel of their own.
    const host = new HostEnvironment(S, hostFunctionOf(reference));
    return new Reference(rtt, host, code.importWrapper(reference.type), reference.index, code);
  }

  makeRef(index: number): FunctionReference {
    const existing = this.refs[index] ?? this.I[index];
    if (existing !== undefined) return existing;
    const { functions, importedFunctions } = this.code.description;
    const type = this.defined[functions[index]!]!;
    const defined = index - importedFunctions;
    const code = this.code.functions[defined]!;
    const reference = new Reference(type, this, code, index, this.code, this.code.tails[defined]!);
    this.refs[index] = reference;
    return reference;
  }
}
