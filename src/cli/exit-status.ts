/**
 * How a run ends: every error becomes an exit status and one line for stderr. The only place where statuses are chosen
 * and where messages are made fit for a terminal.
 */
import { writeSync } from 'node:fs';
import {
  Exception,
  ExitError,
  formatWasmStack,
  InternalError,
  OutOfFuelError,
  TimeoutError,
  Trap,
} from '../../runtime/errors.ts';

/** As timeout(1) and the shell count: 124 timed out, 128 + SIGABRT for a trap, 128 + SIGPIPE; 125 is ours. */
export const STATUS = { error: 1, usage: 2, timeout: 124, fuel: 125, trap: 134, brokenPipe: 141 } as const;

/** What a command reports to the process: plain data, because it crosses from the worker to the main thread. */
export interface Outcome {
  readonly status: number;
  /** Lines for stderr, without line ends; usually none or one. */
  readonly lines: readonly string[];
}

/** An error whose message is already meant for the user: a file that cannot be read, an argument that does not fit. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

const MAX_MESSAGE = 500;

/** Control characters escaped, so that names chosen by a module can neither add lines nor steer the terminal. */
export function oneLine(text: string): string {
  const escaped = (character: string) => `\\u{${character.codePointAt(0)!.toString(16)}}`;
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
  return clean.length <= MAX_MESSAGE ? clean : `${clean.slice(0, MAX_MESSAGE)}…`;
}

/** `trap: integer divide by zero at div (func 3, offset 0x3a)`, and on request every frame on a line of its own. */
function trapLines(trap: Trap, trace: boolean): string[] {
  const frames = formatWasmStack(trap.wasmStack)
    .split('\n')
    .filter((line) => line !== '');
  const where = frames.length === 0 ? '' : ` ${frames[0]!.trim()}`;
  return [`trap: ${trap.message}${where}`, ...(trace ? frames : [])];
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Status and lines (without the program's name) of an error that ended a command. */
function classify(error: unknown, trace: boolean): Outcome {
  if (error instanceof ExitError) return { status: error.code, lines: [] };
  if (error instanceof Trap) return { status: STATUS.trap, lines: trapLines(error, trace) };
  if (error instanceof TimeoutError) return { status: STATUS.timeout, lines: [`time-out: ${error.message}`] };
  if (error instanceof OutOfFuelError) return { status: STATUS.fuel, lines: [error.message] };
  if (error instanceof Exception) return { status: STATUS.error, lines: [error.message] };
  return { status: STATUS.error, lines: [messageOf(error)] };
}

/** The outcome of a command that threw. `trace` adds the frames of a trap's wasm stack. */
export function outcomeOf(error: unknown, trace = false): Outcome {
  const { status, lines } = classify(error, trace);
  return { status, lines: lines.map((line, i) => (i === 0 ? `sandglass: ${oneLine(line)}` : oneLine(line))) };
}

/**
 * Prints an outcome's lines and answers its status. Written at once: the process may be about to end. A stderr that
 * cannot be written to changes no status; there is nobody left to tell.
 */
export function conclude({ status, lines }: Outcome): number {
  try {
    for (const line of lines) writeSync(2, `${line}\n`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
  return status;
}

/** For errors that no command expected: the system's (a full disk behind stdout), or a bug of ours. */
export function unexpected(error: unknown): number {
  const known = error instanceof CliError || error instanceof InternalError || isSystemError(error);
  return conclude(outcomeOf(known ? error : new InternalError(messageOf(error))));
}

const isSystemError = (error: unknown) => error instanceof Error && 'syscall' in error;
