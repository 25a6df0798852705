/**
 * What a fuel program is: modules to instantiate in a world and calls to make there, written once and run by the
 * reference interpreter, by instrumented native WebAssembly and by Sandglass, whose totals must agree.
 */

import type { World } from '../support/engines.ts';
import type { Exports } from '../support/native.ts';
import { type Instruction, ModuleBuilder } from '../support/wasm-builder.ts';

export interface FuelProgram {
  readonly name: string;
  /** Instantiates, and answers the calls to make, in order. */
  readonly setup: (world: World) => readonly (() => unknown)[];
  /** Whether every call, made again, ends as it did the first time: most keep no state. */
  readonly repeatable: boolean;
}

export function program(name: string, setup: FuelProgram['setup'], repeatable = true): FuelProgram {
  return { name, setup, repeatable };
}

/** One exported function `f` in a module of its own, called with each list of arguments. */
export function single(
  name: string,
  type: string,
  body: readonly Instruction[],
  calls: readonly (readonly unknown[])[],
  options: { locals?: readonly string[]; with?: (m: ModuleBuilder) => void; repeatable?: boolean } = {},
): FuelProgram {
  const setup = (world: World): (() => unknown)[] => {
    const m = new ModuleBuilder();
    options.with?.(m);
    m.func(type, body, { export: 'f', ...(options.locals !== undefined && { locals: options.locals }) });
    const exports = world.instantiate(m.build());
    return calls.map((args) => () => exports.f(...args));
  };
  return program(name, setup, options.repeatable ?? true);
}

/** Builds a module, instantiates it, and calls: `[export, ...arguments]`. */
export function built(
  name: string,
  build: (m: ModuleBuilder) => void,
  calls: readonly (readonly [string, ...unknown[]])[],
  options: { repeatable?: boolean; imports?: (world: World, exports: () => Exports) => object } = {},
): FuelProgram {
  const setup = (world: World): (() => unknown)[] => {
    const m = new ModuleBuilder();
    build(m);
    let exports: Exports = {};
    const imports = options.imports?.(world, () => exports) ?? {};
    exports = world.instantiate(m.build(), imports as never);
    return calls.map(
      ([field, ...args]) =>
        () =>
          exports[field](...args),
    );
  };
  return program(name, setup, options.repeatable ?? true);
}

/** `count` times, with a counter local: a loop around `body`. */
export function times(local: number, count: number, body: readonly Instruction[]): Instruction[] {
  return [
    ['i32.const', count],
    ['local.set', local],
    ['loop'],
    ...body,
    ['local.get', local],
    ['i32.const', 1],
    'i32.sub',
    ['local.tee', local],
    ['br_if', 0],
    'end',
  ];
}
