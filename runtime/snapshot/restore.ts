/**
 * Putting a snapshot in force: in a new instance, or in the one that is there. First everything is checked, limits and the types of
 * references included, so that bytes from anywhere are safe to try; then everything is set.
 *
 *   restore: link ▶ check against the module ▶ allocate ▶ check the rest ▶ bind host modules ▶ set
 *   reset:          check against the module            ▶ check the rest                     ▶ set
 */
import type { ModuleCode } from '../code.ts';
import { Environment } from '../environment.ts';
import { quoteName, SnapshotError } from '../errors.ts';
import type { Global } from '../global.ts';
import { Builder, bindHostModules, type Instantiated } from '../instance.ts';
import { type Imports, link } from '../link.ts';
import type { Memory } from '../memory.ts';
import type { Store } from '../store.ts';
import type { Table } from '../table.ts';
import type { Limits, ModuleDescription } from '../types.ts';
import { damaged } from './bytes.ts';
import { globalsWithState, nameOf, passiveData, requireRest } from './capture.ts';
import { kindOf, setWords, wordsOf } from './globals.ts';
import { type HostModules, prepareStates } from './host-state.ts';
import type { GlobalRecord, InstanceRecord, MemoryRecord, ReferenceList, SnapshotRecord } from './record.ts';
import { type Name, References } from './references.ts';
import { fill } from './runs.ts';
import type { Snapshot } from './snapshot.ts';

/** A new instance: no start function runs, and nothing is initialised but from the snapshot. */
export function restore(code: ModuleCode, store: Store, imports: Imports, snapshot: Snapshot): Instantiated {
  const { record } = snapshot;
  const instance = fittingInstance(record, code);
  const linked = link(code, store, imports);
  const environment = new Environment(store, code);
  const builder = new Builder(environment, linked, {
    pages: code.description.memories.map((_, i) => record.memories[instance.memories[i]!]!.pages),
    lengths: code.description.tables.map((_, i) => record.tables[instance.tables[i]!]!.length),
  });
  builder.allocate();
  const change = new Change(environment, linked.modules, snapshot, instance);
  const exports = builder.exports();
  bindHostModules(linked, { exports, interrupt: store.interrupt });
  change.commit(builder.newMemories);
  return { environment, exports, modules: linked.modules };
}

/** The instance that is there, in place. */
export function reset({ environment, modules }: Instantiated, snapshot: Snapshot): void {
  requireRest(environment, 'reset');
  const instance = fittingInstance(snapshot.record, environment.code);
  new Change(environment, modules, snapshot, instance).commit(NONE);
}

/** An instance that is not used any more: its own memories serve the next one that is restored. */
export function release({ environment }: Instantiated): void {
  requireRest(environment, 'close');
  const { M, code } = environment;
  for (const memory of M.slice(code.description.importedMemories)) memory.release();
}

const NONE: ReadonlySet<Memory> = new Set();

// -------------------------------------------------------------------- against the module

function fittingInstance({ instances, memories, tables, globals }: SnapshotRecord, code: ModuleCode) {
  const [instance, other] = instances;
  if (instance === undefined || other !== undefined)
    throw new SnapshotError(
      'the snapshot is of several modules together, which this Sandglass cannot restore',
    );
  const { description } = code;
  if (instance.module !== code.hash) throw otherModule(instance, code);
  checkCount('memories', instance.memories, description.memories);
  checkCount('tables', instance.tables, description.tables);
  const withState = globalsWithState(description);
  checkCount('globals', instance.globals, withState);
  checkCount('element segments', instance.elements, description.elements);
  description.memories.forEach((type, i) => {
    const { pages, pageSize } = memories[instance.memories[i]!]!;
    if (pageSize !== type.pageSize) throw damaged(`memory ${i} has pages of ${pageSize} bytes`);
    checkSize(() => nameOf(description, 'memory', i), pages, type);
  });
  description.tables.forEach((type, i) => {
    checkSize(() => nameOf(description, 'table', i), tables[instance.tables[i]!]!.length, type);
  });
  withState.forEach((index, i) => {
    const { kind } = globals[instance.globals[i]!]!;
    if (kind !== kindOf(description.globals[index]!.type)) throw damaged(`global ${index} is no ${kind}`);
  });
  checkSegments(instance, description);
  return instance;
}

function otherModule({ module }: InstanceRecord, { hash, description }: ModuleCode): SnapshotError {
  const name = description.name === undefined ? '' : ` ${quoteName(description.name)}`;
  const text = `the snapshot is of another module (${quoteName(module, 12)}) than this${name} (${quoteName(hash, 12)})`;
  return new SnapshotError(text);
}

function checkCount(what: string, found: ArrayLike<unknown>, expected: readonly unknown[]): void {
  if (found.length !== expected.length)
    throw damaged(`it has ${found.length} ${what}, the module ${expected.length}`);
}

function checkSize(name: Name, size: number, { min, max = Infinity }: Limits): void {
  if (size < min || size > max) throw damaged(`${name()} of size ${size}`);
}

function checkSegments({ droppedData, elements }: InstanceRecord, description: ModuleDescription): void {
  for (const index of droppedData) {
    if (!((description.data[index]?.memory ?? 0) < 0)) throw damaged(`no data segment ${index} to drop`);
  }
  elements.forEach((list, i) => {
    const { mode, items } = description.elements[i]!;
    const expected = mode.kind === 'passive' ? items.length : 0;
    if (list.length !== 0 && list.length !== expected)
      throw damaged(`element segment ${i} has ${list.length} elements`);
  });
}

// -------------------------------------------------------------------- the change

const DROPPED = new Uint8Array(0);

/** What is to be set, all of it checked when this exists. */
class Change {
  readonly #E: Environment;
  readonly #snapshot: Snapshot;
  readonly #instance: InstanceRecord;
  readonly #references: References;
  readonly #memories: ReadonlyMap<Memory, MemoryRecord>;
  readonly #tables: ReadonlyMap<Table, ReferenceList>;
  readonly #globals: ReadonlyMap<Global, GlobalRecord>;
  readonly #hosts: readonly (() => void)[];

  constructor(E: Environment, modules: HostModules, snapshot: Snapshot, instance: InstanceRecord) {
    const { record } = snapshot;
    const { description } = E.code;
    this.#E = E;
    this.#snapshot = snapshot;
    this.#instance = instance;
    this.#references = new References(E);
    const withState = globalsWithState(description).map((index) => E.G[index]!);
    this.#memories = paired('memories', E.M, instance.memories, record.memories);
    this.#tables = paired('tables', E.T, instance.tables, record.tables);
    this.#globals = paired('globals', withState, instance.globals, record.globals);
    this.#checkReferences();
    this.#checkGlobals();
    this.#hosts = prepareStates(record.hosts, modules);
    this.#reserve();
  }

  #checkReferences(): void {
    const { description } = this.#E.code;
    const references = this.#references;
    for (const [table, list] of this.#tables) {
      const name = () => nameOf(description, 'table', this.#E.T.indexOf(table));
      if (!table.mayHold(list.length))
        throw new SnapshotError(`${name()} may not have the ${list.length} elements of the snapshot`);
      references.check(list, table.type.element, name);
    }
    this.#instance.elements.forEach((list, i) => {
      references.check(list, description.elements[i]!.type, () => `element segment ${i}`);
    });
  }

  #checkGlobals(): void {
    const { description } = this.#E.code;
    for (const [global, { kind, words }] of this.#globals) {
      const name = () => nameOf(description, 'global', this.#E.G.indexOf(global));
      const { type, mutable } = global.type;
      if (typeof type !== 'string') this.#references.check(words, type, name);
      else if (kind !== type) throw damaged(`${name()} is no ${kind}`);
      else if (!mutable && !isEqual(wordsOf(global), words))
        throw new SnapshotError(`${name()} is imported with another value than when the snapshot was taken`);
    }
  }

  #reserve(): void {
    for (const [memory, { pages }] of this.#memories) {
      if (memory.isShared) throw new SnapshotError('cannot restore a shared memory');
      if (!memory.reserve(pages))
        throw new SnapshotError(`there is no room for a memory of ${pages} pages, or limits do not allow it`);
    }
  }

  /** Nothing here may fail. `zero`: memories in which nothing was written yet. */
  commit(zero: ReadonlySet<Memory>): void {
    for (const [memory, { pages, runs }] of this.#memories) {
      memory.resize(pages);
      fill(memory, runs, this.#snapshot.payload, zero.has(memory));
    }
    for (const [table, list] of this.#tables) this.#setTable(table, list);
    for (const [global, { words }] of this.#globals) this.#setGlobal(global, words);
    this.#setSegments();
    for (const put of this.#hosts) put();
  }

  #setTable(table: Table, list: ReferenceList): void {
    table.resize(list.length);
    const { elements } = table;
    for (let i = 0; i < list.length; i++) elements[i] = this.#references.at(list[i]!);
  }

  #setGlobal(global: Global, words: Uint32Array): void {
    if (!global.type.mutable) return;
    if (typeof global.type.type === 'string') setWords(global, words);
    else global.raw = this.#references.at(words[0]!);
  }

  #setSegments(): void {
    const { data, elements, code } = this.#E;
    const dropped = new Set(this.#instance.droppedData);
    const segments = code.description.data;
    for (const i of passiveData(segments)) data[i] = dropped.has(i) ? DROPPED : segments[i]!.bytes;
    this.#instance.elements.forEach((list, i) => {
      elements[i] = Array.from(list, (number) => this.#references.at(number));
    });
  }
}

/** Each thing with its record. What is one thing in the snapshot must be one thing here, and the other way round. */
function paired<Thing, Record>(
  what: string,
  things: readonly Thing[],
  places: Uint32Array,
  records: readonly Record[],
): Map<Thing, Record> {
  const pairs = new Map<Thing, Record>();
  const taken = new Map<number, Thing>();
  things.forEach((thing, i) => {
    const place = places[i]!;
    const record = records[place]!;
    if ((pairs.get(thing) ?? record) !== record || (taken.get(place) ?? thing) !== thing)
      throw new SnapshotError(`the imports share ${what} in another way than when the snapshot was taken`);
    pairs.set(thing, record);
    taken.set(place, thing);
  });
  return pairs;
}

function isEqual(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((word, i) => word === b[i]);
}
