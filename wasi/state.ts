/**
 * What a snapshot of a program holds of its WASI: which descriptor is which of those that it was given (standard streams, preopened
 * directories), with their rights and flags, and the monotonic clock, which goes on from where it was.
 *
 * What the program has opened itself is refused: there is a cursor in a file of the host, which may be another one by then. Where its
 * streams are, is the host's business, and so are files' contents.
 */
import { quoteName, SnapshotError } from '../runtime/errors.ts';
import type { HostState } from '../runtime/snapshot/host-state.ts';
import type { Clocks } from './context.ts';
import type { Descriptor } from './files/descriptor.ts';
import { Directory } from './files/directory.ts';
import type { DescriptorTable } from './files/table.ts';

/** A descriptor that the program was given. */
interface Given {
  /** `stdin`, or a preopened directory's name behind a slash and its place: `preopen 0 /data`. */
  readonly key: string;
  readonly descriptor: Descriptor;
  readonly rights: bigint;
  readonly inheriting: bigint;
}

/** As it is saved: descriptor number, what it is, rights, inherited rights, flags. */
type SavedDescriptor = readonly [fd: number, key: string, rights: string, inheriting: string, flags: number];

interface SavedState {
  readonly monotonic: string;
  readonly descriptors: readonly SavedDescriptor[];
}

const STREAMS = ['stdin', 'stdout', 'stderr'];

/** Clocks that can be told to go on from another time. */
export class MovedClocks implements Clocks {
  readonly #clocks: Clocks;
  #offset = 0n;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  get resolution(): bigint {
    return this.#clocks.resolution ?? 1n;
  }

  // Called without `this`, too.
  readonly realtime = (): bigint => this.#clocks.realtime();
  readonly monotonic = (): bigint => this.#clocks.monotonic() + this.#offset;

  /** The monotonic clock shows `time` now. */
  goOnFrom(time: bigint): void {
    this.#offset = time - this.#clocks.monotonic();
  }
}

export class WasiState implements HostState {
  readonly name = 'wasi_snapshot_preview1';
  readonly version = 1;
  readonly #table: DescriptorTable;
  readonly #clocks: MovedClocks;
  readonly #given: readonly Given[];

  /** `table` has what the program is given, and nothing else yet. */
  constructor(table: DescriptorTable, clocks: MovedClocks) {
    this.#table = table;
    this.#clocks = clocks;
    this.#given = Array.from(table.slots, ([fd, descriptor]) => {
      const { rights, inheriting } = descriptor;
      return { key: keyOf(fd, descriptor), descriptor, rights, inheriting };
    });
  }

  saveState(): Uint8Array {
    const descriptors = Array.from(this.#table.slots, ([fd, descriptor]): SavedDescriptor => {
      const given = this.#given.find((each) => each.descriptor === descriptor);
      if (given === undefined)
        throw new SnapshotError(
          `cannot take a snapshot: the program has descriptor ${fd} open, a file of the host`,
        );
      const { rights, inheriting, flags } = descriptor;
      return [fd, given.key, `${rights}`, `${inheriting}`, flags];
    });
    const state: SavedState = { monotonic: `${this.#clocks.monotonic()}`, descriptors };
    return new TextEncoder().encode(JSON.stringify(state));
  }

  restoreState(bytes: Uint8Array): () => void {
    const { monotonic, descriptors } = parsed(bytes);
    const open = new Set(this.#table.slots.values());
    const slots = new Map<number, Descriptor>();
    const changes = descriptors.map(([fd, key, rights, inheriting, flags]) => {
      const given = this.#given.find((each) => each.key === key);
      if (given === undefined || !open.has(given.descriptor))
        throw new SnapshotError(
          `the snapshot has descriptor ${fd} open (${quoteName(key)}), which is not given, or closed`,
        );
      const { descriptor } = given;
      slots.set(fd, descriptor);
      return () => {
        // Never more than it was given here.
        descriptor.rights = BigInt(rights) & given.rights;
        descriptor.inheriting = BigInt(inheriting) & given.inheriting;
        descriptor.flags = flags;
      };
    });
    return () => {
      for (const change of changes) change();
      this.#clocks.goOnFrom(BigInt(monotonic));
      this.#table.replace(slots);
    };
  }
}

function keyOf(fd: number, descriptor: Descriptor): string {
  if (!(descriptor instanceof Directory)) return STREAMS[fd]!;
  return `preopen ${fd - STREAMS.length} ${descriptor.preopenName}`;
}

const NUMBER = /^-?\d{1,30}$/;

function parsed(bytes: Uint8Array): SavedState {
  const state = jsonOf(new TextDecoder().decode(bytes));
  const { monotonic, descriptors } = (state ?? {}) as Partial<SavedState>;
  const fits = NUMBER.test(String(monotonic)) && Array.isArray(descriptors) && descriptors.every(isSaved);
  if (!fits) throw new SnapshotError('the snapshot is damaged: the state of WASI');
  return state as SavedState;
}

/** Undefined: it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSaved(saved: unknown): boolean {
  if (!Array.isArray(saved) || saved.length !== 5) return false;
  const [fd, key, rights, inheriting, flags] = saved as unknown[];
  const numbers = [fd, flags].every((each) => Number.isInteger(each) && (each as number) >= 0);
  return (
    numbers &&
    typeof key === 'string' &&
    [rights, inheriting].every((each) => /^\d{1,20}$/.test(String(each)))
  );
}
