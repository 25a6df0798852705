/** Sandglass itself: functions become JavaScript at their first call, with the meter (mode `jit`) or without. */
import { OUTLINE, type OutlineLimits } from '../../compiler/emit/outline.ts';
import {
  CompileError,
  Exception,
  type FeatureOptions,
  Global,
  type Instance,
  LinkError,
  Memory,
  type Module,
  Runtime,
  Table,
  Trap,
} from '../../src/index.ts';
import type { Engine, FailureKind, Imports } from '../engine.ts';
import { bitsOfNumber } from '../raw-bits.ts';
import type { Pattern, Value } from '../values.ts';

/** No call of the suite takes a second; one that takes this long hangs. */
const DEADLINE_MS = 60_000;

export interface SandglassOptions {
  readonly metering: boolean;
  readonly outline?: OutlineLimits;
  readonly features?: FeatureOptions;
}

export class SandglassEngine implements Engine<Module, Instance> {
  readonly speaksSpec = true;
  readonly classes = { Memory, Table, Global };
  readonly #runtime: Runtime;
  /** Deadlines need the meter. */
  readonly #control: { deadlineMs?: number };

  constructor({ metering, outline = OUTLINE, features }: SandglassOptions) {
    this.#runtime = new Runtime({ metering, features }, { outline });
    this.#control = metering ? { deadlineMs: DEADLINE_MS } : {};
  }

  compile(bytes: Uint8Array): Module {
    return this.#runtime.compileSync(bytes);
  }

  instantiate(module: Module, imports: Imports): Instance {
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
