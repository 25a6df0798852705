/**
 * The parent's half of the mode `jitless`: a child process without WebAssembly and without any way to make code of text
 * runs the scripts; this process reads them, parses text modules and compiles.
 *
 *   parent ── commands ──▶ child ── convert, compile ──▶ parent ── bytes, URL of a file ──▶ child ── outcomes ──▶ parent
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FeatureOptions } from '../compiler/features.ts';
import { CompileError } from '../runtime/errors.ts';
import type { Convert } from './convert.ts';
import type { Outcome } from './execute.ts';
import type { FromChild, ToChild } from './jitless-child.ts';
import { PrecompiledFiles } from './precompiled-files.ts';
import type { Runner } from './run-file.ts';
import type { Command } from './script.ts';
import { TextProblem } from './text-problem.ts';

const CHILD = fileURLToPath(new URL('./jitless-child.js', import.meta.url));
export const JITLESS = ['--jitless', '--disallow-code-generation-from-strings'];

/** One child serves all files, one after the other. */
export function startJitless(convert: Convert): (features: FeatureOptions) => Runner {
  const files = new PrecompiledFiles({ target: 'jitless' });
  const child = fork(CHILD, [], { execArgv: [...JITLESS, '--no-warnings'], serialization: 'advanced' });
  // Nothing but the file that is running keeps this process.
  child.unref();
  child.channel?.unref();
  return (features) => ({
    run: (commands, listed) => outcomes(child, { convert, files, features }, { commands, listed }),
    close: () => {},
  });
}

interface Services {
  readonly convert: Convert;
  readonly files: PrecompiledFiles;
  readonly features: FeatureOptions;
}

async function* outcomes(
  child: ChildProcess,
  services: Services,
  script: { readonly commands: readonly Command[]; readonly listed: ReadonlyMap<number, string> },
): AsyncGenerator<Outcome> {
  const send = (message: ToChild) => child.send(message);
  child.channel?.ref();
  const all = await new Promise<readonly Outcome[]>((resolve, reject) => {
    child.removeAllListeners();
    child.once('exit', (status, signal) => reject(new Error(`the child process ended: ${status ?? signal}`)));
    child.on('message', (message: FromChild) => {
      if ('outcomes' in message) resolve(message.outcomes);
      else void answer(message, services).then(send, reject);
    });
    send({ script });
  });
  child.channel?.unref();
  yield* all;
}

/** What the compiler or the text's parser refuses is an answer, too. */
async function answer(
  request: Exclude<FromChild, { outcomes: unknown }>,
  services: Services,
): Promise<ToChild> {
  const { convert, files, features } = services;
  const { id } = request;
  try {
    if ('source' in request) return { id, value: await convert(request.source) };
    return { id, value: await files.write(request.bytes, features) };
  } catch (error) {
    if (error instanceof TextProblem) return { id, refused: 'text', message: error.message };
    if (error instanceof CompileError) return { id, refused: 'compile', message: error.message };
    throw error;
  }
}
