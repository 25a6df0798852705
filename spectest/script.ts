/**
 * Reads a `.wast` script: s-expressions in, the commands of the suite's script language out (the grammar is in the
 * spec repository's `interpreter/README.md`, "Scripts").
 *
 * Only reads. Text modules stay text, to be converted by `convert.ts`; `execute.ts` gives the commands their meaning.
 */
import { headOf, type List, type Node, parseSexprs, SyntaxProblem } from './sexpr.ts';
import { type Pattern, readPattern, readValue, type Value } from './values.ts';

export type ModuleSource =
  /** As written, for a parser of the text format. */
  | { readonly kind: 'text'; readonly text: string; readonly cut?: Cut }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array };

/** Fields were left out of a module because they stand on listed lines: functions that use what is not due. */
export interface Cut {
  readonly lines: readonly number[];
  /** The text with them. */
  readonly uncut: string;
}

export type Action = {
  readonly kind: 'invoke' | 'get';
  /** `$name` of the instance; undefined: the latest. */
  readonly instance: string | undefined;
  readonly field: string;
  readonly args: readonly Value[];
};

/** What a module must fail with. */
export type Refusal =
  | 'assert_invalid'
  | 'assert_malformed'
  | 'assert_invalid_custom'
  | 'assert_malformed_custom'
  | 'assert_unlinkable'
  | 'assert_uninstantiable';
/** What a call must fail with. */
export type Failure = 'assert_trap' | 'assert_exhaustion' | 'assert_exception';

type CommandBody =
  | {
      readonly kind: 'module' | 'definition';
      readonly name: string | undefined;
      readonly source: ModuleSource;
    }
  | { readonly kind: 'instance'; readonly name: string | undefined; readonly definition: string | undefined }
  | { readonly kind: 'register'; readonly as: string; readonly instance: string | undefined }
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'assert_return'; readonly action: Action; readonly expected: readonly Pattern[] }
  | { readonly kind: Failure; readonly action: Action; readonly text: string }
  | { readonly kind: Refusal; readonly source: ModuleSource; readonly text: string }
  /** A command of a proposal that this runner does not know. */
  | { readonly kind: 'unknown'; readonly keyword: string };
export type Command = CommandBody & { readonly line: number };

const FIELDS = /^(type|rec|import|func|table|memory|global|tag|export|start|elem|data)$/;

interface Script {
  readonly text: string;
  readonly cutLines: ReadonlySet<number>;
}

/** Fields of modules that begin on `cutLines` are left out, except where the module itself begins there. */
export function parseScript(text: string, cutLines: ReadonlySet<number> = new Set()): readonly Command[] {
  const nodes = parseSexprs(text);
  // A script may be one module whose `(module …)` is left out.
  if (FIELDS.test(headOf(nodes[0]) ?? '')) {
    return [
      { kind: 'module', line: 1, name: undefined, source: { kind: 'text', text: `(module ${text}\n)` } },
    ];
  }
  return nodes.map((node) => commandOf(node, { text, cutLines }));
}

function commandOf(node: Node, script: Script): Command {
  return { line: node.line, ...commandBody(node, script) };
}

function commandBody(node: Node, script: Script): CommandBody {
  const items = new Items(node);
  const kind = items.atom();
  switch (kind) {
    case 'module':
      return moduleCommand(node, script);
    case 'register':
      return { kind, as: items.string(), instance: items.optionalName() };
    case 'invoke':
    case 'get':
      return { kind: 'action', action: actionOf(node) };
    case 'assert_return':
      return { kind, action: actionOf(items.next()), expected: items.rest().map(readPattern) };
    case 'assert_trap': {
      const subject = items.next();
      if (headOf(subject) !== 'module') return { kind, action: actionOf(subject), text: items.string() };
      // The start function, or an active segment, traps.
      return { kind: 'assert_uninstantiable', source: sourceOf(subject, script), text: items.string() };
    }
    case 'assert_exhaustion':
      return { kind, action: actionOf(items.next()), text: items.string() };
    case 'assert_exception':
      return { kind, action: actionOf(items.next()), text: '' };
    case 'assert_invalid':
    case 'assert_malformed':
    case 'assert_invalid_custom':
    case 'assert_malformed_custom':
    case 'assert_unlinkable':
    case 'assert_uninstantiable':
      return { kind, source: sourceOf(items.next(), script), text: items.string() };
    default:
      return { kind: 'unknown', keyword: kind };
  }
}

function actionOf(node: Node): Action {
  const items = new Items(node);
  const kind = items.atom();
  if (kind !== 'invoke' && kind !== 'get')
    throw new SyntaxProblem(`line ${node.line}: unknown action ${kind}`);
  return { kind, instance: items.optionalName(), field: items.string(), args: items.rest().map(readValue) };
}

function sourceOf(node: Node, script: Script): ModuleSource {
  const command = moduleCommand(node, script);
  if (command.kind !== 'module') throw new SyntaxProblem(`line ${node.line}: expected a module`);
  return command.source;
}

type ModuleCommand = Extract<CommandBody, { kind: 'module' | 'definition' | 'instance' }>;

/** `(module [definition] $name? …)` or `(module instance $name? $definition?)` */
function moduleCommand(node: Node, script: Script): ModuleCommand {
  const items = new Items(node);
  items.atom();
  if (items.skipAtom('instance')) {
    return { kind: 'instance', name: items.optionalName(), definition: items.optionalName() };
  }
  const kind = items.skipAtom('definition') ? 'definition' : 'module';
  const start = items.at;
  const name = items.optionalName();
  if (items.skipAtom('binary')) return { kind, name, source: { kind: 'binary', bytes: joined(items) } };
  if (items.skipAtom('quote')) {
    // With or without `(module …)` around it.
    return { kind, name, source: { kind: 'text', text: textDecoder.decode(joined(items)) } };
  }
  return { kind, name, source: writtenSource(node, start, items.rest(), script) };
}

/** The text format knows no `definition`, so the text begins anew behind it. */
function writtenSource(
  node: Node,
  start: number,
  fields: readonly Node[],
  { text, cutLines }: Script,
): ModuleSource {
  const uncut = `(module${text.slice(start, node.end)}`;
  const cut = cutLines.has(node.line) ? [] : fields.filter((field) => cutLines.has(field.line));
  if (cut.length === 0) return { kind: 'text', text: uncut };
  const pieces: string[] = [];
  let from = start;
  for (const field of cut) {
    pieces.push(text.slice(from, field.start));
    from = field.end;
  }
  const left = `(module${pieces.join('')}${text.slice(from, node.end)}`;
  return { kind: 'text', text: left, cut: { lines: cut.map(({ line }) => line), uncut } };
}

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

function joined(items: Items): Uint8Array {
  return Buffer.concat(
    items.rest().map((node) => (node.kind === 'string' ? node.bytes : unexpected(node, 'a string'))),
  );
}

function unexpected(node: Node, expected: string): never {
  const found = node.kind === 'atom' ? node.text : `a ${node.kind}`;
  throw new SyntaxProblem(`line ${node.line}: expected ${expected}, found ${found}`);
}

/** Takes a list's items from the left. */
class Items {
  readonly #list: List;
  #next = 0;

  constructor(node: Node) {
    this.#list = node.kind === 'list' ? node : unexpected(node, 'a list');
  }

  /** Where the latest item taken ends. */
  get at(): number {
    return this.#list.items[this.#next - 1]?.end ?? this.#list.start;
  }

  next(): Node {
    const item = this.#list.items[this.#next++];
    if (item === undefined) throw new SyntaxProblem(`line ${this.#list.line}: the list ends too early`);
    return item;
  }

  rest(): readonly Node[] {
    const rest = this.#list.items.slice(this.#next);
    this.#next = this.#list.items.length;
    return rest;
  }

  atom(): string {
    const item = this.next();
    return item.kind === 'atom' ? item.text : unexpected(item, 'a keyword');
  }

  string(): string {
    const item = this.next();
    return item.kind === 'string' ? textDecoder.decode(item.bytes) : unexpected(item, 'a string');
  }

  skipAtom(text: string): boolean {
    const item = this.#list.items[this.#next];
    const found = item?.kind === 'atom' && item.text === text;
    if (found) this.#next++;
    return found;
  }

  optionalName(): string | undefined {
    const item = this.#list.items[this.#next];
    return item?.kind === 'atom' && item.text.startsWith('$') ? this.atom() : undefined;
  }
}
