/**
 * The command line of `sandglass`: its commands, help and version. What a command does stands in its own file.
 */
import { Command } from 'commander';
import { COMPILER_VERSION } from '../../compiler/version.ts';
import { benchCommand } from './bench.ts';
import { cacheCommand } from './cache.ts';
import { compileCommand } from './compile.ts';
import { inspectCommand } from './inspect.ts';
import { pythonCommand } from './python.ts';
import { runCommand } from './run.ts';
import { validateCommand } from './validate.ts';

const EXAMPLES = `
Examples:
  sandglass run hello.wasm                          run a WASI program
  sandglass run --dir . python.wasm -c 'print(1)'   with a directory; options after the file are the program's
  sandglass run --invoke add add.wat 5 37           call one exported function
  sandglass run --fuel 1000000 --timeout 500 x.wasm stop after so many instructions, or milliseconds
  sandglass run --cache .sandglass python.wasm      start at once from the second run on
  sandglass python -c 'print(6 * 7)'                CPython 3.14 in a sandbox; without a program, a prompt
  sandglass compile app.wasm -o app.mjs             as JavaScript that needs no WebAssembly, eval or compiler
  sandglass validate a.wasm b.wasm
  sandglass inspect app.wasm --func 3 --js          the JavaScript that function 3 becomes
  sandglass bench crc.wasm --invoke crc32 65536     time a function under native WebAssembly and under Sandglass

Each command explains its options: sandglass run --help`;

export function commandLine(): Command {
  const command = new Command('sandglass')
    .description('Compiles WebAssembly to JavaScript and runs it inside a meter.')
    .version(COMPILER_VERSION)
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);
  const children = [
    runCommand(),
    pythonCommand(),
    compileCommand(),
    validateCommand(),
    inspectCommand(),
    benchCommand(),
    cacheCommand(),
    helpCommand(command),
  ];
  for (const child of children) command.addCommand(child);
  for (const each of [command, ...command.commands, ...command.commands.flatMap((child) => child.commands)]) {
    each.exitOverride().configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'sandglass: ')),
    });
  }
  return command;
}

/** Commander's own answers an unknown name with all of the help, and says not why. */
function helpCommand(command: Command): Command {
  return new Command('help')
    .description('display help for a command')
    .argument('[command]')
    .action((name: string | undefined) => {
      const found = name === undefined ? command : command.commands.find((each) => each.name() === name);
      if (found === undefined) command.error(`error: unknown command '${name}'`);
      found.help();
    });
}
