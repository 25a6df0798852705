/**
 * The child's half of the mode `jitless`: runs commands with modules out of files. It imports no compiler, and refuses to
 * start where code could be made of text or WebAssembly exists.
 */
import type { Convert } from './convert.ts';
import { CompileError, PrecompiledEngine } from './engines/precompiled.ts';
import { Execution, type Outcome } from './execute.ts';
import type { Command, ModuleSource } from './script.ts';
import { TextProblem } from './text-problem.ts';

export type ToChild =
  | {
      readonly script: {
        readonly commands: readonly Command[];
        readonly listed: ReadonlyMap<number, string>;
      };
    }
  | { readonly id: number; readonly value: Uint8Array | string }
  | { readonly id: number; readonly refused: 'text' | 'compile'; readonly message: string };
export type FromChild =
  | { readonly id: number; readonly source: ModuleSource }
  | { readonly id: number; readonly bytes: Uint8Array }
  | { readonly outcomes: readonly Outcome[] };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

const waiting = new Map<number, Waiting>();
let requests = 0;

function checkFlags(): void {
  if ('WebAssembly' in globalThis) throw new Error('there is a WebAssembly object: start with --jitless');
  try {
    // biome-ignore lint/security/noGlobalEval: must not work here
    globalThis.eval('1');
  } catch {
    return;
  }
  throw new Error('code can be made of text: start with --disallow-code-generation-from-strings');
}

function ask<Answer>(question: { source: ModuleSource } | { bytes: Uint8Array }): Promise<Answer> {
  const id = requests++;
  process.send!({ id, ...question });
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
  });
}

const convert: Convert = (source) => ask({ source });

async function run({ commands, listed }: Extract<ToChild, { script: unknown }>['script']): Promise<void> {
  const engine = new PrecompiledEngine((bytes) => ask({ bytes }));
  const outcomes: Outcome[] = [];
  for await (const outcome of new Execution(engine, convert, listed).run(commands)) outcomes.push(outcome);
  engine.close();
  process.send!({ outcomes });
}

checkFlags();
process.on('message', (message: ToChild) => {
  if ('script' in message) {
    void run(message.script);
    return;
  }
  const { resolve, reject } = waiting.get(message.id)!;
  waiting.delete(message.id);
  if ('value' in message) resolve(message.value as never);
  else
    reject(message.refused === 'text' ? new TextProblem(message.message) : new CompileError(message.message));
});
