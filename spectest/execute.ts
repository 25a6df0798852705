/**
 * Runs a script's commands against an engine and says of each how it went.
 *
 * Commands on a module that is listed as not due are skipped with it; on one that failed, they fail with it.
 */
import type { Convert } from './convert.ts';
import type { Engine, EngineInstance, FailureKind, Imports } from './engine.ts';
import { spectestModule } from './host.ts';
import { textMatches } from './messages.ts';
import type { Action, Command, Cut, Failure, ModuleSource, Refusal } from './script.ts';
import { TextProblem } from './text-problem.ts';
import { describe, matches, type Pattern } from './values.ts';

/** `text`: a text was refused, as it should be, by the parser of the text format, which is not Sandglass's; counted apart. */
export type Status = 'passed' | 'failed' | 'skipped' | 'text';
export interface Outcome {
  readonly line: number;
  readonly kind: string;
  readonly status: Status;
  /** Why it failed or was skipped. */
  readonly detail: string;
}

/** A command did not do what it should have done. */
class Mismatch extends Error {}
/** A malformed text did not come as far as the engine. */
class RefusedText extends Error {}
/** The command needs an instance that is not there. */
class MissingInstance extends Mismatch {
  readonly listed: boolean;
  constructor(line: number, listed: boolean) {
    super(`needs the module of line ${line}, which ${listed ? 'is skipped' : 'failed'}`);
    this.listed = listed;
  }
}

interface Missing {
  readonly line: number;
  readonly listed: boolean;
}
type Slot = EngineInstance | Missing;

const FAILURE_KINDS: Readonly<Record<Failure | Refusal, FailureKind>> = {
  assert_trap: 'trap',
  assert_exhaustion: 'exhaustion',
  assert_exception: 'exception',
  assert_invalid: 'compile',
  assert_malformed: 'compile',
  assert_invalid_custom: 'compile',
  assert_malformed_custom: 'compile',
  assert_unlinkable: 'link',
  assert_uninstantiable: 'trap',
};

export class Execution {
  readonly #engine: Engine;
  readonly #convert: Convert;
  /** Line → reason, of the commands that are listed as not due. */
  readonly #listed: ReadonlyMap<number, string>;
  readonly #instances = new Map<string, Slot>();
  readonly #definitions = new Map<string, unknown>();
  readonly #registered: Record<string, Readonly<Record<string, unknown>>> = Object.create(null);
  #latest: Slot = { line: 0, listed: false };
  #latestDefinition: unknown;

  constructor(engine: Engine, convert: Convert, listed: ReadonlyMap<number, string> = new Map()) {
    this.#engine = engine;
    this.#convert = convert;
    this.#listed = listed;
  }

  async *run(commands: readonly Command[]): AsyncGenerator<Outcome> {
    this.#registered.spectest = await spectestModule(this.#engine, this.#convert);
    for (const command of commands) {
      const { line, kind } = command;
      yield { line, kind, ...(await this.#outcome(command)) };
    }
    const lines = new Set(commands.flatMap((command) => [command.line, ...cutOf(command).lines]));
    for (const line of this.#listed.keys()) {
      if (!lines.has(line))
        yield { line, kind: 'expectation', status: 'failed', detail: 'no command or field begins here' };
    }
  }

  async #outcome(command: Command): Promise<Pick<Outcome, 'status' | 'detail'>> {
    const reason = this.#listed.get(command.line);
    try {
      await this.#perform(command);
    } catch (error) {
      if (error instanceof RefusedText) return { status: 'text', detail: error.message };
      const detail = error instanceof Mismatch ? error.message : this.#words(error);
      if (error instanceof MissingInstance && error.listed) return { status: 'skipped', detail };
      return reason === undefined ? { status: 'failed', detail } : { status: 'skipped', detail: reason };
    }
    if (reason === undefined) return { status: 'passed', detail: '' };
    return { status: 'failed', detail: `passes, though listed as not due (${reason}): take it off the list` };
  }

  async #perform(command: Command): Promise<void> {
    await this.#checkCut(cutOf(command));
    switch (command.kind) {
      case 'module':
        return this.#enter(command.name, command.line, async () =>
          this.#instantiate(await this.#compile(command.source)),
        );
      case 'definition': {
        this.#latestDefinition = await this.#compile(command.source);
        if (command.name !== undefined) this.#definitions.set(command.name, this.#latestDefinition);
        return;
      }
      case 'instance':
        return this.#enter(command.name, command.line, async () =>
          this.#instantiate(this.#definition(command.definition)),
        );
      case 'register':
        this.#registered[command.as] = this.#instance(command.instance).exports;
        return;
      case 'action':
        await this.#act(command.action, undefined);
        return;
      case 'assert_return':
        return this.#assertReturn(command.action, command.expected);
      case 'assert_trap':
      case 'assert_exhaustion':
      case 'assert_exception':
        return this.#assertFailure(command.kind, command.text, () => this.#act(command.action, undefined));
      case 'assert_malformed':
      case 'assert_malformed_custom':
        return this.#assertMalformed(command.kind, command.source, command.text);
      case 'assert_invalid':
      case 'assert_invalid_custom': {
        const bytes = await this.#convert(command.source);
        return this.#assertFailure(command.kind, command.text, () => this.#engine.compile(bytes));
      }
      case 'assert_unlinkable':
      case 'assert_uninstantiable': {
        const module = await this.#compile(command.source);
        return this.#assertFailure(command.kind, command.text, () => this.#instantiate(module));
      }
      case 'unknown':
        throw new Mismatch(`the runner does not know (${command.keyword} …)`);
    }
  }

  /** What a text may not contain, the text's parser refuses; if it does not, the engine has to refuse what it makes of it. */
  async #assertMalformed(kind: Refusal, source: ModuleSource, text: string): Promise<void> {
    const bytes = await this.#convert(source).catch((error: unknown) => {
      throw error instanceof TextProblem ? new RefusedText(error.message) : error;
    });
    const wanted = source.kind === 'text' ? '' : text;
    return this.#assertFailure(kind, wanted, () => this.#engine.compile(bytes));
  }

  /** What was cut out of a module must be what the engine does not take. */
  async #checkCut({ lines, uncut }: Cut): Promise<void> {
    if (lines.length === 0) return;
    const bytes = await this.#convert({ kind: 'text', text: uncut });
    try {
      await this.#engine.compile(bytes);
    } catch (error) {
      if (this.#engine.kindOf(error) === 'compile') return;
      throw error;
    }
    throw new Mismatch(
      `compiles with lines ${lines.join(', ')}, though they are listed as not due: take them off the list`,
    );
  }

  /** Makes an instance the latest one; or the reason why there is none. */
  async #enter(name: string | undefined, line: number, make: () => Promise<EngineInstance>): Promise<void> {
    const settle = (slot: Slot) => {
      this.#latest = slot;
      if (name !== undefined) this.#instances.set(name, slot);
    };
    settle({ line, listed: this.#listed.has(line) });
    settle(await make());
  }

  async #compile(source: ModuleSource): Promise<unknown> {
    return this.#engine.compile(await this.#convert(source));
  }

  #instantiate(module: unknown): EngineInstance {
    return this.#engine.instantiate(module, this.#registered as Imports);
  }

  #definition(name: string | undefined): unknown {
    const definition = name === undefined ? this.#latestDefinition : this.#definitions.get(name);
    if (definition === undefined) throw new Mismatch(`no module definition ${name ?? ''}`);
    return definition;
  }

  #instance(name: string | undefined): EngineInstance {
    const slot = name === undefined ? this.#latest : this.#instances.get(name);
    if (slot === undefined) throw new Mismatch(`no instance ${name}`);
    if ('line' in slot) throw new MissingInstance(slot.line, slot.listed);
    return slot;
  }

  async #act(action: Action, expected: readonly Pattern[] | undefined): Promise<readonly unknown[]> {
    const instance = this.#instance(action.instance);
    if (!(action.field in instance.exports)) throw new Mismatch(`no export "${action.field}"`);
    if (action.kind === 'get') return [this.#engine.get(instance, action.field, expected?.[0])];
    return this.#engine.invoke(instance, action.field, action.args, expected);
  }

  async #assertReturn(action: Action, expected: readonly Pattern[]): Promise<void> {
    const results = await this.#act(action, expected);
    const same =
      results.length === expected.length && expected.every((pattern, i) => matches(pattern, results[i]));
    if (same) return;
    const list = (values: readonly unknown[]) => `[${values.map(describe).join(', ')}]`;
    throw new Mismatch(`expected ${list(expected)}, got ${list(results)}`);
  }

  async #assertFailure(kind: Failure | Refusal, text: string, attempt: () => unknown): Promise<void> {
    const expected = `expected ${FAILURE_KINDS[kind]} "${text}"`;
    try {
      await attempt();
    } catch (error) {
      if (error instanceof Mismatch) throw error;
      const sameKind = this.#engine.kindOf(error) === FAILURE_KINDS[kind];
      const sameText = text === '' || !this.#engine.speaksSpec || textMatches(text, messageOf(error));
      if (sameKind && sameText) return;
      throw new Mismatch(`${expected}, got ${this.#words(error)}`);
    }
    throw new Mismatch(`${expected}, got none`);
  }

  #words(error: unknown): string {
    if (error instanceof TextProblem) return `the text parser refuses it: ${error.message}`;
    return error instanceof Error ? `${error.name}: ${messageOf(error)}` : describe(error);
  }
}

function cutOf(command: Command): Cut {
  const source = 'source' in command ? command.source : undefined;
  return (source?.kind === 'text' ? source.cut : undefined) ?? { lines: [], uncut: '' };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
