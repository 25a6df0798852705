/** What every engine does that runs modules on a Runtime of Sandglass: all but compiling. */
import {
  CompileError,
  Exception,
  Global,
  type Instance,
  LinkError,
  Memory,
  type Runtime,
  Table,
  Trap,
} from '../../src/runtime.ts';
import type { Engine, FailureKind, Imports } from '../engine.ts';
import { bitsOfNumber } from '../raw-bits.ts';
import type { Pattern, Value } from '../values.ts';

/** No call of the suite takes a second; one that takes this long hangs. */
const DEADLINE_MS = 60_000;

export abstract class RuntimeEngine<M> implements Engine<M, Instance> {
  readonly speaksSpec = true;
  readonly classes = { Memory, Table, Global };
  readonly #runtime: Pick<Runtime, 'close'> & { instantiateSync(module: M, imports: Imports): Instance };
  /** Deadlines need the meter. */
  readonly #control: { deadlineMs?: number };

  constructor(
    runtime: Pick<Runtime, 'close'> & { instantiateSync(module: M, imports: Imports): Instance },
    metering: boolean,
  ) {
    this.#runtime = runtime;
    this.#control = metering ? { deadlineMs: DEADLINE_MS } : {};
  }

  abstract compile(bytes: Uint8Array): M | Promise<M>;

  instantiate(module: M, imports: Imports): Instance {
    return this.#runtime.instantiateSync(module, imports);
  }

  async invoke(instance: Instance, field: string, args: readonly Value[]): Promise<readonly unknown[]> {
    return instance.invokeRaw(field, args.map(rawOf), this.#control);
  }

  get(instance: Instance, field: string, expected: Pattern | undefined): unknown {
    const { value } = instance.exports[field] as Global;
    return expected !== undefined && 'bits' in expected && expected.type !== 'v128'
      ? bitsOfNumber(expected.type, value as number | bigint)
      : value;
  }

  kindOf(error: unknown): FailureKind {
    if (error instanceof CompileError) return 'compile';
    if (error instanceof LinkError) return 'link';
    if (error instanceof Trap) return error.code === 'call-stack-exhausted' ? 'exhaustion' : 'trap';
    return error instanceof Exception ? 'exception' : 'other';
  }

  close(): void {
    this.#runtime.close();
  }
}

function rawOf(value: Value): unknown {
  return 'bits' in value ? value.bits : value.reference;
}
