/**
 * Every function of a module as the JavaScript that it becomes, one at a time, so that a module with 40,000 functions
 * needs no more memory than its largest. What V8 makes of the text is `v8-bytecode.ts`'s business.
 *
 * A function is emitted as a group of its own; in a larger group its text is the same, but for how its callees are bound.
 */
import { readFileSync } from 'node:fs';
import { CompileError, type Module, Runtime, type RuntimeOptions } from '../../src/index.ts';

export type Mode = 'metered' | 'unmetered' | 'limited';

/** What a user has to say to get code of this kind. */
const RUNTIMES: Readonly<Record<Mode, RuntimeOptions>> = {
  metered: {},
  unmetered: { metering: false },
  limited: { fuel: 1n },
};

/** One JavaScript function: a wasm function itself, or a region that was split off. */
export interface Part {
  /** `f12_mix`, `f12_mix$3`. */
  readonly name: string;
  /** Bytes of bytecode, as the emitter estimates. */
  readonly weight: number;
}

export interface EmittedFunction {
  /** In the function index space. */
  readonly index: number;
  readonly text: string;
  readonly parts: readonly Part[];
}

export interface Refusal {
  readonly index: number;
  readonly message: string;
}

export function load(file: string, mode: Mode): Module {
  return new Runtime({ ...RUNTIMES[mode], validate: 'lazy' }).compileSync(readFileSync(file));
}

/** All defined functions, in order; those that cannot be compiled say why. */
export function* emitAll(module: Module): Generator<EmittedFunction | Refusal> {
  const { importedFunctions, functions } = module.info;
  for (let index = importedFunctions; index < functions.length; index++) {
    try {
      yield emit(module, index);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      yield { index, message: error.message };
    }
  }
}

export function emit(module: Module, index: number): EmittedFunction {
  const { text, parts } = module.emitted(index);
  return { index, text, parts: parts.map(({ name, weight }) => ({ name, weight })) };
}
