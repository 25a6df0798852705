/**
 * The counting reference interpreter: the plainest possible executor of WebAssembly 2.0, extended
 * constants, several memories, exceptions in both forms, tail calls and calls through references. It says what a program does and what it costs; the compiler
 * must agree. Speed does not matter here, and nothing of the compiler's reader or emitter is used.
 *
 * Fuel: one for every instruction reached; `else`, `catch`, `end` and `delegate` only when fallen into, `loop` only when
 * entered from above; bulk operations and growth ⌊n/64⌋ more once their bounds are checked. Constant expressions cost
 * their instructions, `end` included; a bare function index in a segment is none.
 */

import type { Body, Decoded, DecodedModule, Signature } from './decode.ts';
import { decode } from './decode.ts';
import { fail, type Value } from './numeric.ts';
import { branch, type Frame, HANDLERS } from './reference-instructions.ts';
import {
  functionOf,
  type HostCallable,
  hostFunctionOf,
  isCatchable,
  ReferenceException,
  type ReferenceFunction,
  ReferenceGlobal,
  ReferenceMemory,
  ReferenceTable,
  ReferenceTag,
} from './reference-objects.ts';

export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
export type Extern = HostCallable | ReferenceMemory | ReferenceTable | ReferenceGlobal | ReferenceTag;

/** An instance's index spaces. */
export interface ReferenceInstance {
  readonly store: ReferenceStore;
  readonly module: DecodedModule;
  readonly functions: ReferenceFunction[];
  readonly memories: ReferenceMemory[];
  readonly tables: ReferenceTable[];
  readonly globals: ReferenceGlobal[];
  readonly tags: ReferenceTag[];
  readonly elements: Value[][];
  readonly data: Uint8Array[];
  // biome-ignore lint/suspicious/noExplicitAny: exports are called, read and grown by tests that know what they are
  readonly exports: Record<string, any>;
}

/** What random programs must have done to be worth running; counted as it happens. */
export interface ReferenceStatistics {
  /** Branches that carry an i64 to a loop or a merge. */
  i64Merges: number;
  /** Blocks entered that have parameters or several results. */
  multiValueBlocks: number;
  multiValueCalls: number;
  /** Successful growth of a memory by a function that another one called. */
  growthInCallee: number;
  /** Exceptions that reached a handler. */
  caught: number;
  tailCalls: number;
}

/** What crosses instances: the meter, the depth of the stack, statistics. */
export class ReferenceStore {
  consumed = 0;
  /** The largest single charge beyond an instruction's own 1. */
  largestExtra = 0;
  depth = 0;
  /** Indices of the functions that are being executed, outermost first. */
  readonly path: number[] = [];
  readonly maxDepth: number;
  /** Instructions executed, by name. */
  readonly counts = new Map<string, number>();
  readonly statistics: ReferenceStatistics = {
    i64Merges: 0,
    multiValueBlocks: 0,
    multiValueCalls: 0,
    growthInCallee: 0,
    caught: 0,
    tailCalls: 0,
  };
  /** Ends runs that a broken test would never end. */
  readonly ceiling: number;

  constructor(options: { maxDepth?: number; ceiling?: number } = {}) {
    this.maxDepth = options.maxDepth ?? 1000;
    this.ceiling = options.ceiling ?? 50_000_000;
  }

  charge(instruction: string): void {
    if (++this.consumed > this.ceiling) throw new Error('interpreter: the program runs too long for a test');
    this.counts.set(instruction, (this.counts.get(instruction) ?? 0) + 1);
  }
  chargeExtra(units: number): void {
    const extra = Math.floor(units / 64);
    this.consumed += extra;
    this.largestExtra = Math.max(this.largestExtra, extra);
  }

  /** Decodes, links, initialises, runs the start function. */
  instantiate(bytes: Uint8Array, imports: Imports = {}): ReferenceInstance {
    const instance = allocate(this, decode(bytes));
    link(instance, imports);
    define(instance);
    for (const entry of instance.module.exports) instance.exports[entry.name] = externOf(instance, entry);
    initialise(instance);
    const { start } = instance.module;
    if (start !== undefined) instance.functions[start]!.call([]);
    return instance;
  }
}

function allocate(store: ReferenceStore, module: DecodedModule): ReferenceInstance {
  return {
    store,
    module,
    functions: [],
    memories: [],
    tables: [],
    globals: [],
    tags: [],
    elements: [],
    data: [],
    exports: Object.create(null),
  };
}

function link(instance: ReferenceInstance, imports: Imports): void {
  for (const entry of instance.module.imports) {
    const given = imports[entry.module]?.[entry.name];
    if (given === undefined) throw new Error(`unknown import ${entry.module} ${entry.name}`);
    if (entry.kind === 'func') {
      instance.functions.push(functionOf(given as HostCallable, instance.module.types[entry.type]!));
    } else if (entry.kind === 'memory') instance.memories.push(given as ReferenceMemory);
    else if (entry.kind === 'table') instance.tables.push(given as ReferenceTable);
    else if (entry.kind === 'global') instance.globals.push(given as ReferenceGlobal);
    else instance.tags.push(given as ReferenceTag);
  }
}

function define(instance: ReferenceInstance): void {
  const { module, functions } = instance;
  const imported = functions.length;
  module.bodies.forEach((body, i) => {
    const type = module.types[module.functions[imported + i]!]!;
    functions.push({
      type,
      call: (args) => invoke(instance, type, body, args, imported + i),
      host: undefined,
    });
  });
  for (const tag of module.tags) {
    instance.tags.push(new ReferenceTag({ parameters: module.types[tag]!.params }));
  }
  for (const { min, max } of module.memories) {
    instance.memories.push(new ReferenceMemory({ initial: min, maximum: max }));
  }
  for (const { type, mutable, init } of module.globals) {
    const global = new ReferenceGlobal({ value: type, mutable });
    global.raw = constant(instance, init);
    instance.globals.push(global);
  }
  for (const { min, max, element, init } of module.tables) {
    const value = init === undefined ? null : constant(instance, init);
    instance.tables.push(new ReferenceTable({ element, initial: min, maximum: max }, value));
  }
}

function externOf(instance: ReferenceInstance, entry: DecodedModule['exports'][number]): Extern {
  switch (entry.kind) {
    case 'func':
      return hostFunctionOf(instance.functions[entry.index]!);
    case 'memory':
      return instance.memories[entry.index]!;
    case 'table':
      return instance.tables[entry.index]!;
    case 'global':
      return instance.globals[entry.index]!;
    case 'tag':
      return instance.tags[entry.index]!;
  }
}

/** Segments in order; an active one is written and dropped, a declarative one dropped. */
function initialise(instance: ReferenceInstance): void {
  const { elements, data, module } = instance;
  for (const segment of module.elements) {
    if (segment.bare)
      elements.push(segment.items.map((item) => instance.functions[item[0]!.value as number]));
    else if (segment.mode === 'declarative') elements.push([]);
    else elements.push(segment.items.map((item) => constant(instance, item)));
  }
  for (const segment of module.data) data.push(segment.bytes);
  module.elements.forEach((segment, i) => {
    if (segment.mode === 'active') {
      const at = (constant(instance, segment.offset) as number) >>> 0;
      const table = instance.tables[segment.index]!;
      const items = elements[i]!;
      table.check(at, items.length);
      for (let k = 0; k < items.length; k++) table.elements[at + k] = items[k];
    }
    if (segment.mode !== 'passive') elements[i] = [];
  });
  module.data.forEach((segment, i) => {
    if (segment.mode !== 'active') return;
    const at = (constant(instance, segment.offset) as number) >>> 0;
    const memory = instance.memories[segment.index]!;
    memory.bytes.set(segment.bytes, memory.check(at, segment.bytes.length));
    data[i] = new Uint8Array();
  });
}

function constant(instance: ReferenceInstance, code: readonly Decoded[]): Value {
  const frame = newFrame(instance, [], code, 1);
  run(frame);
  return frame.stack.at(-1);
}

function newFrame(
  instance: ReferenceInstance,
  locals: Value[],
  code: readonly Decoded[],
  arity: number,
): Frame {
  return { instance, locals, stack: [], labels: [], code, arity, pc: 0, tail: undefined };
}

function invoke(
  instance: ReferenceInstance,
  type: Signature,
  body: Body,
  args: Value[],
  index: number,
): Value[] {
  const { store } = instance;
  if (store.depth >= store.maxDepth) fail('call stack exhausted');
  const zeros = body.locals.map((local): Value => (local.endsWith('ref') ? null : zeroOf(local)));
  const frame = newFrame(instance, [...args, ...zeros], body.code, type.results.length);
  store.depth++;
  store.path.push(index);
  try {
    run(frame);
  } finally {
    store.depth--;
    store.path.pop();
  }
  if (frame.tail !== undefined) return frame.tail.target.call(frame.tail.args);
  return type.results.length === 0 ? [] : frame.stack.slice(-type.results.length);
}

function zeroOf(type: string): Value {
  return type === 'i64' || type === 'f64' || type === 'v128' ? 0n : 0;
}

function run(frame: Frame): void {
  const { code, instance } = frame;
  while (frame.pc < code.length) {
    const next = code[frame.pc++]!;
    instance.store.charge(next.name);
    try {
      const handler = HANDLERS[next.name] ?? fail(`interpreter: no handler for ${next.name}`);
      handler(frame, next);
    } catch (thrown) {
      if (!isCatchable(thrown) || !unwind(frame, thrown)) throw thrown;
      instance.store.statistics.caught++;
    }
  }
}

/** Looks outward for a handler of `thrown`; moves the frame there. `delegate` skips labels. */
function unwind(frame: Frame, thrown: unknown): boolean {
  const { labels } = frame;
  while (labels.length > 0) {
    const label = labels.at(-1)!;
    const opener = frame.code[label.opener]!;
    if (opener.name === 'try_table' && catchInTryTable(frame, opener, thrown)) return true;
    if (opener.name === 'try' && label.caught === undefined) {
      const closer = frame.code[opener.closer]!;
      if (closer.name === 'delegate') {
        labels.length = Math.max(0, labels.length - 1 - (closer.value as number));
        continue;
      }
      if (catchInTry(frame, opener, thrown)) return true;
    }
    labels.pop();
  }
  return false;
}

function catchInTryTable(frame: Frame, opener: Decoded, thrown: unknown): boolean {
  for (const clause of opener.catches!) {
    const payload = payloadFor(frame, clause.tag, thrown);
    if (payload === undefined) continue;
    const label = frame.labels.pop()!;
    frame.stack.length = label.height;
    frame.stack.push(...payload);
    if (clause.withReference) frame.stack.push(thrown);
    branch(frame, clause.depth);
    return true;
  }
  return false;
}

function catchInTry(frame: Frame, opener: Decoded, thrown: unknown): boolean {
  const label = frame.labels.at(-1)!;
  for (const at of opener.clauses) {
    const clause = frame.code[at]!;
    const payload = payloadFor(frame, clause.value as number | undefined, thrown);
    if (payload === undefined) continue;
    frame.stack.length = label.height;
    frame.stack.push(...payload);
    label.caught = { thrown };
    frame.pc = at + 1;
    return true;
  }
  return false;
}

/** The values a clause gets: undefined when it does not match; a clause without tag matches everything. */
function payloadFor(frame: Frame, tag: number | undefined, thrown: unknown): readonly Value[] | undefined {
  if (tag === undefined) return [];
  const wanted = frame.instance.tags[tag]!;
  return thrown instanceof ReferenceException && thrown.tag === wanted ? thrown.raw : undefined;
}
