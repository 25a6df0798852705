/**
 * Imports: finds each in the standard two-level object, checks that it fits, and gives the internal thing.
 *
 * Error texts begin as the specification's suite expects (`unknown import`, `incompatible import type`), then name the
 * import, what was expected and what was found.
 */
import type { FunctionReference, HostFunction } from './abi.ts';
import type { ModuleCode } from './code.ts';
import { type DefinedType, defineTypes, matches, resolve } from './defined-types.ts';
import { HostEnvironment, Reference } from './environment.ts';
import { LinkError, quoteName } from './errors.ts';
import { referenceOf } from './function-reference.ts';
import { Global } from './global.ts';
import { Memory } from './memory.ts';
import type { Store } from './store.ts';
import { Table } from './table.ts';
import { Tag } from './tag.ts';
import {
  type ExternKind,
  type FuncType,
  type GlobalType,
  type ImportDescription,
  type Limits,
  type MemoryType,
  type TableType,
  typeText,
} from './types.ts';
import { fromHost } from './values.ts';

/** Module name → name → value. */
export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The imports of a module by kind, in their index order. */
export interface Linked {
  readonly functions: FunctionReference[];
  readonly tables: Table[];
  readonly memories: Memory[];
  readonly globals: Global[];
  readonly tags: Tag[];
  /** The import object's modules that were used, by name. */
  readonly modules: Map<string, object>;
}

export function link(code: ModuleCode, store: Store, imports: Imports): Linked {
  const linked: Linked = {
    functions: [],
    tables: [],
    memories: [],
    globals: [],
    tags: [],
    modules: new Map(),
  };
  for (const wanted of code.description.imports) {
    const module = moduleOf(imports, wanted);
    linked.modules.set(wanted.module, module);
    new Import(code, store, wanted, lookUp(module, wanted)).addTo(linked);
  }
  return linked;
}

function nameOf({ module, name }: ImportDescription): string {
  return `${quoteName(module)} ${quoteName(name)}`;
}

function moduleOf(imports: Imports, wanted: ImportDescription): object {
  const module: unknown = imports[wanted.module];
  if (module === null || (typeof module !== 'object' && typeof module !== 'function')) {
    throw new LinkError(`unknown import ${nameOf(wanted)}: there is no module ${quoteName(wanted.module)}`);
  }
  return module;
}

function lookUp(module: object, wanted: ImportDescription): unknown {
  const value = (module as Record<string, unknown>)[wanted.name];
  // `undefined` is a value of externref, if it was given.
  const isValue = wanted.type.kind === 'global' && wanted.name in module;
  if (value === undefined && !isValue)
    throw new LinkError(`unknown import ${nameOf(wanted)} (${wanted.type.kind})`);
  return value;
}

class Import {
  readonly #code: ModuleCode;
  readonly #store: Store;
  readonly #wanted: ImportDescription;
  readonly #value: unknown;

  constructor(code: ModuleCode, store: Store, wanted: ImportDescription, value: unknown) {
    this.#code = code;
    this.#store = store;
    this.#wanted = wanted;
    this.#value = value;
  }

  addTo(linked: Linked): void {
    const { type } = this.#wanted;
    if (type.kind === 'func') linked.functions.push(this.#function(this.#typeAt(type.typeIndex), linked));
    else if (type.kind === 'tag') linked.tags.push(this.#tag(this.#typeAt(type.typeIndex)));
    else if (type.kind === 'memory') linked.memories.push(this.#memory(type.memory));
    else if (type.kind === 'table') linked.tables.push(this.#table(type.table));
    else linked.globals.push(this.#global(type.global));
  }

  #typeAt(index: number): DefinedType {
    return defineTypes(this.#code.description.types)[index]!;
  }

  #refuse(expected: string, found: string): never {
    throw new LinkError(
      `incompatible import type for ${nameOf(this.#wanted)}: expected ${expected}, found ${found}`,
    );
  }

  /** A function of this store is linked as it is; any other is called as the host's. */
  #function(type: DefinedType, linked: Linked): FunctionReference {
    const value = this.#value;
    if (typeof value !== 'function') this.#refuse('a function', kindOf(value));
    const reference = referenceOf(value);
    if (reference !== undefined && (reference.env as HostEnvironment).S === this.#store) {
      if (!reference.rtt.extends(type)) this.#refuse(functionText(type), functionText(reference.rtt));
      return reference;
    }
    const environment = new HostEnvironment(this.#store, value as HostFunction);
    const index = linked.functions.length;
    return new Reference(type, environment, this.#code.importWrapper(type.func), index, this.#code);
  }

  #tag(type: DefinedType): Tag {
    const tag = this.#value;
    if (!(tag instanceof Tag)) this.#refuse('a tag', kindOf(tag));
    if (tag.definedType !== type) this.#refuse(`a tag ${signature(type.func)}`, `a tag ${tag}`);
    return tag;
  }

  #memory(type: MemoryType): Memory {
    const memory = this.#value;
    if (!(memory instanceof Memory)) this.#refuse('a memory', kindOf(memory));
    const given = memory.type;
    if (type.shared !== given.shared) this.#refuse(sharing(type), sharing(given));
    if (type.pageSize !== given.pageSize)
      this.#refuse(`a memory of pages of ${type.pageSize}`, `one of pages of ${given.pageSize}`);
    this.#checkLimits('a memory', type, given);
    return memory;
  }

  #table(type: TableType): Table {
    const table = this.#value;
    if (!(table instanceof Table)) this.#refuse('a table', kindOf(table));
    const { element } = table.type;
    const wanted = resolve(type.element, this.#code.description.types);
    if (!matches(element, wanted) || !matches(wanted, element))
      this.#refuse(`a table of ${wanted.text}`, `a table of ${element.text}`);
    this.#checkLimits('a table', type, table.type);
    return table;
  }

  #checkLimits(what: string, wanted: Limits, given: Limits): void {
    if (wanted.address !== given.address)
      this.#refuse(`${what} of ${wanted.address} addresses`, `one of ${given.address} addresses`);
    const fits =
      given.min >= wanted.min && (wanted.max === undefined || (given.max ?? Infinity) <= wanted.max);
    if (!fits) this.#refuse(`${what} ${range(wanted)}`, `${what} ${range(given)}`);
  }

  #global(declared: GlobalType): Global {
    const value = this.#value;
    const type = { ...declared, type: resolve(declared.type, this.#code.description.types) };
    if (value instanceof Global) {
      if (!globalMatches(value.type, type)) this.#refuse(globalText(type), globalText(value.type));
      return value;
    }
    // A plain number or bigint stands for an immutable global, as in the JavaScript API.
    const expected = globalText(type);
    if (type.mutable) this.#refuse(expected, kindOf(value));
    if (typeof type.type === 'string') {
      const primitive = type.type === 'i64' || type.type === 'v128' ? 'bigint' : 'number';
      const isVector = type.type === 'v128' && value instanceof Uint8Array;
      if (typeof value !== primitive && !isVector) this.#refuse(expected, kindOf(value));
    }
    const global = new Global({ value: typeof type.type === 'string' ? type.type : 'externref' });
    const shared = Global.over(type, global.cells, 0);
    try {
      shared.raw = fromHost(value, type.type);
    } catch {
      this.#refuse(expected, kindOf(value));
    }
    return shared;
  }
}

/** A mutable global must have the very type: it is read and written. */
function globalMatches(found: GlobalType, wanted: GlobalType): boolean {
  if (found.mutable !== wanted.mutable || !matches(found.type, wanted.type)) return false;
  return !wanted.mutable || matches(wanted.type, found.type);
}

function functionText(type: DefinedType): string {
  const declared = type.final && type.chain.length === 1 ? '' : ' of a declared subtype';
  return `a function ${signature(type.func)}${declared}`;
}

function kindOf(value: unknown): string {
  const kinds: [abstract new (...args: never[]) => unknown, ExternKind][] = [
    [Memory, 'memory'],
    [Table, 'table'],
    [Global, 'global'],
    [Tag, 'tag'],
  ];
  for (const [type, kind] of kinds) if (value instanceof type) return `a ${kind}`;
  if (value === null) return 'null';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function signature({ params, results }: FuncType): string {
  return `(${params.map(typeText).join(' ')}) -> (${results.map(typeText).join(' ')})`;
}

function sharing({ shared }: MemoryType): string {
  return shared ? 'a shared memory' : 'a memory of one thread';
}

function range({ min, max }: Limits): string {
  return max === undefined ? `of at least ${min}` : `of ${min} to ${max}`;
}

function globalText({ type, mutable }: GlobalType): string {
  return `${mutable ? 'a mutable' : 'an immutable'} global of ${typeText(type)}`;
}
