/**
 * Modules of the host that have state of their own: open files, a clock's beginning. What implements `HostState` is saved and
 * restored with the instance that imports it.
 *
 *   const module = { read() { … }, [HOST_STATE]: { name: 'files', version: 1, saveState, restoreState } };
 */
import { quoteName, SnapshotError } from '../errors.ts';
import type { HostRecord } from './record.ts';

export const HOST_STATE: unique symbol = Symbol.for('sandglass.host-state') as never;

/** What an import module object may carry under `HOST_STATE`. */
export interface HostState {
  /** Whose state it is. Different for all modules of an instance. */
  readonly name: string;
  /** Of the form that its state has: a state of another version is refused. An unsigned 32-bit number. */
  readonly version: number;
  /** Throws if there is something that cannot be saved. */
  saveState(): Uint8Array;
  /** Throws if the state does not fit; otherwise answers what puts it in force. Until that is called, nothing changes. */
  restoreState(state: Uint8Array): () => void;
}

/** The import object's modules by name, as an instance uses them. */
export type HostModules = ReadonlyMap<string, object>;

function* statesOf(modules: HostModules): Generator<HostState> {
  const names = new Set<string>();
  for (const module of new Set(modules.values())) {
    // A module may be a Proxy that has a value for every name.
    const { [HOST_STATE]: state } = module as { [HOST_STATE]?: Partial<HostState> };
    if (typeof state?.saveState !== 'function' || typeof state.restoreState !== 'function') continue;
    const { name, version } = state;
    if (typeof name !== 'string' || !Number.isInteger(version) || version! < 0 || version! >= 2 ** 32)
      throw new SnapshotError('a host module with state must have a name and the number of a version');
    if (names.has(name)) throw new SnapshotError(`two host modules have the name ${quoteName(name)}`);
    names.add(name);
    yield state as HostState;
  }
}

export function saveStates(modules: HostModules): HostRecord[] {
  return Array.from(statesOf(modules), (host) => {
    const { name, version } = host;
    const state = host.saveState();
    if (!(state instanceof Uint8Array))
      throw new SnapshotError(`host module ${quoteName(name)} gave no bytes for its state`);
    return { name, version, state };
  });
}

/** What puts the states in force. */
export function prepareStates(hosts: readonly HostRecord[], modules: HostModules): (() => void)[] {
  const states = new Map(Array.from(statesOf(modules), (state) => [state.name, state]));
  return hosts.map(({ name, version, state }) => {
    const host = states.get(name);
    const title = `host module ${quoteName(name)}`;
    if (host === undefined)
      throw new SnapshotError(`the snapshot has the state of ${title}, which is not imported`);
    if (host.version !== version)
      throw new SnapshotError(
        `the snapshot has version ${version} of the state of ${title}, it has ${host.version}`,
      );
    return host.restoreState(state);
  });
}
