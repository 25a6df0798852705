/**
 * `sandglass inspect`: what a module consists of, or what one of its functions becomes. Bodies are not looked at
 * unless asked for, so it also shows modules whose code Sandglass refuses.
 */
import { Command, Option } from 'commander';
import type { ModuleInfo } from '../../compiler/binary/module-info.ts';
import type { FeatureOptions } from '../../compiler/features.ts';
import type { Module, ModuleExport, ModuleImport } from '../index.ts';
import { CliError, conclude, oneLine, outcomeOf } from './exit-status.ts';
import { loadModule, naming } from './load.ts';
import { addFeatureOption, parseIndex } from './options.ts';
import { columns } from './table.ts';

interface InspectOptions {
  readonly func?: number;
  readonly js?: true;
  readonly wat?: true;
  readonly features?: FeatureOptions;
}

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description('show the sections, imports, exports and sizes of a module, or one of its functions')
    .argument('<file>', 'a binary module, or text (.wat)')
    .option('--func <n>', 'show function n (imports counted) instead', parseIndex)
    .addOption(new Option('--js', 'the function as generated JavaScript (default)').conflicts('wat'))
    .option('--wat', 'the function as text, disassembled');
  return addFeatureOption(command).action(inspect);
}

async function inspect(file: string, options: InspectOptions, command: Command): Promise<void> {
  if (options.func === undefined && (options.js || options.wat))
    command.error("error: options '--js' and '--wat' need '--func <n>'");
  try {
    const module = await load(file, options.features);
    const text =
      options.func === undefined
        ? overview(file, module)
        : await oneFunction(file, module, options.func, options);
    process.stdout.write(`${text}\n`);
  } catch (error) {
    process.exitCode = conclude(outcomeOf(error));
  }
}

async function load(file: string, features: FeatureOptions = {}): Promise<Module> {
  const bytes = await loadModule(file);
  // Loaded here and not above: `sandglass run` starts faster without the compiler in its main thread.
  const { Runtime } = await import('../index.ts');
  return naming(file, () => new Runtime({ validate: 'lazy', features }).compileSync(bytes));
}

function overview(file: string, { info, imports, exports }: Module): string {
  const parts = [title(file, info), sections(info), importTable(imports), exportTable(exports), counts(info)];
  return parts.filter((part) => part !== '').join('\n\n');
}

async function oneFunction(
  file: string,
  module: Module,
  index: number,
  { wat }: InspectOptions,
): Promise<string> {
  const { disassemble } = await import('../../compiler/function/dump-sink.ts');
  const { importedFunctions, functions } = module.info;
  if (index >= functions.length)
    throw new CliError(`${file}: no function ${index}: there are ${functions.length}`);
  if (index < importedFunctions) throw new CliError(`${file}: function ${index} is imported`);
  return naming(file, () =>
    wat === true ? disassemble(module.info, index) : module.textOf(index),
  ).trimEnd();
}

function table(heading: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : [heading, ...columns(rows).map((line) => `  ${line}`)].join('\n');
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

function importTable(imports: readonly ModuleImport[]): string {
  const rows = imports.map(({ module, name, kind, type }) => [quoted(module), quoted(name), kind, type]);
  return table('Imports (module, name, kind, type):', rows);
}

function exportTable(exports: readonly ModuleExport[]): string {
  return table(
    'Exports (name, kind, type):',
    exports.map(({ name, kind, type }) => [quoted(name), kind, type]),
  );
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
