/**
 * i64 locals live in register-file cells, because a BigInt that passes a merge or a loop's head is boxed by V8. In straight-line
 * code they are BigInt variables as well, which V8 keeps in machine registers: a cell that was just written takes five
 * cycles to read back.
 *
 *   local.get 1 · local.get 2 · i64.add · local.set 1 · local.get 1 …    →    m1 = A(64, m1 + m2); … m1 …
 *
 * A variable holds its local's value from where it was assigned until paths meet: at a label that something jumps to, the
 * variables assigned since its frame began are forgotten; at a loop's head, all of them. The next read fetches the cell. So
 * cells are written where paths part or meet, all at once (on Node 20, V8 checks an array anew after every computation with
 * BigInts); inside a `try` they are written at once. A cell that nobody fetches is not written: that is known in the end.
 * Not here: i64 operands (operand-stack.ts).
 */
import type { Frame } from './frames.ts';
import * as js from './js.ts';
import type { Places } from './places.ts';

/** Kinds of frames whose code is executed whenever what stands before it is. */
const STRAIGHT: ReadonlySet<string> = new Set(['function', 'block', 'loop']);

export class Mirrors {
  readonly #places: Places;
  /** When each local's variable was assigned; undefined: it is not up to date. */
  readonly #since: (number | undefined)[] = [];
  #time = 0;
  readonly #fetched = new Set<number>();
  readonly #mentioned = new Set<number>();
  readonly #assignedFirst = new Set<number>();
  /** Locals whose cells are behind their variables. */
  readonly #dirty = new Set<number>();
  readonly #stores: { readonly local: number; readonly statement: js.Statement }[] = [];

  constructor(places: Places) {
    this.#places = places;
  }

  get now(): number {
    return this.#time;
  }

  #variable(local: number): js.Expression {
    this.#since[local] = ++this.#time;
    return this.#places.variable(`m${local}`);
  }

  /** The local's value as a variable; with the statement that fetches it, if needed. */
  read(local: number): { readonly variable: js.Expression; readonly fetch: js.Statement | undefined } {
    this.#mentioned.add(local);
    if (this.#since[local] !== undefined) {
      return { variable: this.#places.variable(`m${local}`), fetch: undefined };
    }
    this.#fetched.add(local);
    const variable = this.#variable(local);
    return { variable, fetch: js.set(variable, this.#places.local(local)) };
  }

  /** `m3 = value`. */
  write(local: number, value: js.Expression, frames: readonly Frame[]): js.Statement {
    this.#noteWrite(local, frames);
    this.#dirty.add(local);
    return js.set(this.#variable(local), value);
  }

  /** Brings the cells up to date: `R[q + 2] = m3`. */
  flush(): js.Statement[] {
    const statements: js.Statement[] = [];
    for (const local of this.#dirty) {
      const statement = js.set(this.#places.local(local), this.#places.variable(`m${local}`));
      this.#stores.push({ local, statement });
      statements.push(statement);
    }
    this.#dirty.clear();
    return statements;
  }

  /** The first mention, on a way that everything behind it has come too: the cell need not be zero before. */
  #noteWrite(local: number, frames: readonly Frame[]): void {
    if (this.#mentioned.has(local)) return;
    this.#mentioned.add(local);
    if (frames.every(({ kind, jumps }) => jumps === 0 && STRAIGHT.has(kind))) this.#assignedFirst.add(local);
  }

  /** Paths meet, all of them flushed: what was assigned after `time` is not known any more. */
  forgetSince(time: number): void {
    this.#dirty.clear();
    this.#since.forEach((since, local) => {
      if (since !== undefined && since > time) this.#since[local] = undefined;
    });
  }

  /** Whether the cell has to be zero when the function begins. */
  startsAtZero(local: number): boolean {
    return this.#fetched.has(local) && !this.#assignedFirst.has(local);
  }

  /** In the end: cells that nobody fetches are not written. Returns by how much lighter the function is for that. */
  fillStores(): number {
    let saved = 0;
    for (const { local, statement } of this.#stores) {
      if (this.#fetched.has(local)) continue;
      saved += js.weightOf(statement);
      js.become(statement, js.block([]));
    }
    return saved;
  }
}
