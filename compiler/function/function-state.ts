/**
 * One function while it is being read: cursor, stacks, locals and sink, and the lookups that several instructions
 * share (labels, types, memories, tables). Each lookup fails with the specification's words.
 *
 * The loop is in reader.ts, the instructions in control.ts, typing.ts and immediates.ts.
 */
import { type Definitions, ModuleDefinitions } from '../../runtime/subtyping.ts';
import { type FuncType, isDefaultable, type ValueType } from '../../runtime/types.ts';
import { ByteReader } from '../binary/bytes.ts';
import { functionName, type ModuleInfo } from '../binary/module-info.ts';
import { readValueType } from '../binary/types.ts';
import type { Opcode } from '../opcodes.ts';
import type { Sink } from './sink.ts';
import {
  type ControlFrame,
  makeSignature,
  type Operand,
  operandOf,
  type Signature,
  Stacks,
  typeOf,
} from './stacks.ts';

export class FunctionState {
  readonly module: ModuleInfo;
  readonly index: number;
  readonly signature: Signature;
  readonly bytes: ByteReader;
  readonly sink: Sink;
  readonly stacks: Stacks;
  readonly definitions: Definitions;
  /** Parameters, then declared locals. */
  readonly localOperands: Operand[];
  /** Locals that have no value yet, and no default: true at their index. Undefined: the function has none of that kind. */
  private unset: boolean[] | undefined = undefined;
  /** Signatures by type index, shared by all functions of the module. */
  private readonly signatures: (Signature | undefined)[];
  /** Code at this point can be reached, so the sink is told. */
  live = true;
  /** The instruction being read, and where it starts. */
  row: Opcode | undefined;
  offset = 0;

  constructor(module: ModuleInfo, definedIndex: number, sink: Sink) {
    const body = module.bodies[definedIndex];
    if (body === undefined) throw new RangeError(`no function body ${definedIndex}`);
    const index = module.importedFunctions + definedIndex;
    this.module = module;
    this.index = index;
    this.sink = sink;
    this.signatures = signaturesOf(module);
    this.signature = this.signatureAt(module.functions[index]!);
    const place = () => this.#place();
    this.bytes = new ByteReader(module.bytes, body.start, body.end, undefined, place, module.features);
    this.definitions = new ModuleDefinitions(module.types);
    this.stacks = new Stacks(this.definitions, (expected, found) => this.mismatch(expected, found));
    this.localOperands = this.signature.params.slice();
  }

  /** For errors: the name is looked up only when one happens. */
  #place(): { functionIndex: number; functionName: string | undefined } {
    const { module, index } = this;
    return { functionIndex: index, functionName: functionName(module, index) };
  }

  /** The locals' types, for those who are told of them. */
  get locals(): ValueType[] {
    return this.localOperands.map(typeOf);
  }

  fail(message: string): never {
    return this.bytes.fail(message, this.offset);
  }

  mismatch(expected: string, found: string): never {
    return this.fail(`type mismatch: ${this.row?.name ?? 'function'} expected ${expected}, found ${found}`);
  }

  /** Locals are declared in groups of one type. */
  readLocals(): void {
    const { bytes, localOperands } = this;
    const limit = this.module.limits.locals;
    const groups = bytes.u32();
    for (let i = 0; i < groups; i++) {
      const offset = bytes.offset;
      const count = bytes.u32();
      if (localOperands.length + count > limit) {
        bytes.fail(`too many locals: ${localOperands.length + count}, the limit is ${limit}`, offset);
      }
      const type = readValueType(bytes, this.module);
      const operand = operandOf(type);
      if (!isDefaultable(type)) {
        this.unset ??= [];
        for (let k = 0; k < count; k++) this.unset[localOperands.length + k] = true;
      }
      for (let k = 0; k < count; k++) localOperands.push(operand);
    }
  }

  /** Before a local is read. */
  requireInitialised(local: number): void {
    if (this.unset?.[local]) this.fail(`uninitialized local ${local}`);
  }

  /** A local is written. */
  initialise(local: number): void {
    if (!this.unset?.[local]) return;
    this.unset[local] = false;
    this.stacks.initialised.push(local);
  }

  /** At the end of a block, or of a part of it: what was initialised in there counts as unset again. */
  resetLocals(frame: ControlFrame): void {
    const { initialised } = this.stacks;
    while (initialised.length > frame.initialised) this.unset![initialised.pop()!] = true;
  }

  /** The signature of a type index; fails if it is no function type. */
  signatureAt(typeIndex: number): Signature {
    const known = this.signatures[typeIndex];
    if (known !== undefined) return known;
    const { composite } = this.module.types[typeIndex]!;
    if (composite.kind !== 'func')
      this.mismatch('a function type', `type ${typeIndex}, a ${composite.kind} type`);
    const made = makeSignature(composite.func);
    this.signatures[typeIndex] = made;
    return made;
  }

  readTypeIndex(): number {
    const index = this.bytes.u32();
    const type = this.module.types[index] ?? this.fail(`unknown type ${index}`);
    return type.index;
  }

  /** Empty, one value type, or (as a non-negative s33) a type index. */
  readBlockType(): Signature {
    const { bytes } = this;
    const first = bytes.bytes[bytes.offset]!;
    if (first === EMPTY_BLOCK) {
      bytes.byte();
      return EMPTY;
    }
    if (first > EMPTY_BLOCK && first < 0x80) return singleResult(readValueType(bytes, this.module));
    const index = bytes.s33();
    if (index < 0) this.fail('malformed block type');
    bytes.requires('multi-value', 'block type by index', this.offset);
    const type = this.module.types[index] ?? this.fail(`unknown type ${index}`);
    return this.signatureAt(type.index);
  }

  readLabel(): number {
    const depth = this.bytes.u32();
    this.label(depth);
    return depth;
  }

  label(depth: number): ControlFrame {
    return this.stacks.frame(depth) ?? this.fail(`unknown label ${depth}`);
  }

  readTag(): number {
    const index = this.bytes.u32();
    if (index >= this.module.tags.length) this.fail(`unknown tag ${index}`);
    return index;
  }

  readFunction(): number {
    const index = this.bytes.u32();
    if (index >= this.module.functions.length) this.fail(`unknown function ${index}`);
    return index;
  }

  readTable(): number {
    return this.table(this.bytes.u32());
  }

  table(index: number): number {
    if (index >= this.module.tables.length) this.fail(`unknown table ${index}`);
    return index;
  }

  readMemory(): number {
    return this.memory(this.bytes.u32());
  }

  memory(index: number): number {
    if (index >= this.module.memories.length) this.fail(`unknown memory ${index}`);
    return index;
  }

  element(index: number): number {
    if (index >= this.module.elements.length) this.fail(`unknown elem segment ${index}`);
    return index;
  }

  data(index: number): number {
    if (index >= this.module.dataCount!) this.fail(`unknown data segment ${index}`);
    return index;
  }

  /** Bodies come before the data section: what they may name is known from the data count section. */
  readDataIndex(): number {
    if (this.module.dataCount === undefined) this.fail('data count section required');
    return this.bytes.u32();
  }

  /** The rest of the block is dead: validated still, but not reported. */
  markUnreachable(): void {
    this.stacks.markUnreachable();
    this.live = false;
  }
}

/** A block type of nothing; from here to 0x7f, the byte is a value type. */
const EMPTY_BLOCK = 0x40;
const EMPTY: Signature = makeSignature({ params: [], results: [] });
const singleResults = new Map<ValueType, Signature>();

function singleResult(type: ValueType): Signature {
  let signature = singleResults.get(type);
  if (signature === undefined) {
    signature = makeSignature({ params: [], results: [type] } satisfies FuncType);
    singleResults.set(type, signature);
  }
  return signature;
}

const signatureCaches = new WeakMap<ModuleInfo, (Signature | undefined)[]>();

function signaturesOf(module: ModuleInfo): (Signature | undefined)[] {
  let cache = signatureCaches.get(module);
  if (cache === undefined) {
    cache = new Array<Signature | undefined>(module.types.length).fill(undefined);
    signatureCaches.set(module, cache);
  }
  return cache;
}
