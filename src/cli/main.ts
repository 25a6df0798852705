#!/usr/bin/env node
/**
 * The `sandglass` command: parses the command line, and decides how the process ends. Commands are declared in
 * `command-line.ts`; errors become exit statuses in `exit-status.ts`.
 *
 * Signals are left to the system, so that the program behaves as any Unix tool: Ctrl-C kills at once, even while the
 * worker runs a hot loop, and a write to a closed pipe ends the process by SIGPIPE.
 */
import { STATUS, unexpected } from './exit-status.ts';
import { preferMainThread } from './priority.ts';
import { startWorker } from './worker.ts';

/** Node ignores SIGPIPE from its start; taking a handler away again leaves the system's own behaviour: to die of it. */
function dieOfClosedPipes(): void {
  if (process.platform === 'win32') return;
  const handler = () => {};
  process.on('SIGPIPE', handler);
  process.off('SIGPIPE', handler);
}

/** Of Commander's errors, it has printed the message, or the help, by now. */
function fail(error: unknown): void {
  const { code, exitCode } = error as { readonly code?: unknown; readonly exitCode?: unknown };
  if (String(code).startsWith('commander.')) process.exitCode = exitCode === 0 ? 0 : STATUS.usage;
  else process.exitCode = unexpected(error);
}

dieOfClosedPipes();
process.on('uncaughtException', (error) => process.exit(unexpected(error)));
// While this thread reads the command line, the compiler is being loaded in the other.
if (process.argv[2] === 'run') {
  preferMainThread();
  startWorker('./run-worker.js');
}
import('./command-line.ts').then(({ commandLine }) => commandLine().parseAsync()).catch(fail);
