/**
 * What `run` and `bench` both know about a module: which functions it exports, and the imports it is given (WASI, and
 * what Ruby wants besides).
 */
import { quoteName } from '../../runtime/errors.ts';
import { type FuncType, funcTypeAt, type ModuleDescription } from '../../runtime/types.ts';
import type { Wasi } from '../../wasi/index.ts';
import type { Imports } from '../index.ts';
import { CliError } from './exit-status.ts';
import { isRuby, rubyImports } from './ruby.ts';

/** The type of an exported function; undefined if there is none of that name. */
export function exportedType(module: ModuleDescription, name: string): FuncType | undefined {
  const found = module.exports.find((each) => each.name === name && each.kind === 'func');
  return found && funcTypeAt(module.types, module.functions[found.index]!);
}

/** The type of the function that `--invoke` names. */
export function invokedType(file: string, module: ModuleDescription, name: string): FuncType {
  const type = exportedType(module, name);
  if (type === undefined) throw new CliError(`${file}: exports no function ${quoteName(name)}`);
  return type;
}

/** A WASI command: its `_start` prepares and runs it. Anything else is a library, to be initialised first. */
export function isCommand(module: ModuleDescription): boolean {
  return exportedType(module, '_start') !== undefined;
}

export function importsFor(module: ModuleDescription, wasi: Wasi): Imports {
  return { ...wasi.imports, ...(isRuby(module) && rubyImports(module)) };
}
