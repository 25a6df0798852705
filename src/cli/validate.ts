/**
 * `sandglass validate`: says of each file whether it is a valid module that Sandglass can compile, and why not.
 */
import { Command } from 'commander';
import type { FeatureOptions } from '../../compiler/features.ts';
import { oneLine, outcomeOf, STATUS } from './exit-status.ts';
import { loadModule, naming } from './load.ts';
import { addFeatureOption } from './options.ts';

export function validateCommand(): Command {
  const command = new Command('validate')
    .description('check modules: prints "valid" or the first error of each; exit status 1 if any has one')
    .argument('<files...>', 'binary modules, or text (.wat)');
  return addFeatureOption(command).action(validate);
}

/** Undefined if the module is valid; otherwise the line that says why not. */
async function fault(file: string, features: FeatureOptions): Promise<string | undefined> {
  try {
    const { Runtime } = await import('../index.ts');
    const bytes = await loadModule(file);
    naming(file, () => new Runtime({ features }).compileSync(bytes));
    return undefined;
  } catch (error) {
    return outcomeOf(error).lines[0];
  }
}

interface ValidateOptions {
  readonly features?: FeatureOptions;
}

async function validate(files: readonly string[], { features = {} }: ValidateOptions): Promise<void> {
  for (const file of files) {
    const line = await fault(file, features);
    if (line === undefined) {
      process.stdout.write(`${oneLine(file)}: valid\n`);
    } else {
      process.stderr.write(`${line}\n`);
      process.exitCode = STATUS.error;
    }
  }
}
