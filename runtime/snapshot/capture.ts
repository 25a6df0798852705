/**
 * Taking a snapshot: everything that an instance at rest has, its own and what it imports (memories, tables and mutable
 * globals that the host gave it), as a record and bytes.
 *
 * What cannot be saved is refused by name: shared memories, objects, values of the host, functions of others.
 */
import type { DataSegment } from '../data-segment.ts';
import type { Environment } from '../environment.ts';
import { quoteName, SnapshotError } from '../errors.ts';
import type { Global } from '../global.ts';
import type { Memory } from '../memory.ts';
import type { ExternKind, GlobalType, ModuleDescription } from '../types.ts';
import { kindOf, wordsOf } from './globals.ts';
import { type HostModules, saveStates } from './host-state.ts';
import type { GlobalRecord, InstanceRecord, MemoryRecord, ReferenceList } from './record.ts';
import { type Name, References } from './references.ts';
import { copyRuns, findRuns } from './runs.ts';
import { Snapshot } from './snapshot.ts';

export function capture(E: Environment, modules: HostModules): Snapshot {
  requireRest(E, 'take a snapshot');
  const { description } = E.code;
  const references = new References(E);
  const memories = distinct(E.M);
  const tables = distinct(E.T);
  const globals = distinct(globalsWithState(description).map((index) => E.G[index]!));
  checkObjects(E, references);
  const lists = tables.things.map((table) => {
    return references.toNumbers(table.elements, () => nameOf(description, 'table', E.T.indexOf(table)));
  });
  const instance: InstanceRecord = {
    module: E.code.hash,
    memoryBase: 0,
    tableBase: 0,
    memories: memories.places,
    tables: tables.places,
    globals: globals.places,
    droppedData: Uint32Array.from(droppedData(E)),
    elements: E.elements.map((list, index) => references.toNumbers(list, () => `element segment ${index}`)),
  };
  return made(instance, memories.things, lists, {
    globals: globals.things.map((global) => {
      return globalRecord(global, references, () => nameOf(description, 'global', E.G.indexOf(global)));
    }),
    hosts: saveStates(modules),
  });
}

/** What runs has state on the stack, which no snapshot sees. */
export function requireRest(E: Environment, what: string): void {
  if (E.S.isRunning)
    throw new SnapshotError(`cannot ${what}: the instance is not at rest, code of its Runtime is running`);
}

type Rest = Pick<Snapshot['record'], 'globals' | 'hosts'>;

function made(
  instance: InstanceRecord,
  memories: readonly Memory[],
  tables: readonly ReferenceList[],
  rest: Rest,
): Snapshot {
  let size = 0;
  const records = memories.map((memory): MemoryRecord => {
    if (memory.isShared) throw new SnapshotError('cannot take a snapshot: the instance has a shared memory');
    const runs = findRuns(memory.bytes, size);
    for (const { length } of runs) size += length;
    return { pages: memory.pages, pageSize: memory.pageSize, runs };
  });
  const record = { instances: [instance], memories: records, tables, ...rest };
  return Snapshot.make(record, size, (payload) => {
    memories.forEach(({ bytes }, i) => {
      copyRuns(payload, bytes, records[i]!.runs);
    });
  });
}

interface Distinct<Thing> {
  readonly things: readonly Thing[];
  /** Where each of the given is among them. */
  readonly places: Uint32Array;
}

/** The same memory may be imported twice. */
export function distinct<Thing>(given: readonly Thing[]): Distinct<Thing> {
  const places = new Map<Thing, number>();
  for (const thing of given) if (!places.has(thing)) places.set(thing, places.size);
  return { things: [...places.keys()], places: Uint32Array.from(given, (thing) => places.get(thing)!) };
}

/**
 * Those that can change, and numbers that were imported: what the instance holds may depend on them (where a library
 * begins). Others have their values from the module.
 */
export function globalsWithState({ globals, importedGlobals }: ModuleDescription): readonly number[] {
  const hasState = ({ type, mutable }: GlobalType, index: number) =>
    mutable || (index < importedGlobals && typeof type === 'string');
  return indicesOf(globals, hasState);
}

function globalRecord(global: Global, references: References, name: Name): GlobalRecord {
  const kind = kindOf(global.type.type);
  if (kind !== 'ref') return { kind, words: wordsOf(global) };
  return { kind, words: Uint32Array.of(references.toNumber(global.raw, name)) };
}

/** Constants of the module are evaluated again: an object would be another one, with other contents. */
function checkObjects({ code, G }: Environment, references: References): void {
  const { globals, globalDefinitions, importedGlobals } = code.description;
  globalDefinitions.forEach(({ init }, i) => {
    const index = importedGlobals + i;
    if (globals[index]!.mutable || !init.some(({ op }) => /^(struct|array)\./.test(op))) return;
    references.toNumber(G[index]!.raw, () => nameOf(code.description, 'global', index));
  });
}

function droppedData({ code, data }: Environment): number[] {
  const segments = code.description.data;
  return passiveData(segments).filter((index) => segments[index]!.length > 0 && data[index]!.length === 0);
}

/** Few among 14,579 in CPython. */
export function passiveData(segments: readonly DataSegment[]): readonly number[] {
  return indicesOf(segments, ({ memory }) => memory < 0);
}

const found = new WeakMap<readonly unknown[], readonly number[]>();

/** The indices that `wanted` holds for, sought once for a module; each list is asked for one thing. */
function indicesOf<Item>(
  list: readonly Item[],
  wanted: (item: Item, index: number) => boolean,
): readonly number[] {
  let indices = found.get(list);
  if (indices === undefined) {
    indices = [...list.keys()].filter((index) => wanted(list[index]!, index));
    found.set(list, indices);
  }
  return indices;
}

/** `table 0 ("t")`: with the name under which the module exports or imports it. */
export function nameOf(description: ModuleDescription, kind: ExternKind, index: number): string {
  const exported = description.exports.find((each) => each.kind === kind && each.index === index);
  const imported = description.imports.filter((each) => each.type.kind === kind)[index];
  const name = exported?.name ?? imported?.name;
  return `${kind} ${index}${name === undefined ? '' : ` (${quoteName(name)})`}`;
}
