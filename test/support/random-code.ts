/**
 * Random function bodies, valid by construction: every method emits code that takes nothing from the operand stack and
 * leaves exactly the types it was asked for. Programs end: every loop has a counter, and every loop iteration and call
 * pays from a global budget; when that is used up, loops fall through and functions return at once.
 *
 * Results are comparable between engines: where the bits of a NaN could be seen (stores, reinterpretation, copysign),
 * computed floats are made canonical first; bits that are only moved stay as they are.
 */

import { OPCODES, type Opcode, signatureOf } from '../../compiler/opcodes.ts';
import { typeText } from '../../runtime/types.ts';
import { NUMBERS, type Random } from './random.ts';
import { call } from './random-calls.ts';
import { legacyTry, tryTable } from './random-exceptions.ts';
import { STATEMENTS, WEIGHTS } from './random-statements.ts';
import { scalar, VECTOR_WEIGHTS, vector, vectorConstant } from './random-vectors.ts';
import { code, type Instruction, naturalAlignment, signature } from './wasm-builder.ts';

export interface Callable {
  readonly index: number;
  readonly params: readonly string[];
  readonly results: readonly string[];
}
export interface RandomGlobal {
  readonly index: number;
  readonly type: string;
  readonly mutable: boolean;
}
/** What the functions of one module may use. */
export interface Surroundings {
  /** Index of the type of blocks and calls, by signature text. */
  readonly type: (text: string) => number;
  readonly functions: Callable[];
  readonly globals: RandomGlobal[];
  /** The budget that makes programs end. */
  readonly budget: number;
  readonly memories: number;
  /** Table 0 holds functions, table 1 external references; these are the functions in its slots. */
  readonly slots: readonly (Callable | undefined)[];
  readonly tags: readonly { readonly index: number; readonly params: readonly string[] }[];
  readonly dataSegments: number;
  readonly elementSegments: number;
  readonly exceptions: 'none' | 'legacy' | 'modern';
  readonly tailCalls: boolean;
  /** Calls through typed references. */
  readonly references: boolean;
  /** Instructions on vectors. */
  readonly vectors: boolean;
}

interface Label {
  readonly types: readonly string[];
  readonly kind: 'block' | 'loop' | 'handler';
}

const isFloat = (type: string): boolean => type === 'f32' || type === 'f64';
const CANONICAL_NAN: Readonly<Record<string, bigint>> = { f32: 0x7fc00000n, f64: 0x7ff8000000000000n };

/** Not everywhere, or with rules of their own. */
const OTHERS = new Set(['wide-arithmetic', 'threads', 'gc']);
/** Rows that a generic expression can use, by the type they leave. */
const ROWS_BY_RESULT = new Map<string, Opcode[]>();
for (const row of OPCODES) {
  if (OTHERS.has(row.feature)) continue;
  const type = signatureOf(row);
  if (type === undefined || row.signature.includes('v128')) continue;
  const isExpression = row.immediate === 'none' || row.immediate === 'memarg';
  if (isExpression && type.params.length > 0 && type.results.length > 0) {
    const result = typeText(type.results[0]!);
    ROWS_BY_RESULT.set(result, [...(ROWS_BY_RESULT.get(result) ?? []), row]);
  }
}
export class FunctionGenerator {
  readonly random: Random;
  readonly around: Surroundings;
  readonly locals: string[] = [];
  readonly self: Callable;
  readonly #params: readonly string[];
  readonly results: readonly string[];
  readonly #out: Uint8Array[] = [];
  readonly labels: Label[] = [];
  /** Locals that any code may write; loop counters and scratch are not among them. */
  readonly #free = new Map<string, number[]>();
  /** What is left to emit before only leaves are chosen. */
  size: number;
  /** A giant would never get to its end if it trapped as often as the others. */
  readonly #calm: boolean;

  constructor(random: Random, around: Surroundings, self: Callable, size: number) {
    this.random = random;
    this.around = around;
    this.self = self;
    this.#params = self.params;
    this.results = self.results;
    this.size = size;
    this.#calm = size > 1000;
    for (const [i, type] of self.params.entries()) this.#freeOf(type).push(i);
    for (const type of NUMBERS) {
      for (let i = random.between(1, 3); i > 0; i--) this.#freeOf(type).push(this.newLocal(type));
    }
  }

  /** The whole body. */
  body(): Uint8Array[] {
    const { budget } = this.around;
    this.emit(['global.get', budget], ['i32.const', 1], 'i32.sub', ['global.set', budget]);
    this.emit(['global.get', budget], ['i32.const', 0], 'i32.lt_s', ['if']);
    for (const type of this.results) this.constant(type);
    this.emit('return', 'end');
    this.labels.push({ types: this.results, kind: 'block' });
    this.#fill();
    for (const type of this.results) this.expression(type);
    return this.#out;
  }
  /** Statements until the size is used up, in portions: the first one must not take it all. */
  #fill(): void {
    for (let left = this.size; left > 0; ) {
      const portion = Math.min(left, this.random.between(20, 160));
      this.size = portion;
      this.statements(this.random.between(1, 4));
      left -= Math.max(1, portion - this.size);
      this.size = 0;
    }
  }

  emit(...instructions: Instruction[]): void {
    this.#out.push(code(...instructions));
    this.size--;
  }
  /** Of numbers, and of vectors where the module has them. */
  get types(): readonly string[] {
    return this.around.vectors ? [...NUMBERS, 'v128'] : NUMBERS;
  }
  newLocal(type: string): number {
    this.locals.push(type);
    return this.#params.length + this.locals.length - 1;
  }
  #freeOf(type: string): number[] {
    const known = this.#free.get(type) ?? [];
    this.#free.set(type, known);
    return known;
  }
  /** `pool`: locals of a type that are kept apart from others. */
  localOf(type: string, pool = type): number {
    const free = this.#freeOf(pool);
    if (free.length === 0) free.push(this.newLocal(type));
    return this.random.pick(free);
  }
  /** Takes values off the stack, into locals; answers where the first of each type went. */
  store(types: readonly string[]): Map<string, number> {
    const where = new Map<string, number>();
    for (const type of [...types].reverse()) {
      const local = this.localOf(type);
      this.emit(['local.set', local]);
      where.set(type, local);
    }
    return where;
  }

  constant(type: string): void {
    const { random } = this;
    if (type === 'i32') this.emit(['i32.const', random.i32()]);
    else if (type === 'i64') this.emit(['i64.const', random.i64()]);
    else if (type === 'f32') this.emit(['f32.const', random.f32()]);
    else if (type === 'f64') this.emit(['f64.const', random.f64()]);
    else if (type === 'v128') vectorConstant(this);
    else this.emit(['ref.null', type.replace('ref', '')]);
  }

  expression(type: string): void {
    if (this.size <= 0) this.#leaf(type);
    else if (type.endsWith('ref')) this.#reference(type);
    else this.#number(type);
  }

  #leaf(type: string): void {
    const globals = this.around.globals.filter((global) => global.type === type);
    if (globals.length > 0 && this.random.chance(0.3)) {
      this.emit(['global.get', this.random.pick(globals).index]);
    } else if (this.random.chance(0.6)) this.emit(['local.get', this.localOf(type)]);
    else this.constant(type);
  }

  #reference(type: string): void {
    const { random, around } = this;
    const choice = random.int(5);
    if (choice === 0 && type === 'funcref' && around.functions.length > 0) {
      this.emit(['ref.func', random.pick(around.functions).index]);
    } else if (choice === 1 && type !== 'exnref') {
      this.address(5, 0.97);
      this.emit(['table.get', type === 'funcref' ? 0 : 1]);
    } else if (choice === 2) {
      this.emit(['local.get', this.localOf(type)], ['local.get', this.localOf(type)]);
      this.expression('i32');
      this.emit(['select t', type]);
    } else this.#leaf(type);
  }

  #number(type: string): void {
    const kind = this.random.weighted({ leaf: 25, row: 50, special: 10, structured: 10, call: 5 });
    if (kind === 'row' && type === 'v128') vector(this);
    else if (kind === 'row' && this.around.vectors && this.random.chance(0.15)) scalar(this, type);
    else if (kind === 'row') this.#row(this.random.pick(ROWS_BY_RESULT.get(type)!));
    else if (kind === 'structured') this.#keepOne(type, () => this.#structured(this.#results2(type)));
    else if (kind === 'call') this.#call(type);
    else if (kind === 'special') this.#special(type);
    else this.#leaf(type);
  }

  /** One or more results, with `type` among them. */
  #results2(type: string): string[] {
    const others = this.random.chance(0.3) ? [this.random.pick(this.types)] : [];
    return this.random.chance(0.5) ? [type, ...others] : [...others, type];
  }
  /** Runs code that leaves several values, and keeps one of the wanted type. */
  #keepOne(type: string, produce: () => readonly string[]): void {
    const types = produce();
    if (types.length === 1 && types[0] === type) return;
    const where = this.store(types);
    const kept = where.get(type);
    if (kept === undefined) this.#leaf(type);
    else this.emit(['local.get', kept]);
  }

  #row(row: Opcode): void {
    const params = signatureOf(row)!.params.map(typeText);
    if (row.immediate === 'memarg') {
      this.address(9, 0.985);
      this.emit([row.name, this.#memarg(row)]);
      return;
    }
    params.forEach((type, i) => {
      if (row.effect === 'trap' && !this.risk(0.03)) this.#harmless(row.name, type, i);
      else if (row.name.includes('reinterpret_f') || (row.name.endsWith('copysign') && i === 1)) {
        this.canonical(type);
      } else this.expression(type);
    });
    this.emit(row.name);
  }

  #memarg(row: Opcode): { offset: number; align: number; memory: number } {
    const { random, around } = this;
    const offset = this.risk(0.01) ? random.next() : random.int(600);
    return {
      offset,
      align: random.between(0, naturalAlignment(row.name)),
      memory: random.int(around.memories),
    };
  }

  /** An operand that does not make a trapping instruction trap: an odd divisor, a small number to truncate. */
  #harmless(name: string, type: string, operand: number): void {
    if (isFloat(type)) {
      this.expression('i32');
      this.emit(['i32.const', 0x3ff], 'i32.and', `${type}.convert_i32_u`);
      this.emit([`${type}.const`, this.random.pick([0.5, 0.75, 1])], `${type}.mul`);
      return;
    }
    this.expression(type);
    if (operand === 0) return;
    this.emit([`${type}.const`, 1], `${type}.or`);
    if (name.endsWith('div_s')) this.emit([`${type}.const`, 0x7fff], `${type}.and`);
  }

  /** Whether to risk a trap, as often as the probability says. */
  risk(probability: number): boolean {
    return this.random.chance(this.#calm ? probability / 20 : probability);
  }

  /** An address below 2^bits, nearly always. */
  address(bits: number, probability: number): void {
    this.expression('i32');
    if (!this.risk(1 - probability)) this.emit(['i32.const', 2 ** bits - 1], 'i32.and');
  }

  /** A float whose NaN is the canonical one, or bits moved without computing. */
  canonical(type: string): void {
    if (!isFloat(type)) {
      this.expression(type);
      return;
    }
    if (this.random.chance(0.25)) {
      this.#moved(type);
      return;
    }
    const scratch = this.localOf(`${type}`);
    this.expression(type);
    this.emit(['local.tee', scratch], [`${type}.const`, CANONICAL_NAN[type]!]);
    this.emit(['local.get', scratch], ['local.get', scratch], `${type}.eq`, 'select');
  }
  #moved(type: string): void {
    if (this.random.chance(0.5)) this.constant(type);
    else {
      this.address(9, 0.99);
      this.emit([`${type}.load`, { offset: this.random.int(64), align: 0 }]);
    }
    if (this.random.chance(0.3)) this.emit(['local.tee', this.localOf(type)]);
  }

  #special(type: string): void {
    const { random, around } = this;
    const choice = random.int(type === 'i32' ? 9 : 4);
    if (choice <= 1) {
      this.expression(type);
      this.expression(type);
      this.expression('i32');
      this.emit(random.chance(0.5) ? 'select' : ['select t', type]);
    } else if (choice === 2) {
      this.expression(type);
      this.emit(['local.tee', this.localOf(type)]);
    } else if (choice === 3) this.#branchWithValue(type);
    else if (choice === 4) this.emit(['memory.size', random.int(around.memories)]);
    else if (choice === 5) this.grow();
    else if (choice === 6) this.emit(['table.size', random.int(2)]);
    else if (choice === 7) {
      const table = random.int(2);
      this.expression(table === 0 ? 'funcref' : 'externref');
      this.emit(['i32.const', random.chance(0.9) ? random.int(3) : 1_000_000], ['table.grow', table]);
    } else {
      this.expression(random.pick(['funcref', 'externref']));
      this.emit('ref.is_null');
    }
  }

  grow(): void {
    this.emit(['i32.const', this.random.chance(0.8) ? this.random.int(2) : 70_000]);
    this.emit(['memory.grow', this.random.int(this.around.memories)]);
  }

  /** `br_if` leaves its operand on the stack when it does not branch. */
  #branchWithValue(type: string): void {
    const depth = this.labels.findLastIndex(
      (label) => label.kind !== 'loop' && label.types.length === 1 && label.types[0] === type,
    );
    this.expression(type);
    if (depth < 0) return;
    this.rarely();
    this.emit(['br_if', this.labels.length - 1 - depth]);
  }

  /** A condition that is seldom true. */
  rarely(): void {
    this.expression('i32');
    this.emit(['i32.const', this.random.pick([7, 15, 31])], 'i32.and', ['i32.const', 3], 'i32.eq');
  }

  #call(type: string): void {
    const candidates = this.around.functions.filter((callable) => callable.results.includes(type));
    if (candidates.length === 0) {
      this.#leaf(type);
      return;
    }
    this.#keepOne(type, () => this.call(this.random.pick(candidates)));
  }
  call(target: Callable): readonly string[] {
    return call(this, target);
  }

  /** A block of any kind that leaves `results`; answers them. */
  #structured(results: readonly string[]): readonly string[] {
    const { exceptions } = this.around;
    const kind = this.random.weighted({
      block: 4,
      loop: 3,
      if: 5,
      ...(exceptions !== 'none' && { exceptions: 5 }),
    });
    if (kind === 'loop') this.loop(results);
    else if (kind === 'if') this.#if(results);
    else if (kind === 'block') this.#block(results);
    else if (exceptions === 'legacy') legacyTry(this, results);
    else tryTable(this, results);
    return results;
  }

  /** The type of a block with these parameters and results, in its shortest form or as an index. */
  blockType(params: readonly string[], results: readonly string[]): string | number {
    if (params.length === 0 && results.length < 2 && this.random.chance(0.8)) return results[0] ?? '';
    return this.around.type(`${params.join(' ')} -> ${results.join(' ')}`);
  }
  parameters(): string[] {
    const count = this.random.chance(0.3) ? this.random.between(1, 2) : 0;
    return Array.from({ length: count }, () => this.random.pick(this.types));
  }
  within(label: Label, emit: () => void): void {
    this.labels.push(label);
    emit();
    this.labels.pop();
  }
  inside(params: readonly string[], results: readonly string[]): void {
    this.store(params);
    this.statements(this.random.between(0, 2));
    for (const type of results) this.expression(type);
  }

  #block(results: readonly string[]): void {
    const params = this.parameters();
    for (const type of params) this.expression(type);
    this.emit(['block', this.blockType(params, results)]);
    this.within({ types: results, kind: 'block' }, () => this.inside(params, results));
    this.emit('end');
  }

  #if(results: readonly string[]): void {
    const params = this.parameters();
    for (const type of params) this.expression(type);
    this.expression('i32');
    this.emit(['if', this.blockType(params, results)]);
    this.within({ types: results, kind: 'block' }, () => {
      this.inside(params, results);
      if (params.length === 0 && results.length === 0 && this.random.chance(0.6)) return;
      this.emit('else');
      this.inside(params, results);
    });
    this.emit('end');
  }

  /** Counted; its parameters are computed anew for every round. */
  loop(results: readonly string[]): void {
    const params = this.parameters();
    const counter = this.newLocal('i32');
    this.emit(['i32.const', this.random.between(1, 6)], ['local.set', counter]);
    for (const type of params) this.expression(type);
    this.emit(['loop', this.blockType(params, results)]);
    this.within({ types: params, kind: 'loop' }, () => {
      this.store(params);
      this.statements(this.random.between(1, 3));
      for (const type of params) this.#leaf(type);
      this.emit(['local.get', counter], ['i32.const', 1], 'i32.sub', ['local.tee', counter]);
      this.emit(['i32.const', 0], 'i32.gt_s');
      this.pay();
      this.emit('i32.and', ['br_if', 0]);
      this.store(params);
      for (const type of results) this.expression(type);
    });
    this.emit('end');
  }
  /** Takes one from the budget; leaves whether it may be spent. */
  pay(): void {
    const { budget } = this.around;
    this.emit(['global.get', budget], ['i32.const', 1], 'i32.sub', ['global.set', budget]);
    this.emit(['global.get', budget], ['i32.const', 0], 'i32.gt_s');
  }

  throw(): void {
    const tag = this.random.pick(this.around.tags);
    for (const type of tag.params) this.expression(type);
    this.emit(['throw', tag.index]);
  }

  /** Under a condition: something that does not come back. */
  diverge(emit: () => void): void {
    if (this.random.chance(0.3)) this.expression('i32');
    else this.rarely();
    this.emit(['if']);
    this.within({ types: [], kind: 'block' }, emit);
    if (this.random.chance(0.2)) this.emit(['i32.const', 1], 'drop', 'nop');
    this.emit('end');
  }
  /** Operands, then `br`; a branch back to a loop is paid for. */
  branch(depth: number): void {
    const label = this.labels[this.labels.length - 1 - depth]!;
    if (label.kind !== 'loop') {
      for (const type of label.types) this.expression(type);
      this.emit(depth === this.labels.length - 1 && this.random.chance(0.5) ? 'return' : ['br', depth]);
      return;
    }
    this.pay();
    this.emit(['if']);
    for (const type of label.types) this.#leaf(type);
    this.emit(['br', depth + 1], 'end');
  }

  statements(count: number): void {
    for (let i = 0; i < count && this.size > 0; i++) this.#statement();
  }
  #statement(): void {
    const { exceptions, tags } = this.around;
    const kind = this.random.weighted({
      ...WEIGHTS,
      ...(exceptions !== 'none' && tags.length > 0 && { throw: 6 }),
      ...(exceptions === 'legacy' && { rethrow: 4 }),
      ...(exceptions === 'modern' && { throwRef: 4 }),
      ...(this.around.tailCalls && { tailCall: 7 }),
      ...(this.around.vectors && VECTOR_WEIGHTS),
    });
    STATEMENTS[kind]!(this);
  }
  /** A structured block as a statement: its results go to locals. */
  structured(): void {
    const count = this.random.weighted({ '0': 4, '1': 3, '2': 2, '3': 1 });
    const results = Array.from({ length: Number(count) }, () => this.random.pick(this.types));
    this.store(this.#structured(results));
  }
}

/** The signature's text as a callable. */
export function callable(index: number, text: string): Callable {
  return { index, ...signature(text) };
}
