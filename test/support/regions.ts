/**
 * The straight-line regions of a body: what one charge of fuel covers. A region ends at conditional branches, labels
 * and calls (DESIGN.md §6); code that nothing reaches belongs to none. Used to instrument modules, and to know how far
 * a metered run may overshoot its limit.
 *
 * Two sizes: `regionsOf` splits at every `end`, which is right whoever gets there; `largestRegion` lets a region go on
 * through an `end` that only one way leads to, as a compiler may:
 *
 *     local.get 0  if  …  return  end   ;; only a false condition reaches `end`, so it and …
 *     local.get 1  call 7               ;; … this are one region
 */
import type { Decoded, DecodedModule, ElementSegment } from './decode.ts';

export interface Region {
  /** Index of its first instruction. */
  readonly start: number;
  /** Instructions charged. */
  cost: number;
}

const ENDS_REGION = new Set(['if', 'loop', 'br_if', 'call', 'call_indirect', 'call_ref']);
const ENDS_CODE = new Set([
  'br',
  'br_table',
  'return',
  'unreachable',
  'throw',
  'throw_ref',
  'rethrow',
  'return_call',
  'return_call_indirect',
  'return_call_ref',
]);
const CLAUSES = new Set(['else', 'catch', 'catch_all']);

interface Label {
  readonly opener: Decoded;
  /** A branch leads to its end. */
  targeted: boolean;
  /** Regions that fall into `else` or `catch`, and go on after the end. */
  readonly skipping: Region[];
}

class Walk {
  readonly regions: Region[] = [];
  readonly #code: readonly Decoded[];
  readonly #merging: boolean;
  readonly #labels: Label[] = [];
  #current: Region | undefined;

  constructor(code: readonly Decoded[], merging: boolean) {
    this.#code = code;
    this.#merging = merging;
  }

  run(): Region[] {
    this.#current = this.#begin(0);
    for (let i = 0; i < this.#code.length; i++) {
      const next = this.#code[i]!;
      if (this.#current === undefined && next.closer >= 0) i = next.closer;
      else this.#step(next, i);
    }
    return this.regions.filter((region) => region.cost > 0);
  }

  #begin(start: number): Region {
    const region = { start, cost: 0 };
    this.regions.push(region);
    return region;
  }

  #step(next: Decoded, i: number): void {
    if (this.#merging && closesFalseIf(next, this.#code)) this.#current = this.#begin(i);
    if (this.#current !== undefined) {
      this.#current.cost++;
      this.#markTargets(next);
    }
    if (next.closer >= 0) this.#labels.push({ opener: next, targeted: false, skipping: [] });
    if (next.name === 'end' || next.name === 'delegate') this.#close(i);
    else if (CLAUSES.has(next.name)) this.#nextClause(i);
    else if (ENDS_CODE.has(next.name)) this.#current = undefined;
    else if (ENDS_REGION.has(next.name) && this.#current !== undefined) this.#current = this.#begin(i + 1);
  }

  #nextClause(i: number): void {
    if (this.#current !== undefined) this.#labels.at(-1)!.skipping.push(this.#current);
    this.#current = this.#begin(i + 1);
  }

  /** A loop's end is no label: its region goes on. */
  #close(i: number): void {
    const label = this.#labels.pop();
    if (label === undefined || label.opener.name === 'loop') return;
    const arriving = [...label.skipping];
    if (this.#current !== undefined) arriving.push(this.#current);
    if (arriving.length === 1 && !label.targeted && this.#merging) this.#current = arriving[0];
    else if (arriving.length > 0 || label.targeted || closesFalseIf(this.#code[i]!, this.#code))
      this.#current = this.#begin(i + 1);
    else this.#current = undefined;
  }

  #markTargets(next: Decoded): void {
    for (const depth of targetsOf(next)) {
      const label = this.#labels[this.#labels.length - 1 - depth];
      if (label !== undefined) label.targeted = true;
    }
  }
}

/** The `end` of an `if` without `else`: a false condition leads to it, so it is a label itself. */
function closesFalseIf(next: Decoded, code: readonly Decoded[]): boolean {
  const opener = code[next.opener];
  return next.name === 'end' && opener?.name === 'if' && opener.elseAt < 0;
}

/** The labels an instruction may branch to. */
function targetsOf({ name, value, catches }: Decoded): readonly number[] {
  if (catches !== undefined) return catches.map((clause) => clause.depth);
  if (name === 'br_table') return value as readonly number[];
  return name === 'br' || name === 'br_if' ? [value as number] : [];
}

export function regionsOf(code: readonly Decoded[]): Region[] {
  return new Walk(code, false).run();
}

/** The most that one charge of this module can cost: of its functions, and of its constant expressions. */
export function largestRegion(module: DecodedModule): number {
  const bodies = module.bodies.flatMap((body) =>
    new Walk(body.code, true).run().map((region) => region.cost),
  );
  return Math.max(1, ...bodies, ...constantExpressions(module).map((code) => code.length));
}

export function constantExpressions(module: DecodedModule): (readonly Decoded[])[] {
  return [
    ...module.globals.map((global) => global.init),
    ...module.tables.map((table) => table.init ?? []),
    ...module.elements.flatMap((segment) => [...chargedItems(segment), segment.offset]),
    ...module.data.map((segment) => segment.offset),
  ];
}

/** Items written as expressions; a bare function index is no expression, and a declarative segment's are not evaluated. */
export function chargedItems(segment: ElementSegment): readonly (readonly Decoded[])[] {
  return segment.bare || segment.mode === 'declarative' ? [] : segment.items;
}
