/**
 * The straight-line regions of a body: what one charge of fuel covers. A region ends at conditional branches, labels
 * and calls (DESIGN.md §6); code that nothing reaches belongs to none. Used to instrument modules, and to know how far
 * a metered run may overshoot its limit.
 */
import type { Decoded, DecodedModule } from './decode.ts';

export interface Region {
  /** Index of its first instruction. */
  readonly start: number;
  /** Instructions charged. */
  cost: number;
}

const ENDS_REGION = new Set(['if', 'loop', 'br_if', 'call', 'call_indirect']);
const ENDS_CODE = new Set(['br', 'br_table', 'return', 'unreachable', 'throw', 'throw_ref', 'rethrow']);
const CLAUSES = new Set(['else', 'catch', 'catch_all']);

class Walk {
  readonly regions: Region[] = [];
  readonly #code: readonly Decoded[];
  /** Openers of the labels around, and whether a branch or a false `if` reaches their ends. */
  readonly #labels: { readonly opener: Decoded; endReached: boolean }[] = [];
  #current: Region | undefined;

  constructor(code: readonly Decoded[]) {
    this.#code = code;
  }

  run(): Region[] {
    this.#begin(0);
    for (let i = 0; i < this.#code.length; i++) {
      const next = this.#code[i]!;
      if (this.#current === undefined && next.closer >= 0) i = next.closer;
      else this.#step(next, i);
    }
    return this.regions.filter((region) => region.cost > 0);
  }

  #begin(start: number): void {
    this.#current = { start, cost: 0 };
    this.regions.push(this.#current);
  }

  #step(next: Decoded, i: number): void {
    if (this.#current !== undefined) this.#current.cost++;
    if (this.#current !== undefined) this.#markTargets(next);
    if (next.closer >= 0) this.#labels.push({ opener: next, endReached: false });
    if (next.name === 'end' || next.name === 'delegate') this.#close(i);
    else if (CLAUSES.has(next.name)) this.#nextClause(i);
    else if (ENDS_CODE.has(next.name)) this.#current = undefined;
    else if (ENDS_REGION.has(next.name) && this.#current !== undefined) this.#begin(i + 1);
  }

  #nextClause(i: number): void {
    const label = this.#labels.at(-1)!;
    if (this.#current !== undefined) label.endReached = true;
    this.#begin(i + 1);
  }

  /** A loop's end is no label: its region goes on. */
  #close(i: number): void {
    const label = this.#labels.pop();
    if (label === undefined || label.opener.name === 'loop') return;
    const falseIf = label.opener.name === 'if' && label.opener.elseAt < 0;
    if (this.#current !== undefined || label.endReached || falseIf) this.#begin(i + 1);
  }

  #markTargets(next: Decoded): void {
    const depths =
      next.catches?.map((clause) => clause.depth) ??
      (next.name === 'br_table'
        ? (next.value as readonly number[])
        : next.name === 'br' || next.name === 'br_if'
          ? [next.value as number]
          : []);
    for (const depth of depths) {
      const label = this.#labels[this.#labels.length - 1 - depth];
      if (label !== undefined) label.endReached = true;
    }
  }
}

export function regionsOf(code: readonly Decoded[]): Region[] {
  return new Walk(code).run();
}

/** The most that one charge of this module can cost: of its functions, and of its constant expressions. */
export function largestRegion(module: DecodedModule): number {
  const bodies = module.bodies.flatMap((body) => regionsOf(body.code).map((region) => region.cost));
  return Math.max(1, ...bodies, ...constantExpressions(module).map((code) => code.length));
}

export function constantExpressions(module: DecodedModule): (readonly Decoded[])[] {
  return [
    ...module.globals.map((global) => global.init),
    ...module.tables.map((table) => table.init ?? []),
    ...module.elements.flatMap((segment) => [...segment.items, segment.offset]),
    ...module.data.map((segment) => segment.offset),
  ];
}
