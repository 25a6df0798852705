/**
 * `sandglass compile`: writes a module as JavaScript files that run without the compiler. What is in them, `precompile.ts`
 * knows; here are the options, and the disk.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { FeatureOptions } from '../../compiler/features.ts';
import type { Target } from '../../compiler/opcodes.ts';
import type { FuelForms, OutputFile } from '../precompile.ts';
import { readSource, sourceMapReader } from '../source-files.ts';
import { CliError } from './exit-status.ts';
import { loadModule, namingAsync } from './load.ts';
import { addFeatureOption } from './options.ts';
import { Progress } from './progress.ts';

interface CompileOptions {
  readonly output?: string;
  readonly standalone?: true;
  readonly metering: boolean;
  readonly fuel?: FuelForms;
  readonly countDepth?: true;
  readonly countObjects?: true;
  readonly minify?: true;
  readonly inline?: true;
  readonly types?: true;
  readonly sourceMap?: true;
  readonly debug?: boolean;
  readonly target?: Target;
  readonly runtime?: string;
  readonly progress?: boolean;
  readonly features?: FeatureOptions;
}

const FORMS: readonly FuelForms[] = ['count', 'limit', 'both'];
const TARGETS: readonly Target[] = ['v8-11', 'v8-12+', 'jitless'];

const EXAMPLES = `
The file exports instantiate(imports, options), the module's description, and the module itself for a Runtime:
  import { instantiate } from './app.mjs';
  const { exports } = await instantiate(imports, { fuel: 1_000_000n });`;

export function compileCommand(): Command {
  const command = new Command('compile')
    .description('write a module as JavaScript that runs without WebAssembly, eval and the compiler')
    .argument('<file>', 'a binary module, or text (.wat)')
    .option('-o, --output <file.mjs>', 'default: the name of the module, with .mjs', parseOutput)
    .option('--standalone', 'one file that imports nothing: the runtime is in it')
    .option('--no-metering', 'code without the meter: no fuel, deadlines, interruption')
    .addOption(
      new Option('--fuel <what>', 'code that counts fuel, that can limit it, or both (default)').choices(
        FORMS,
      ),
    )
    .option('--count-depth', 'code that can limit the depth of calls (limits.callDepth)')
    .option('--count-objects', 'code that can limit the bytes of objects (limits.gcBytes)')
    .option('--minify', 'less text')
    .option('--inline', 'no side files: data and all code in one file')
    .option('--types', 'a .d.ts, too')
    .option('--source-map', "a source map, to the program's source or its text")
    .option('-g, --debug', 'traps tell byte offsets and source lines (default: for modules compiled with -g)')
    .option('--no-debug', 'traps tell functions only')
    .addOption(
      new Option('--target <engine>', 'the engine to be fast on (default: this one)').choices(TARGETS),
    )
    .option('--runtime <specifier>', 'where the file finds the runtime (default: sandglass/runtime)')
    .option('--progress', 'tell how far it is (default: on a terminal, if it takes long)')
    .option('--no-progress', 'do not');
  return addFeatureOption(command).addHelpText('after', EXAMPLES).action(compile);
}

function parseOutput(text: string): string {
  if (!/\.m?js$/.test(text)) throw new InvalidArgumentError('It must end with .mjs or .js.');
  return text;
}

async function compile(file: string, options: CompileOptions): Promise<void> {
  if (!options.metering && options.fuel !== undefined)
    throw new CliError('--fuel and --no-metering exclude each other');
  const output = options.output ?? `${basename(file, extname(file))}.mjs`;
  if (resolve(output) === resolve(file))
    throw new CliError(`${file}: would be overwritten; choose another --output`);
  const { precompile } = await import('../precompile.ts');
  const bytes = await loadModule(file);
  const { output: _output, progress, ...rest } = options;
  const bar = new Progress(basename(file), progress);
  const files = await namingAsync(file, () =>
    precompile(bytes, {
      ...rest,
      name: basename(output),
      readSource,
      readSourceMap: sourceMapReader(file),
      onProgress: (done, total) => bar.show(done, total),
    }),
  ).finally(() => bar.end());
  write(dirname(output), files);
}

/**
 * A file that is there is whole, and the files fit together: the main one goes before others are replaced, and comes last.
 */
function write(folder: string, files: readonly OutputFile[]): void {
  const [main, ...side] = files.map(({ name, contents }) => {
    const path = join(folder, name);
    return { path, draft: `${path}.${process.pid}.part`, contents };
  });
  const ordered = [...side, main!];
  const attempt = (path: string, step: () => void): void => {
    try {
      step();
    } catch (error) {
      for (const { draft } of ordered) rmSync(draft, { force: true });
      throw new CliError(`${path}: cannot be written: ${(error as NodeJS.ErrnoException).code}`);
    }
  };
  for (const { path, draft, contents } of ordered) attempt(path, () => writeFileSync(draft, contents));
  if (side.length > 0) attempt(main!.path, () => rmSync(main!.path, { force: true }));
  for (const { path, draft } of ordered) attempt(path, () => renameSync(draft, path));
}
