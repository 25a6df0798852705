/**
 * Instantiation, by the specification's steps: link, allocate, evaluate initialisers, export, fill tables and memories,
 * run the start function. A failure after that has begun leaves what was written to shared tables and memories.
 *
 * Not here: the public face (src/index.ts).
 */

import { BIND, type BoundInstance, FIELD_GLOBALS } from './abi.ts';
import { unsignedNumber } from './addresses.ts';
import { callRaw } from './boundary.ts';
import type { ModuleCode } from './code.ts';
import { type ConstContext, evaluate } from './const-expr.ts';
import type { DataSegment } from './data-segment.ts';
import { resolve } from './defined-types.ts';
import { Environment } from './environment.ts';
import { LinkError, SnapshotError, trap } from './errors.ts';
import { exportsObject } from './exports.ts';
import { hostFunctionOf } from './function-reference.ts';
import { type Cells, Global } from './global.ts';
import { type Imports, type Linked, link } from './link.ts';
import { Memory } from './memory.ts';
import type { Store } from './store.ts';
import { Table } from './table.ts';
import { Tag } from './tag.ts';
import type { ConstExpr, ExternKind, GlobalType, MemoryType, SegmentMode, ValueType } from './types.ts';

export interface Instantiated {
  readonly environment: Environment;
  readonly exports: Readonly<Record<string, unknown>>;
  /** The import object's modules that it uses, by name. */
  readonly modules: ReadonlyMap<string, object>;
}

export function instantiate(code: ModuleCode, store: Store, imports: Imports): Instantiated {
  const linked = link(code, store, imports);
  const environment = new Environment(store, code);
  const builder = new Builder(environment, linked);
  builder.allocate();
  const exports = builder.exports();
  bindHostModules(linked, { exports, interrupt: store.interrupt });
  builder.fillTables();
  builder.fillMemories();
  const { start } = code.description;
  if (start !== undefined) callRaw(environment.makeRef(start), []);
  return { environment, exports, modules: linked.modules };
}

export function bindHostModules({ modules }: Linked, bound: BoundInstance): void {
  for (const host of modules.values()) {
    // A module may be a Proxy that has a value for every name.
    const { [BIND]: bind } = host as { [BIND]?: unknown };
    if (typeof bind === 'function') bind.call(host, bound);
  }
}

/** Of `i32.const` and the `end` behind it. */
const CONSTANT_FUEL = 2;

/** How large memories and tables are, by index, where they are to be filled from a snapshot. */
export interface SavedSizes {
  readonly pages: readonly number[];
  readonly lengths: readonly number[];
}

export class Builder {
  readonly #E: Environment;
  readonly #linked: Linked;
  readonly #saved: SavedSizes | undefined;
  readonly #context: ConstContext;
  /** All zero still, where they are to be filled from a snapshot. */
  readonly newMemories = new Set<Memory>();

  /** With `saved`, nothing is charged, and what can change is left empty. */
  constructor(environment: Environment, linked: Linked, saved?: SavedSizes) {
    this.#E = environment;
    this.#linked = linked;
    this.#saved = saved;
    const { S } = environment;
    this.#context = {
      global: (index) => environment.G[index]!.raw,
      func: (index) => environment.makeRef(index),
      E: environment,
      charge: (fuel) => {
        if (S.metering && saved === undefined) S.account.charge(fuel);
      },
    };
  }

  #evaluate(expression: ConstExpr): unknown {
    return evaluate(expression, this.#context);
  }

  /** Everything the instance has, in an order in which each initialiser finds what it may name. */
  allocate(): void {
    const E = this.#E;
    const { description } = E.code;
    const { limits } = E.S;
    E.I.push(...this.#linked.functions);
    for (const memory of this.#linked.memories) E.M.push(memory);
    for (const type of description.memories.slice(description.importedMemories)) {
      E.M.push(this.#allowed('memory', () => this.#memory(type)));
    }
    E.M[0]?.attach(E);
    E.tags.push(...this.#linked.tags);
    for (const type of description.tags.slice(description.importedTags)) {
      E.tags.push(Tag.define(E.defined[type]!));
    }
    this.#globals();
    E.T.push(...this.#linked.tables);
    for (const { type: declared, init } of description.tableDefinitions) {
      const min = this.#saved?.lengths[E.T.length] ?? declared.min;
      const type = { ...declared, min, element: resolve(declared.element, description.types) };
      const value = init === undefined || this.#saved !== undefined ? null : this.#evaluate(init);
      E.T.push(this.#allowed('table', () => Table.define(type, value, limits)));
    }
  }

  /** A memory or table, unless limits refuse it. */
  #allowed<Thing>(what: string, define: () => Thing): Thing {
    try {
      return define();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const refused = this.#saved === undefined ? LinkError : SnapshotError;
      throw new refused(`cannot allocate ${what}: ${error.message}`);
    }
  }

  #memory(type: MemoryType): Memory {
    const { M, S } = this.#E;
    const pages = this.#saved?.pages[M.length];
    if (pages === undefined) return Memory.define(type, S.limits);
    const { memory, isNew } = Memory.restore(type, pages, S.limits);
    if (isNew) this.newMemories.add(memory);
    return memory;
  }

  #globals(): void {
    const E = this.#E;
    const { globals, globalDefinitions } = E.code.description;
    this.#linked.globals.forEach((global, index) => {
      E.G.push(global);
      if (!global.type.mutable) this.#own(global.type, index).raw = global.raw;
    });
    for (const { type, init } of globalDefinitions) {
      const index = E.G.length;
      const global = this.#own(globals[index]!, index);
      if (!type.mutable || this.#saved === undefined) global.raw = this.#evaluate(init);
      E.G.push(global);
    }
  }

  /** A global in this instance's own cells. */
  #own(type: GlobalType, index: number): Global {
    const E = this.#E;
    const isField =
      type.type === 'i32' && index < FIELD_GLOBALS && index >= E.code.description.importedGlobals;
    const cells = isField ? E : this.#cellsOf(type.type);
    const resolved = { ...type, type: resolve(type.type, E.code.description.types) };
    const cell = type.type === 'v128' ? 4 * index : index;
    return Global.over(resolved, cells, isField ? `g${index}` : cell);
  }

  #cellsOf(type: ValueType): Cells {
    const E = this.#E;
    if (type === 'i32') return E.GI;
    if (type === 'i64') return E.GL;
    if (type === 'v128') return E.GV;
    return type === 'f32' || type === 'f64' ? E.GD : E.GR;
  }

  exports(): Readonly<Record<string, unknown>> {
    const { exports } = this.#E.code.description;
    return exportsObject(exports, (kind, index) => this.#export(kind, index));
  }

  #export(kind: ExternKind, index: number): unknown {
    const E = this.#E;
    if (kind === 'func') return hostFunctionOf(E.makeRef(index));
    if (kind === 'table') return E.T[index];
    if (kind === 'memory') return E.M[index];
    return kind === 'global' ? E.G[index] : E.tags[index];
  }

  /** All segments first: if a later one does not fit, functions already in a table still find theirs. */
  fillTables(): void {
    const E = this.#E;
    const segments = E.code.description.elements;
    for (const { mode, items, bare } of segments) {
      // The items of a declarative segment are never looked at.
      E.elements.push(mode.kind === 'declarative' ? [] : items.map((item) => this.#item(item, bare)));
    }
    segments.forEach(({ mode }, i) => {
      if (mode.kind !== 'active') return;
      const values = E.elements[i]!;
      const { elements } = E.T[mode.index]!;
      const offset = this.#offset(mode);
      if (offset + values.length > elements.length) trap('out-of-bounds-table-access');
      for (let k = 0; k < values.length; k++) elements[offset + k] = values[k];
      E.elements[i] = [];
    });
  }

  /** A bare function index is no constant expression. */
  #item(item: ConstExpr, bare: boolean): unknown {
    const [only] = item;
    return bare && only?.op === 'ref.func' ? this.#E.makeRef(only.index) : this.#evaluate(item);
  }

  fillMemories(): void {
    const E = this.#E;
    const { data } = E.code.description;
    let i = 0;
    try {
      for (; i < data.length; i++) this.#fillMemory(data[i]!);
    } catch (error) {
      // Functions that are in a table already may still use the others.
      for (; i < data.length; i++) E.data[i] = data[i]!.bytes;
      throw error;
    }
  }

  #fillMemory(segment: DataSegment): void {
    if (segment.memory < 0) return;
    const offset = this.#placeOf(segment);
    const memory = this.#E.M[segment.memory]!.bytes;
    if (offset + segment.length > memory.length) trap('out-of-bounds-memory-access');
    segment.copyTo(memory, offset);
  }

  #placeOf({ offset }: DataSegment): number {
    if (typeof offset !== 'number') return unsignedNumber(this.#evaluate(offset) as number | bigint);
    this.#context.charge(CONSTANT_FUEL);
    return offset >>> 0;
  }

  #offset(mode: Extract<SegmentMode, { kind: 'active' }>): number {
    return unsignedNumber(this.#evaluate(mode.offset) as number | bigint);
  }
}
