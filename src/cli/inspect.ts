/**
 * `sandglass inspect`: what a module consists of, or what one of its functions becomes. Only decodes the module's
 * sections, so that it also shows modules whose bodies Sandglass cannot compile; `--func` compiles.
 */
import { Command, Option } from 'commander';
import type { ModuleInfo } from '../../compiler/binary/module-info.ts';
import {
  type ExternType,
  funcTypeAt,
  type GlobalType,
  type Limits,
  type ModuleDescription,
  typeText,
} from '../../runtime/types.ts';
import { CliError, conclude, oneLine, outcomeOf } from './exit-status.ts';
import { loadModule, naming } from './load.ts';
import { parseIndex } from './options.ts';

interface InspectOptions {
  readonly func?: number;
  readonly js?: true;
  readonly wat?: true;
}

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show the sections, imports, exports and sizes of a module, or one of its functions')
    .argument('<file>', 'a binary module, or text (.wat)')
    .option('--func <n>', 'show function n (imports counted) instead', parseIndex)
    .addOption(new Option('--js', 'the function as generated JavaScript (default)').conflicts('wat'))
    .option('--wat', 'the function as text, disassembled')
    .action(inspect);
}

async function inspect(file: string, options: InspectOptions): Promise<void> {
  try {
    const bytes = await loadModule(file);
    const text = await (options.func === undefined
      ? overview(file, bytes)
      : oneFunction(file, bytes, options.func, options));
    process.stdout.write(`${text}\n`);
  } catch (error) {
    process.exitCode = conclude(outcomeOf(error));
  }
}

async function overview(file: string, bytes: Uint8Array): Promise<string> {
  // Loaded here and not above: `sandglass run` starts faster without the compiler in its main thread.
  const { decodeModule } = await import('../../compiler/binary/module.ts');
  const { DEFAULT_LIMITS } = await import('../../runtime/limits.ts');
  const info = naming(file, () => decodeModule(bytes, DEFAULT_LIMITS));
  return [title(file, info), sections(info), imports(info), exports(info), counts(info)]
    .filter((part) => part !== '')
    .join('\n\n');
}

async function oneFunction(
  file: string,
  bytes: Uint8Array,
  index: number,
  { wat }: InspectOptions,
): Promise<string> {
  const { Runtime } = await import('../index.ts');
  const { disassemble } = await import('../../compiler/function/dump-sink.ts');
  const module = naming(file, () => new Runtime().compileSync(bytes));
  const { importedFunctions, functions } = module.info;
  if (index >= functions.length)
    throw new CliError(`${file}: no function ${index}: there are ${functions.length}`);
  if (index < importedFunctions) throw new CliError(`${file}: function ${index} is imported`);
  return naming(file, () =>
    wat === true ? disassemble(module.info, index) : module.textOf(index),
  ).trimEnd();
}

/** Rows with their columns aligned; all but the last padded. */
function table(heading: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [heading, ...lines.map((line) => `  ${line}`)].join('\n');
}

const quoted = (name: string) => oneLine(JSON.stringify(name));
const hex = (offset: number) => `0x${offset.toString(16)}`;

function title(file: string, { bytes, name }: ModuleInfo): string {
  return `${oneLine(file)}: ${bytes.length} bytes${name === undefined ? '' : `, module ${quoted(name)}`}`;
}

function sections(info: ModuleInfo): string {
  const rows = info.sections.map(({ name, start, end }) => [
    oneLine(name),
    hex(start),
    `${end - start} bytes`,
  ]);
  return table('Sections (name, offset, size):', rows);
}

function imports(info: ModuleInfo): string {
  const rows = info.imports.map(({ module, name, type }) => [
    quoted(module),
    quoted(name),
    externText(info, type),
  ]);
  return table('Imports:', rows);
}

function exports(info: ModuleInfo): string {
  const rows = info.exports.map(({ name, kind, index }) => [
    quoted(name),
    `${index}`,
    externText(info, typeOf(info, kind, index)),
  ]);
  return table('Exports (name, index, type):', rows);
}

/** The type of what an export names. */
function typeOf(info: ModuleDescription, kind: ExternType['kind'], index: number): ExternType {
  switch (kind) {
    case 'func':
      return { kind, typeIndex: info.functions[index]! };
    case 'tag':
      return { kind, typeIndex: info.tags[index]! };
    case 'table':
      return { kind, table: info.tables[index]! };
    case 'memory':
      return { kind, memory: info.memories[index]! };
    case 'global':
      return { kind, global: info.globals[index]! };
  }
}

function limitsText({ min, max }: Limits, unit: string): string {
  return max === undefined ? `${min} ${unit}` : `${min} to ${max} ${unit}`;
}

const globalText = ({ type, mutable }: GlobalType) =>
  `global ${mutable ? `mut ${typeText(type)}` : typeText(type)}`;

function externText(info: ModuleDescription, type: ExternType): string {
  switch (type.kind) {
    case 'func':
    case 'tag': {
      const { params, results } = funcTypeAt(info.types, type.typeIndex);
      return `${type.kind} [${params.map(typeText).join(' ')}] -> [${results.map(typeText).join(' ')}]`;
    }
    case 'table':
      return `table of ${typeText(type.table.element)}, ${limitsText(type.table, 'elements')}`;
    case 'memory':
      return `memory, ${limitsText(type.memory, 'pages')}${type.memory.shared ? ', shared' : ''}`;
    case 'global':
      return globalText(type.global);
  }
}

function counts(info: ModuleInfo): string {
  const row = (name: string, all: number, imported = 0) => [
    name,
    `${all}`,
    imported > 0 ? `${imported} imported` : '',
  ];
  const code = info.bodies.reduce((sum, { start, end }) => sum + end - start, 0);
  return table('Counts:', [
    row('types', info.types.length),
    row('functions', info.functions.length, info.importedFunctions),
    row('tables', info.tables.length, info.importedTables),
    row('memories', info.memories.length, info.importedMemories),
    row('globals', info.globals.length, info.importedGlobals),
    row('tags', info.tags.length, info.importedTags),
    row('element segments', info.elements.length),
    row('data segments', info.data.length),
    ['bytes of code', `${code}`, largestFunction(info)],
  ]);
}

function largestFunction({ bodies, importedFunctions }: ModuleInfo): string {
  const sizes = bodies.map(({ start, end }) => end - start);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  return largest === 0
    ? ''
    : `the largest is function ${importedFunctions + sizes.indexOf(largest)}, ${largest} bytes`;
}
