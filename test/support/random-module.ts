/**
 * Random valid modules from a seed, and the calls to make on them. Bodies come from random-code.ts; here are the
 * surroundings: memories, tables, globals, tags, segments, imports from a host that answers, throws and calls back.
 * The same module and host run in every `World`, and `observe` says everything that can be seen of a run. Seeds mean
 * other modules where the host's WebAssembly is older.
 */
import { NATIVE_KNOWS_ALL, type Outcome, outcomeOf, show, type World } from './engines.ts';
import type { Exports } from './native.ts';
import { NUMBERS, Random } from './random.ts';
import {
  type Callable,
  callable,
  FunctionGenerator,
  type RandomGlobal,
  type Surroundings,
} from './random-code.ts';
import { type Instruction, ModuleBuilder } from './wasm-builder.ts';

export interface RandomModule {
  readonly seed: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly exceptions: Surroundings['exceptions'];
  /** Export name and arguments; references are built by the host of the world. */
  readonly calls: readonly { readonly name: string; readonly args: readonly Argument[] }[];
  /** Whether one of the functions recurses without end. */
  readonly spins: boolean;
}
type Argument = number | bigint | 'object' | 'function' | null;

/** Instructions that a call may take from the budget of loops and calls. */
const BUDGET = 30;
const HOST: Readonly<Record<string, string>> = {
  note: 'i32 i64 f32 f64 ->',
  mix: 'i64 f64 i32 -> i64',
  pair: 'i32 -> i32 i64',
  again: 'i32 -> i32',
  fail: 'i32 ->',
};

class ModuleGenerator {
  readonly random: Random;
  readonly #m = new ModuleBuilder();
  readonly #functions: Callable[] = [];
  readonly #globals: RandomGlobal[] = [];
  readonly #exceptions: Surroundings['exceptions'];
  readonly #tags: { index: number; params: string[] }[] = [];
  readonly #slots: (Callable | undefined)[] = [];
  readonly #seed: number;
  readonly #size: number;
  readonly #memories: number;
  readonly #extended: boolean;
  readonly #tailCalls: boolean;
  readonly #references: boolean;
  readonly #vectors: boolean;
  /** Functions that the host cannot call: they take or give vectors. */
  readonly #internal: Callable[] = [];

  constructor(seed: number, size: number) {
    this.#seed = seed;
    this.#size = size;
    this.random = new Random(seed);
    // What the host cannot validate has the interpreter as its only oracle: a little of it must do.
    const news = NATIVE_KNOWS_ALL ? 1 : 0.2;
    this.#exceptions = this.random.weighted({ none: 40, legacy: 30, modern: 30 * news });
    this.#memories = this.random.chance(0.12 * news) ? 2 : 1;
    this.#extended = this.random.chance(0.1 * news);
    this.#tailCalls = this.random.chance(0.5);
    this.#references = this.random.chance(0.6 * news);
    this.#vectors = this.random.chance(0.35);
  }

  generate(): RandomModule {
    this.#imports();
    this.#state();
    const defined = this.#declareFunctions();
    const spins = this.#spinner();
    this.#fillTable();
    const segments = this.#segments(defined);
    const around = this.#surroundings(segments);
    for (const self of [...defined, ...this.#internal]) {
      const generator = new FunctionGenerator(this.random, around, self, this.#functionSize());
      const body = generator.body();
      this.#m.define(self.index, body, generator.locals);
    }
    if (this.random.chance(0.15)) this.#start(defined);
    const calls = this.#calls(defined, spins);
    return { seed: this.#seed, bytes: this.#m.build(), exceptions: this.#exceptions, calls, spins };
  }

  /** Few functions are giants, which the compiler splits. */
  #functionSize(): number {
    const size = this.random.between(this.#size >> 2, this.#size);
    return this.#size >= 100 && this.random.chance(0.006) ? 40 * size : size;
  }

  #imports(): void {
    const m = this.#m;
    for (const [name, type] of Object.entries(HOST)) {
      this.#functions.push(callable(m.importFunc('host', name, type), type));
    }
    if (this.#exceptions !== 'none') {
      m.importTag('host', 'tag', 'i32 ->');
      this.#tags.push({ index: 0, params: ['i32'] });
      this.#functions.push(callable(m.importFunc('host', 'raise', 'i32 ->'), 'i32 ->'));
    }
    this.#globals.push({ index: m.importGlobal('host', 'base', 'i32'), type: 'i32', mutable: false });
    this.#globals.push({ index: m.importGlobal('host', 'shared', 'i64', true), type: 'i64', mutable: true });
  }

  #state(): void {
    const { random } = this;
    const m = this.#m;
    if (random.chance(0.25)) m.export('memory', 'memory', m.importMemory('host', 'memory', 1, 5));
    else m.memory(1, random.between(1, 5), 'memory');
    if (this.#memories === 2) m.memory(1, 2, 'memory2');
    if (random.chance(0.2)) m.export('table', 'table', m.importTable('host', 'table', 'funcref', 12, 40));
    else m.table('funcref', 12, 40, 'table');
    m.table('externref', 20, random.between(20, 50), 'externs');
    if (this.#exceptions !== 'none') {
      for (const type of ['i64 f64 ->', '->']) {
        this.#tags.push({ index: m.tag(type), params: callable(0, type).params as string[] });
      }
      if (this.#vectors) this.#tags.push({ index: m.tag('i32 v128 ->'), params: ['i32', 'v128'] });
    }
    for (const type of [...NUMBERS, ...NUMBERS, 'funcref', 'externref']) this.#global(type);
    if (this.#vectors) for (let i = 0; i < 2; i++) this.#global('v128');
  }
  #global(type: string): void {
    const mutable = this.random.chance(0.8);
    // The host cannot look at vectors.
    const name = type === 'v128' ? undefined : `g${this.#globals.length}`;
    const index = this.#m.global(type, mutable, [...this.#initial(type)], name);
    this.#globals.push({ index, type, mutable });
  }
  #initial(type: string): readonly Instruction[] {
    const { random } = this;
    if (type === 'i32' && this.#extended)
      return [['global.get', 0], ['i32.const', random.i32()], random.pick(['i32.add', 'i32.sub', 'i32.mul'])];
    if (type === 'i32') return random.chance(0.3) ? [['global.get', 0]] : [['i32.const', random.i32()]];
    if (type === 'i64' && this.#extended)
      return [
        ['i64.const', random.i64()],
        ['i64.const', random.i64()],
        random.pick(['i64.add', 'i64.sub', 'i64.mul']),
      ];
    if (type === 'i64') return [['i64.const', random.i64()]];
    if (type === 'f32') return [['f32.const', random.f32()]];
    if (type === 'f64') return [['f64.const', random.f64()]];
    if (type === 'v128') return [['v128.const', (random.f32() << 96n) | BigInt(random.next())]];
    return [['ref.null', type.replace('ref', '')]];
  }

  #signature(): string {
    const { random } = this;
    const one = (): string =>
      random.chance(0.92) ? random.pick(NUMBERS) : random.pick(['funcref', 'externref']);
    const list = (most: number): string => Array.from({ length: random.between(0, most) }, one).join(' ');
    return `${list(4)} -> ${list(3)}`;
  }
  #likeBefore(texts: readonly string[], i: number): string {
    const [params] = texts[i]!.split('->');
    const [, results] = texts[this.random.int(i)]!.split('->');
    return this.random.chance(0.6) ? `${params}->${results}` : texts[i]!;
  }
  #declareFunctions(): Callable[] {
    const texts = [
      'i32 -> i32',
      ...Array.from({ length: this.random.between(3, 6) }, () => this.#signature()),
    ];
    // Tail calls need functions with the same results.
    if (this.#tailCalls) for (let i = 2; i < texts.length; i++) texts[i] = this.#likeBefore(texts, i);
    if (this.#vectors) this.#declareInternal();
    return texts.map((text, i) => {
      const self = callable(this.#m.declare(text, { export: `f${i}`, name: `f${i}` }), text);
      this.#functions.push(self);
      return self;
    });
  }
  #declareInternal(): void {
    for (let i = this.random.between(1, 3); i > 0; i--) {
      const one = () => this.random.pick([...NUMBERS, 'v128', 'v128', 'v128']);
      const list = (most: number) => Array.from({ length: this.random.between(1, most) }, one).join(' ');
      const text = `${list(4)} -> ${list(3)}`;
      const self = callable(this.#m.declare(text, { name: `v${i}` }), text);
      this.#functions.push(self);
      this.#internal.push(self);
    }
  }
  /** A function that overflows the stack without leaving a trace; sometimes where `catch_all` must not see it. */
  #spinner(): boolean {
    if (!this.random.chance(0.04)) return false;
    const m = this.#m;
    const spin = m.declare('i64 -> i64', { export: 'spin' });
    const recursion: Instruction[] = [
      ['local.get', 0],
      ['i64.const', 1],
      'i64.add',
      ['call', spin],
      ['i64.const', 1],
      'i64.xor',
    ];
    const guarded: Instruction[] = [['try', 'i64'], ...recursion, 'catch_all', ['i64.const', 1], 'end'];
    m.define(spin, this.#exceptions === 'legacy' ? guarded : recursion);
    return true;
  }

  #fillTable(): void {
    const { random } = this;
    for (let i = 0; i < 10; i++)
      this.#slots.push(random.chance(0.85) ? random.pick(this.#functions) : undefined);
    const items = this.#slots.map((slot): Instruction[] => [
      slot === undefined ? ['ref.null', 'func'] : ['ref.func', slot.index],
    ]);
    this.#m.elementExpressions('funcref', items, { offset: 0 });
    this.#m.elements(
      this.#functions.map(({ index }) => index),
      { declarative: true },
    );
  }

  #segments(defined: readonly Callable[]): { data: number; elements: number } {
    const { random } = this;
    const m = this.#m;
    const content = (length: number): number[] => Array.from({ length }, () => random.int(256));
    for (let i = random.between(1, 3); i > 0; i--)
      m.data(content(random.int(200)), { offset: random.int(900) });
    const wild = random.chance(0.02);
    if (wild) m.data([1, 2, 3], { offset: [['i32.const', 65534]] });
    const from = m.data(content(20), {});
    m.data(content(9), {});
    m.elements([random.pick(defined).index, random.pick(defined).index], { offset: 10 });
    const passive = m.elements(
      [random.pick(defined).index, random.pick(defined).index, random.pick(defined).index],
      {},
    );
    return { data: from + 2, elements: passive + 1 };
  }

  #surroundings(segments: { data: number; elements: number }): Surroundings {
    const budget = this.#m.global('i32', true, [['i32.const', BUDGET]], 'budget');
    return {
      type: (text) => this.#m.type(text),
      functions: this.#functions,
      globals: this.#globals,
      budget,
      memories: this.#memories,
      slots: this.#slots,
      tags: this.#tags,
      dataSegments: segments.data,
      elementSegments: segments.elements,
      exceptions: this.#exceptions,
      tailCalls: this.#tailCalls,
      references: this.#references,
      vectors: this.#vectors,
    };
  }

  #start(defined: readonly Callable[]): void {
    const target = this.random.pick(defined);
    const constants = target.params.map(
      (type): Instruction =>
        type.endsWith('ref')
          ? ['ref.null', type.replace('ref', '')]
          : [`${type}.const`, type === 'i64' ? 3n : 3],
    );
    const drops = target.results.map((): Instruction => 'drop');
    this.#m.start(this.#m.func('', [...constants, ['call', target.index], ...drops]));
  }

  #calls(defined: readonly Callable[], spins: boolean): RandomModule['calls'] {
    const { random } = this;
    const calls = Array.from({ length: random.between(4, 8) }, () => {
      const i = random.int(defined.length);
      return { name: `f${i}`, args: defined[i]!.params.map((type) => this.#argument(type)) };
    });
    return spins ? [...calls, { name: 'spin', args: [0n] }] : calls;
  }
  #argument(type: string): Argument {
    const { random } = this;
    if (type === 'i32') return random.i32();
    if (type === 'i64') return random.i64();
    if (type === 'f32') return Math.fround(random.pick([0.5, -0, NaN, 3e9, -1e30, 7]));
    if (type === 'f64') return random.pick([0.5, -0, NaN, 5e9, -1e300, Infinity, 7]);
    return random.chance(0.4) ? null : type === 'funcref' ? 'function' : 'object';
  }
}

/** `size` is about the most instructions that a function may have: small ones make a failure easy to read. */
export function randomModule(seed: number, size = 160): RandomModule {
  return new ModuleGenerator(seed, size).generate();
}

/** What can be seen of a module's run: one entry per step, instantiation first. */
export interface Observation {
  readonly outcome: Outcome;
  /** Globals, tables, memories, and what the host was told. */
  readonly state: string;
  readonly fuel: number;
}
export interface HostStatistics {
  reentries: number;
}

class Host {
  readonly log: string[] = [];
  readonly #world: World;
  readonly #statistics: HostStatistics;
  exports: Exports = {};
  /** Whether wasm is on the stack, and how many times we called it back. */
  #nesting = 0;
  readonly globals: { base: unknown; shared: { value: unknown } };
  readonly #shared: Record<string, unknown>;

  constructor(world: World, statistics: HostStatistics) {
    this.#world = world;
    this.#statistics = statistics;
    const base = new world.Global({ value: 'i32', mutable: false }, 5);
    const shared = new world.Global({ value: 'i64', mutable: true }, -7n);
    const memory = new world.Memory({ initial: 1, maximum: 5 });
    const table = new world.Table({ element: 'anyfunc', initial: 12, maximum: 40 });
    const tag = new world.Tag({ parameters: ['i32'] });
    this.globals = { base, shared };
    this.#shared = { base, shared, memory, table, tag };
  }

  imports(): { host: Record<string, unknown> } {
    const { log } = this;
    const functions = {
      note: (...args: unknown[]) => void log.push(show(args)),
      mix: (a: bigint, b: number, c: number) => a * 3n + BigInt(c) + (b > 0 ? 1n : 0n),
      pair: (a: number) => [a ^ 0x55, BigInt(a) << 20n],
      again: (a: number) => this.#again(a),
      fail: (a: number) => {
        log.push(`fail ${a}`);
        if ((a & 3) === 1) throw new RangeError(`host ${a}`);
      },
      raise: (a: number) => {
        if ((a & 1) === 1) throw new this.#world.Exception(this.#shared.tag, [a]);
      },
    };
    return { host: { ...this.#shared, ...functions } };
  }

  /** Calls back into the instance, not too deep. */
  #again(a: number): number {
    if (this.exports.f0 === undefined || this.#nesting >= 3) return a + 1;
    this.#nesting++;
    try {
      this.#statistics.reentries++;
      return this.exports.f0(a >> 1);
    } finally {
      this.#nesting--;
    }
  }
}

/** Memory contents as a number: FNV-1a over 32-bit words. */
function digest(buffer: ArrayBuffer): string {
  let hash = 0x811c9dc5;
  for (const word of new Int32Array(buffer)) hash = Math.imul(hash ^ word, 0x01000193);
  return `${buffer.byteLength}:${hash >>> 0}`;
}

function stateOf(exports: Exports, host: Host): string {
  const parts = [show(host.globals.shared.value), host.log.join(' ')];
  for (const [name, value] of Object.entries(exports)) {
    if (name.startsWith('memory')) parts.push(`${name} ${digest(value.buffer)}`);
    else if (name === 'table' || name === 'externs') {
      parts.push(`${name} ${Array.from({ length: value.length }, (_, i) => kindOf(value.get(i))).join('')}`);
    } else if (/^g\d/.test(name)) parts.push(`${name} ${show(value.value)}`);
  }
  return parts.join('; ');
}
function kindOf(value: unknown): string {
  return value === null ? '-' : typeof value === 'function' ? 'f' : typeof value === 'object' ? 'o' : 'x';
}

/** Instantiates and calls; after every step everything visible is written down. */
export function observe(
  world: World,
  module: RandomModule,
  statistics: HostStatistics = { reentries: 0 },
): Observation[] {
  const host = new Host(world, statistics);
  const observations: Observation[] = [];
  const step = (action: () => unknown): void => {
    const before = world.consumed();
    const outcome = outcomeOf(world, action);
    observations.push({ outcome, state: stateOf(host.exports, host), fuel: world.consumed() - before });
  };
  step(() => {
    host.exports = world.instantiate(module.bytes, host.imports());
  });
  if (observations[0]!.outcome.kind !== 'value') return observations;
  const object = { a: 1 };
  for (const { name, args } of module.calls) {
    const values = args.map((arg) =>
      arg === 'object' ? object : arg === 'function' ? host.exports.f0 : arg,
    );
    host.exports.budget.value = BUDGET;
    step(() => host.exports[name](...values));
  }
  return observations;
}
