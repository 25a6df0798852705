/**
 * An instance as generated code sees it (`E`), and the function references that point to it.
 *
 * Not here: how the fields get their contents (`instance.ts`).
 */
import type { Code, EnvironmentAbi, FunctionReference, HostFunction } from './abi.ts';
import type { ModuleCode } from './code.ts';
import { hostFunctionOf } from './function-reference.ts';
import type { Global } from './global.ts';
import type { Memory } from './memory.ts';
import type { Store } from './store.ts';
import type { Table } from './table.ts';
import type { Tag } from './tag.ts';
import { type FuncType, funcTypeAt } from './types.ts';

const NO_MEMORY = new DataView(new ArrayBuffer(0));
const NO_VECTORS = new Int32Array(0);

/** One function of one instance, or one host function as imported with one type. */
export class Reference implements FunctionReference {
  readonly typeId: number;
  readyTypeId: number;
  readonly type: FuncType;
  readonly env: Environment | HostEnvironment;
  code: Code;
  host: HostFunction | undefined = undefined;
  readonly index: number;
  readonly #module: ModuleCode;

  constructor(
    type: FuncType,
    env: Environment | HostEnvironment,
    code: Code,
    index: number,
    module: ModuleCode,
  ) {
    this.typeId = env.S.typeId(type);
    this.readyTypeId = -1;
    this.type = type;
    this.env = env;
    this.code = code;
    this.index = index;
    this.#module = module;
  }

  makeReady(): void {
    if (this.env instanceof Environment) this.code = this.env.compiled(this.index);
    this.readyTypeId = this.typeId;
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
  readonly M: Memory[] = [];
  readonly T: Table[] = [];
  g0 = 0;
  g1 = 0;
  g2 = 0;
  g3 = 0;
  readonly GI: Int32Array;
  readonly GL: BigInt64Array;
  readonly GD: Float64Array;
  readonly GR: unknown[];
  readonly GV: Int32Array;
  readonly G: Global[] = [];
  readonly I: FunctionReference[] = [];
  readonly refs: (FunctionReference | undefined)[];
  readonly types: Int32Array;
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
    this.GD = new Float64Array(globals);
    this.GR = new Array<unknown>(globals).fill(null);
    const vectors = description.globals.some(({ type }) => type === 'v128');
    this.GV = vectors ? new Int32Array(4 * globals) : NO_VECTORS;
    this.refs = new Array<FunctionReference | undefined>(description.functions.length).fill(undefined);
    this.types = store.typeIds(description.types);
    this.data = description.data.map((segment) => segment.bytes);
    store.register(this);
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
      reference.readyTypeId = -1;
    });
  }

  /** The code of a defined function, not its stub. */
  compiled(index: number): Code {
    return this.code.compiled(index - this.code.description.importedFunctions);
  }

  /** Tables and references may come from another Runtime; its functions run on registers and fuel of their own. */
  adopt(reference: FunctionReference, index: number): FunctionReference | undefined {
    const { S, code } = this;
    const { type, env } = reference as Reference;
    if (env.S === S || S.typeId(type) !== this.types[index]) return undefined;
    const host = new HostEnvironment(S, hostFunctionOf(reference));
    return new Reference(type, host, code.importWrapper(type), reference.index, code);
  }

  makeRef(index: number): FunctionReference {
    const existing = this.refs[index] ?? this.I[index];
    if (existing !== undefined) return existing;
    const { functions, types, importedFunctions } = this.code.description;
    const type = funcTypeAt(types, functions[index]!);
    const reference = new Reference(
      type,
      this,
      this.code.functions[index - importedFunctions]!,
      index,
      this.code,
    );
    this.refs[index] = reference;
    return reference;
  }
}
