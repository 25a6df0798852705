/**
 * Between which numbers a local lies, in code for an interpreter, from where it was assigned until paths meet; and in counted loops.
 *
 *   l1 = -65536;
 *   do { … M8[l1 + 66560] … l1 = l1 + 16; } while (l1);      −65536 ≤ l1 ≤ 0, a multiple of 16
 *
 * After a frame that something jumps out of, what was assigned in it is forgotten; at a loop's head all that the loop assigns, apart from
 * what its turns add up to.
 */
import type { FunctionContext } from '../../function/sink.ts';
import type { Value } from '../operand-stack.ts';
import { type Interval, intervalOf, lowestBit } from './facts.ts';
import type { Loop } from './survey.ts';

const SMALLEST = -0x8000_0000;
const LARGEST = 0x7fff_ffff;

export class LocalFacts {
  readonly #loops: readonly Loop[];
  #next = 0;
  readonly #known = new Map<number, Interval>();
  readonly #assignedAt: number[] = [];
  #time = 0;

  constructor({ locals, type }: FunctionContext, loops: readonly Loop[]) {
    this.#loops = loops;
    for (let i = type.params.length; i < locals.length; i++) {
      if (locals[i] === 'i32') this.#known.set(i, { min: 0, max: 0, multiple: 2 ** 31 });
    }
  }

  get now(): number {
    return this.#time;
  }

  get(local: number): Interval | undefined {
    return this.#known.get(local);
  }

  set(local: number, value: Value): void {
    this.#assignedAt[local] = ++this.#time;
    const interval = value.type === 'i32' ? intervalOf(value) : undefined;
    if (interval === undefined) this.#known.delete(local);
    else this.#known.set(local, interval);
  }

  /** Paths meet: what was assigned after `time` may hold something else. */
  forgetSince(time: number): void {
    for (const local of [...this.#known.keys()]) {
      if ((this.#assignedAt[local] ?? 0) > time) this.#known.delete(local);
    }
  }

  /** At the head of the next loop. */
  enterLoop(): void {
    const loop = this.#loops[this.#next++]!;
    const turns = this.#turns(loop);
    for (const local of loop.assigned) {
      const before = this.#known.get(local);
      const step = loop.steps.get(local);
      this.#assignedAt[local] = ++this.#time;
      this.#known.delete(local);
      if (turns === undefined || before === undefined || step === undefined) continue;
      const min = before.min + Math.min(0, turns * step);
      const max = before.max + Math.max(0, turns * step);
      const multiple = Math.min(before.multiple, lowestBit(step));
      if (min >= SMALLEST && max <= LARGEST) this.#known.set(local, { min, max, multiple });
    }
  }

  /** How many turns a loop makes at most, if its count begins at a known number. */
  #turns({ test, steps }: Loop): number | undefined {
    if (test === undefined) return undefined;
    const start = this.#known.get(test.local);
    const step = steps.get(test.local)!;
    if (start === undefined || start.min !== start.max) return undefined;
    const turns = (test.until - start.min) / step;
    if (test.below) {
      // Compared as unsigned numbers or signed ones: the same where none is negative, nor wraps.
      const most = Math.max(1, Math.ceil(turns));
      const plain = step > 0 && start.min + step >= 0 && test.until >= 0;
      return plain && start.min + most * step <= LARGEST ? most : undefined;
    }
    return Number.isInteger(turns) && turns >= 1 ? turns : undefined;
  }
}
