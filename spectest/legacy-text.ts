/**
 * Rewrites folded legacy exception instructions into flat ones, text to text:
 *
 *     (try $l (result i32) (do (call $f)) (catch $e (drop)))   →   try $l (result i32) call $f catch $e drop end
 *     (try (do (call $f)) (delegate 0))                        →   try call $f delegate 0
 *
 * The third-party text parser reads only the flat form. Whatever contains a folded `try` has to be unfolded with it, so
 * whole function bodies are; everything else of a module stays as it was written.
 */
import { headOf, type List, type Node, parseSexprs, SyntaxProblem } from './sexpr.ts';

/** The module's text, rewritten where it has folded `try`s. A text that is not even a list of lists is the parser's business. */
export function flattenTries(text: string): string {
  if (!/\(\s*try\s/.test(text)) return text;
  let nodes: readonly Node[];
  try {
    nodes = parseSexprs(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) return text;
    throw error;
  }
  // The `(module …)` around the fields may be left out.
  return nodes
    .map((node) =>
      headOf(node) === 'module' ? `(${fields((node as List).items, text)})` : fields([node], text),
    )
    .join('\n');
}

function fields(nodes: readonly Node[], text: string): string {
  const rewritten = nodes.map((field) =>
    headOf(field) === 'func' ? flatFunction(field as List, text) : written(field, text),
  );
  return rewritten.join('\n');
}

/** Heads of lists that belong to the instruction or function before them, and are no instructions. */
const CLAUSE = /^(type|param|result|local|export|import|catch_ref|catch_all_ref)$/;

function flatFunction(field: List, text: string): string {
  return `(${field.items.map((item) => flat(item, text)).join(' ')})`;
}

function flat(node: Node, text: string): string {
  const head = headOf(node);
  if (node.kind !== 'list' || head === undefined || CLAUSE.test(head)) return written(node, text);
  const parts = (nodes: readonly Node[]) => nodes.map((each) => flat(each, text)).join(' ');
  if (head === 'try') return flatTry(node, text);
  if (head === 'block' || head === 'loop') return `${parts(node.items)} end`;
  if (head === 'if') return flatIf(node, text);
  const isOperand = (item: Node) => item.kind === 'list' && !CLAUSE.test(headOf(item) ?? '');
  const operands = node.items.filter(isOperand);
  return parts([...operands, ...node.items.filter((item) => !isOperand(item))]);
}

/** `(if $l? type condition* (then …) (else …)?)` */
function flatIf(node: List, text: string): string {
  const arms = node.items.filter((item) => /^(then|else)$/.test(headOf(item) ?? ''));
  const header = node.items.filter((item) => item.kind !== 'list' || CLAUSE.test(headOf(item) ?? ''));
  const conditions = node.items.filter((item) => !arms.includes(item) && !header.includes(item));
  const [then, otherwise] = arms.map((arm) => contents(arm, text, 1));
  const flatHeader = header.map((item) => written(item, text)).join(' ');
  const flatConditions = conditions.map((item) => flat(item, text)).join(' ');
  return `${flatConditions} ${flatHeader} ${then}${otherwise === undefined ? '' : ` else ${otherwise}`} end`;
}

/** `(try $l? type (do …) (catch $e …)* (catch_all …)?)` or `(try $l? type (do …) (delegate $l))` */
function flatTry(node: List, text: string): string {
  const parts = node.items.map((item) => {
    const head = headOf(item);
    if (head === 'do') return contents(item, text, 1);
    return head === 'catch' || head === 'catch_all' || head === 'delegate'
      ? contents(item, text, 0)
      : written(item, text);
  });
  return `${parts.join(' ')}${node.items.some((item) => headOf(item) === 'delegate') ? '' : ' end'}`;
}

function contents(node: Node, text: string, from: number): string {
  return node.kind === 'list'
    ? node.items
        .slice(from)
        .map((item) => flat(item, text))
        .join(' ')
    : '';
}

function written(node: Node, text: string): string {
  return text.slice(node.start, node.end);
}
