/**
 * The `.d.ts` of a precompiled file: what it exports, with the exports of the module by name and type.
 */
import { defineTypes } from '../runtime/defined-types.ts';
import { TRAPS } from '../runtime/errors.ts';
import type { FuncType, ModuleDescription, ValueType } from '../runtime/types.ts';
import { STANDALONE_TYPES } from './standalone-types.ts';

export function typesText(module: ModuleDescription, runtime: string, standalone: boolean): string {
  const lines = [
    standalone
      ? standaloneTypes()
      : `import type { Global, Imports, Instance, InstantiateOptions, Memory, PrecompiledModule, Table, Tag } from ${JSON.stringify(runtime)};\n`,
    'export interface Exports {',
    ...module.exports.map(({ name, kind, index }) => {
      return `  readonly ${JSON.stringify(name)}: ${exportText(module, kind, index)};`;
    }),
    '}',
    '',
    'export declare const module: PrecompiledModule;',
    'export declare const description: {',
    '  readonly name: string | undefined;',
    '  readonly metering: boolean;',
    "  readonly imports: PrecompiledModule['imports'];",
    "  readonly exports: PrecompiledModule['exports'];",
    '};',
    'export declare function instantiate(',
    '  imports?: Imports,',
    '  options?: InstantiateOptions,',
    '): Promise<Instance & { readonly exports: Exports }>;',
  ];
  return `${lines.join('\n')}\n`;
}

function standaloneTypes(): string {
  const codes = Object.keys(TRAPS).map((code) => `  | ${JSON.stringify(code)}`);
  return `${STANDALONE_TYPES}\nexport type TrapCode =\n${codes.join('\n')};\n`;
}

const CLASSES = { table: 'Table', memory: 'Memory', global: 'Global', tag: 'Tag' } as const;

function exportText(
  module: ModuleDescription,
  kind: ModuleDescription['exports'][number]['kind'],
  index: number,
): string {
  if (kind !== 'func') return CLASSES[kind];
  return functionText(defineTypes(module.types)[module.functions[index]!]!.func);
}

function functionText({ params, results }: FuncType): string {
  const list = params.map((type, i) => `a${i}: ${valueText(type)}`).join(', ');
  const values = results.map(valueText);
  const result = values.length === 0 ? 'void' : values.length === 1 ? values[0] : `[${values.join(', ')}]`;
  return `(${list}) => ${result}`;
}

function valueText(type: ValueType): string {
  if (type === 'i64' || type === 'v128') return 'bigint';
  return typeof type === 'string' ? 'number' : 'unknown';
}
