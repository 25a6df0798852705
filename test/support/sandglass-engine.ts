/**
 * Sandglass behind the tests' `World`: one Runtime per world, its options open to the test.
 */
import {
  Exception,
  ExitError,
  Global,
  type Instance,
  Memory,
  type Module,
  Runtime,
  Table,
  Tag,
  Trap,
} from '../../src/index.ts';
import type { World } from './engines.ts';
import type { Imports } from './interpreter.ts';

export type RuntimeOptions = NonNullable<ConstructorParameters<typeof Runtime>[0]>;
/** How code is generated, where a test wants other shapes than a program of its size gets. */
export type EmitShape = NonNullable<ConstructorParameters<typeof Runtime>[1]>;

export interface SandglassWorld extends World {
  readonly runtime: Runtime;
  /** Every instance made here, in order. */
  readonly instances: Instance[];
}

/** Modules are compiled once per world: tests instantiate the same bytes again and again. */
export function sandglassWorld(options: RuntimeOptions = {}, shape: EmitShape = {}): SandglassWorld {
  const runtime = new Runtime({ registerCells: 1 << 16, ...options }, shape);
  const modules = new Map<string, Module>();
  const instances: Instance[] = [];
  const moduleOf = (bytes: Uint8Array): Module => {
    const key = Buffer.from(bytes).toString('latin1');
    const known = modules.get(key) ?? runtime.compileSync(bytes);
    modules.set(key, known);
    return known;
  };
  return {
    name: 'sandglass',
    runtime,
    instances,
    instantiate(bytes, imports: Imports = {}) {
      const instance = runtime.instantiateSync(moduleOf(bytes), imports);
      instances.push(instance);
      return instance.exports;
    },
    consumed: () => (options.metering === false ? 0 : Number(runtime.fuel.consumed)),
    Memory,
    Table,
    Global,
    Tag,
    Exception,
    exit(code) {
      throw new ExitError(code);
    },
    trapTexts: (error) =>
      error instanceof Trap ? [error.message.replace(/^(uninitialized element) \d+$/, '$1')] : undefined,
  };
}
