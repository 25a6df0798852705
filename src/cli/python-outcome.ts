/**
 * How a run of `sandglass python` ends: what a sandbox's promise was rejected with becomes an exit status and lines for
 * stderr. A traceback is shown as Python shows it, every other error as the other commands do theirs.
 */
import type { ExecuteStats, SandboxError } from '../python.ts';
import { type Outcome, oneLine, outcomeOf, STATUS } from './exit-status.ts';

/** The classes by name: this thread does not load the library to tell an error's class. */
type Named = Error & Partial<Pick<SandboxError, 'recovery'>>;
interface Raised extends Named {
  readonly type?: string;
  readonly traceback: string;
  readonly exitCode?: number;
}

/** What the system makes of a status: its low byte. */
const BYTE = 0xff;
/** As a shell counts a program that died of Ctrl-C. */
const INTERRUPTED = 130;

export function outcomeOfPython(error: unknown): Outcome {
  const named = error as Named;
  const failed = (status: number): Outcome => ({ status, lines: [`sandglass: ${oneLine(named.message)}`] });
  switch (named?.name) {
    case 'ExecutionError':
      return outcomeOfException(named as Raised);
    case 'TimeoutError':
      return failed(STATUS.timeout);
    case 'ResourceLimitError':
      return failed((named as { resource?: string }).resource === 'fuel' ? STATUS.fuel : STATUS.error);
    case 'CancelledError':
      return { status: INTERRUPTED, lines: [] };
    default:
      return outcomeOf(error);
  }
}

function outcomeOfException({ type, message, traceback, exitCode = STATUS.error }: Raised): Outcome {
  if (type === undefined) return { status: STATUS.error, lines: [`sandglass: ${oneLine(message)}`] };
  if (type !== 'SystemExit') return { status: STATUS.error, lines: [traceback] };
  // `sys.exit("text")` prints the text.
  const text = message.replace(/^SystemExit(: |$)/, '');
  const isNumber = /^-?\d+$/.test(text) && (Number(text) & BYTE) === exitCode;
  return { status: exitCode & BYTE, lines: text === '' || isNumber ? [] : [text] };
}

/** What `--stats` tells. */
export function statsLines({ durationMs, peakMemoryBytes, fuelConsumed }: ExecuteStats): string[] {
  const facts = [
    `time ${Math.round(durationMs)} ms`,
    ...(fuelConsumed === undefined ? [] : [`fuel consumed ${fuelConsumed}`]),
    ...(peakMemoryBytes === undefined ? [] : [`memory at most ${peakMemoryBytes} bytes`]),
  ];
  return facts.map((line) => `sandglass: ${line}`);
}
