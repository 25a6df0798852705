/**
 * Which functions need a tail form (`tail-calls.ts`): those whose tail calls may come back to themselves, so that a chain of
 * them has no end, and those that begin a long chain. All others make their tail calls as ordinary ones: the stack stays small.
 *
 * The graph: an edge for every `return_call`; a call through a table or reference, or of an import, may reach any function
 * that is exported or referred to. A function that calls itself does so in a loop: no edge.
 */
import type { ModuleInfo } from '../binary/module-info.ts';

/** Ordinary tail calls that may follow each other. */
const LONGEST_CHAIN = 8;
/** Stands for whatever a call that is not known before run time may reach. */
const ANY = -1;

const known = new WeakMap<ModuleInfo, ReadonlySet<number>>();

/** Whether a tail call may be an ordinary call. `callee` undefined: not known before run time. */
export function staysShallow(module: ModuleInfo, caller: number, callee: number | undefined): boolean {
  // Where bodies are validated one by one, nobody knows the graph.
  if (!module.tailCalls.complete) return false;
  let forms = known.get(module);
  if (forms === undefined) {
    forms = new Search(module).forms;
    known.set(module, forms);
  }
  if (!forms.has(caller)) return true;
  return callee !== undefined && callee >= module.importedFunctions && !forms.has(callee);
}

/** Tarjan's algorithm for strongly connected components, without recursion. */
class Search {
  readonly forms = new Set<number>();
  readonly #module: ModuleInfo;
  readonly #order = new Map<number, number>();
  readonly #lowest = new Map<number, number>();
  readonly #open: number[] = [];
  readonly #isOpen = new Set<number>();
  /** Of closed functions: how many ordinary tail calls may follow. */
  readonly #height = new Map<number, number>();

  constructor(module: ModuleInfo) {
    this.#module = module;
    for (const caller of module.tailCalls.callees.keys()) if (!this.#order.has(caller)) this.#walk(caller);
  }

  /** Only functions that make tail calls themselves count. */
  #successors(node: number): number[] {
    const { tailCalls, declaredFunctions, importedFunctions } = this.#module;
    const { callees, open } = tailCalls;
    if (node === ANY) return [...declaredFunctions].filter((index) => callees.has(index));
    const named = [...callees.get(node)!];
    const successors = named.filter((index) => index !== node && callees.has(index));
    const reachesAny = open.has(node) || named.some((index) => index < importedFunctions);
    return reachesAny ? [...successors, ANY] : successors;
  }

  #walk(root: number): void {
    const path = [this.#enter(root)];
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const { node, successors } = last;
      const next = successors[last.at++];
      if (next === undefined) {
        path.pop();
        this.#close(node, successors);
        const before = path.at(-1);
        if (before !== undefined) this.#reaches(before.node, this.#lowest.get(node)!);
      } else if (!this.#order.has(next)) path.push(this.#enter(next));
      else if (this.#isOpen.has(next)) this.#reaches(node, this.#order.get(next)!);
    }
  }

  #enter(node: number): { node: number; successors: number[]; at: number } {
    this.#lowest.set(node, this.#order.size);
    this.#order.set(node, this.#order.size);
    this.#open.push(node);
    this.#isOpen.add(node);
    return { node, successors: this.#successors(node), at: 0 };
  }

  #reaches(node: number, order: number): void {
    if (order < this.#lowest.get(node)!) this.#lowest.set(node, order);
  }

  /** If it is the first of its component: the component is complete. */
  #close(node: number, successors: readonly number[]): void {
    if (this.#lowest.get(node) !== this.#order.get(node)) return;
    const members = this.#open.splice(this.#open.lastIndexOf(node));
    for (const member of members) this.#isOpen.delete(member);
    const isCycle = members.length > 1;
    const height = isCycle ? 0 : 1 + Math.max(0, ...successors.map((next) => this.#height.get(next)!));
    for (const member of members) {
      this.#height.set(member, height);
      if (isCycle || height > LONGEST_CHAIN) this.forms.add(member);
    }
  }
}
