/**
 * CPython 3.14 in the process that `guest.ts` describes: no command with arguments and input of its own, but the interpreter of the
 * Python sandbox, booted on one engine and then called once for every line of input. The host code is the same for all engines.
 */
import { readFileSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Interpreter } from '../python/interpreter.ts';
import { standardLibrary } from '../python/standard-library.ts';
import type { Loaded } from './engines/engine.ts';

/** The program is `args[0]`: defines `run(n)` and `N`. */
const DRIVER = `
def main(request):
    return str(run(N)).encode()
`;

export function answerLines(file: string, args: readonly string[], { python, fuel }: Loaded): number {
  if (python === undefined) throw new Error('this engine has no link to the interpreter');
  const interpreter = Interpreter.boot(python(), {
    library: standardLibrary(readFileSync(join(dirname(file), 'python_stdlib.zip'))),
    stdout: (bytes) => void writeSync(2, bytes),
    stderr: (bytes) => void writeSync(2, bytes),
    env: { PYTHONHASHSEED: '0' },
  });
  const main = interpreter.load(`${args[0]}\n${DRIVER}`, '<bench>', 'main');
  const nothing = new Uint8Array(0);
  writeSync(1, `ready ${fuel?.() ?? ''}\n`);
  while (lineArrives()) {
    const result = Buffer.from(interpreter.call(main, nothing)).toString();
    writeSync(1, `${result} ${fuel?.() ?? ''}\n`);
  }
  interpreter.close();
  return 0;
}

/** Blocks; the measuring process sends one byte at a time. */
function lineArrives(): boolean {
  return readSync(0, new Uint8Array(1)) === 1;
}
