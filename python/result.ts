/**
 * What `execute` answers: output, the result variable, what was used up. Made of what the worker posted, which came from
 * untrusted code: it has been checked and bounded before (worker side), and is only text and numbers here.
 */
import { parseJson } from './json.ts';

export interface ExecuteStats {
  readonly durationMs: number;
  readonly callbackInvocations: number;
  /** Of the interpreter's memory; undefined where the run was lost with its worker. */
  readonly peakMemoryBytes: number | undefined;
  /** WebAssembly instructions; undefined where the run was lost with its worker. */
  readonly fuelConsumed: bigint | undefined;
}

export type TraceKind = 'line' | 'call' | 'return' | 'exception' | 'callback_start' | 'callback_end';

export interface TraceEvent {
  readonly kind: TraceKind;
  readonly lineno: number;
  /** Of `call` and `return`. */
  readonly function?: string | undefined;
  /** Of `exception`. */
  readonly message?: string | undefined;
  /** Of `callback_start` and `callback_end`. */
  readonly name?: string | undefined;
  /** Of `callback_end`. */
  readonly durationMs?: number | undefined;
}

export interface ExecuteResultParts {
  readonly rawStdout: string;
  readonly rawStderr: string;
  readonly truncated: boolean;
  readonly resultJson: string | undefined;
  readonly resultError: string | undefined;
  readonly stats: ExecuteStats;
  readonly trace: readonly TraceEvent[];
}

export class ExecuteResult {
  /** Without the newlines at its end. */
  readonly stdout: string;
  readonly stderr: string;
  /** As it was written. */
  readonly rawStdout: string;
  readonly rawStderr: string;
  /** Some output was dropped, see `maxOutputBytes`. */
  readonly truncated: boolean;
  /** The result variable as a JavaScript value (whole numbers beyond 2^53 as bigints); undefined where there is none. */
  readonly result: unknown;
  readonly resultJson: string | undefined;
  /** Why the variable's value is not there. */
  readonly resultError: string | undefined;
  readonly stats: ExecuteStats;
  readonly trace: readonly TraceEvent[];

  constructor(parts: ExecuteResultParts) {
    this.rawStdout = parts.rawStdout;
    this.rawStderr = parts.rawStderr;
    this.stdout = withoutNewlines(parts.rawStdout);
    this.stderr = withoutNewlines(parts.rawStderr);
    this.truncated = parts.truncated;
    const { value, error } = readResult(parts);
    this.resultJson = parts.resultJson;
    this.resultError = error;
    this.result = value;
    this.stats = parts.stats;
    this.trace = parts.trace;
  }

  get durationMs(): number {
    return this.stats.durationMs;
  }

  get callbackInvocations(): number {
    return this.stats.callbackInvocations;
  }

  get peakMemoryBytes(): number | undefined {
    return this.stats.peakMemoryBytes;
  }

  get fuelConsumed(): bigint | undefined {
    return this.stats.fuelConsumed;
  }

  toString(): string {
    return this.stdout;
  }
}

/** A program that meddled with its interpreter may have sent what is no JSON. */
function readResult({ resultJson, resultError }: ExecuteResultParts): {
  value?: unknown;
  error: string | undefined;
} {
  if (resultJson === undefined) return { error: resultError };
  try {
    return { value: parseJson(resultJson), error: resultError };
  } catch (error) {
    return { error: `result cannot be read: ${(error as Error).message}` };
  }
}

export function withoutNewlines(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\n') end--;
  return text.slice(0, end);
}
