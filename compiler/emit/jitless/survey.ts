/**
 * Looks through a function before it is emitted: whom it calls, what each loop assigns, and which loops are known to end after so many turns.
 *
 *   i32.const -65536 · local.set 1 · loop … local.get 1 · i32.const 16 · i32.add · local.tee 1 · br_if 0 · end
 *
 * A loop is counted where one local is assigned once a turn, a constant more than before, and compared with a constant by the only
 * branch to the loop's head. How many turns that makes depends on what the local holds before (local-facts.ts).
 */
import type { ModuleInfo } from '../../binary/module-info.ts';
import { NULL_SINK } from '../../function/null-sink.ts';
import { readFunction } from '../../function/reader.ts';
import type { Immediate, Sink } from '../../function/sink.ts';
import type { Opcode } from '../../opcodes.ts';

export interface Loop {
  readonly assigned: ReadonlySet<number>;
  /** By local: how much more it is after each turn; it is assigned nowhere else in the loop. */
  readonly steps: ReadonlyMap<number, number>;
  /** The loop goes on as long as the local, already a step further, is not this number, or is below it. */
  readonly test: { readonly local: number; readonly until: number; readonly below: boolean } | undefined;
}

export interface Survey {
  /** In their order; undefined: nothing is known, because exceptions are caught. */
  readonly loops: readonly Loop[] | undefined;
  /** Functions called by name. */
  readonly callees: ReadonlySet<number>;
  /** It computes and calls, and reaches nothing of its instance. */
  readonly computes: boolean;
  readonly makesTailCalls: boolean;
  readonly grows: boolean;
  /** It calls whatever a table or reference holds. */
  readonly callsAny: boolean;
}

const surveys = new WeakMap<ModuleInfo, (Survey | undefined)[]>();

/** Of a defined function. */
export function surveyOf(module: ModuleInfo, defined: number): Survey {
  let known = surveys.get(module);
  if (known === undefined) {
    known = [];
    surveys.set(module, known);
  }
  let survey = known[defined];
  if (survey === undefined) {
    const sink = new SurveySink();
    readFunction(module, defined, sink.events);
    survey = sink.survey;
    known[defined] = survey;
  }
  return survey;
}

interface OpenLoop {
  readonly assigned: Set<number>;
  readonly counts: Map<number, number>;
  readonly steps: Map<number, number>;
  test: Loop['test'];
  branches: number;
}

/** An instruction among those looked back at. */
interface Seen {
  readonly name: string;
  readonly value: number;
}

/** As long as the longest pattern. */
const MEMORY = 8;

/** Proposals whose instructions are arithmetic, those of memory apart. */
const ARITHMETIC: ReadonlySet<string> = new Set(['mvp', 'sign-extension', 'saturating-float-to-int']);
const OWN_IMMEDIATES: ReadonlySet<string> = new Set(['none', 'local', 'i32', 'i64', 'f32', 'f64']);

class SurveySink {
  readonly #loops: OpenLoop[] = [];
  readonly #callees = new Set<number>();
  #catches = false;
  #computes = true;
  #makesTailCalls = false;
  #grows = false;
  #callsAny = false;
  /** The loop of each open frame, if it is one. */
  readonly #frames: (OpenLoop | undefined)[] = [undefined];
  #recent: Seen[] = [];

  get survey(): Survey {
    const loops = this.#loops.map(({ assigned, counts, steps, test, branches }) => {
      const once = new Map([...steps].filter(([local]) => counts.get(local) === 1));
      return {
        assigned,
        steps: once,
        test: branches === 1 && test && once.has(test.local) ? test : undefined,
      };
    });
    return {
      loops: this.#catches ? undefined : loops,
      callees: this.#callees,
      computes: this.#computes && !this.#catches,
      makesTailCalls: this.#makesTailCalls,
      grows: this.#grows,
      callsAny: this.#callsAny,
    };
  }

  get events(): Sink {
    const opened = () => this.#open(undefined);
    const closed = () => {
      this.#frames.pop();
      this.#recent = [];
    };
    const caught = () => {
      this.#catches = true;
      opened();
    };
    return {
      ...NULL_SINK,
      instruction: (row, immediate) => this.#instruction(row, immediate),
      block: opened,
      if: opened,
      else: () => {
        this.#recent = [];
      },
      try: caught,
      tryTable: caught,
      delegate: closed,
      loop: () =>
        this.#open({
          assigned: new Set(),
          counts: new Map(),
          steps: new Map(),
          test: undefined,
          branches: 0,
        }),
      end: closed,
      br: (depth) => this.#branch(depth),
      brIf: (depth) => this.#branchIf(depth),
      brTable: (depths) => {
        for (const depth of depths) this.#branch(depth);
      },
      brOnCast: (depth) => this.#branch(depth),
      brOnNull: (depth) => this.#branch(depth),
      brOnNonNull: (depth) => this.#branch(depth),
      call: (index) => {
        this.#callees.add(index);
        this.#forget();
      },
      callIndirect: () => this.#callAny(),
      callRef: () => this.#callAny(),
      throw: () => this.#reach(),
      throwRef: () => this.#reach(),
      rethrow: () => this.#reach(),
      returnCall: () => this.#leave(),
      returnCallIndirect: () => this.#leave(),
      returnCallRef: () => this.#leave(),
    };
  }

  #forget(): void {
    this.#recent = [];
  }

  /** For something of the instance. */
  #reach(): void {
    this.#computes = false;
    this.#forget();
  }

  #callAny(): void {
    this.#callsAny = true;
    this.#reach();
  }

  #leave(): void {
    this.#makesTailCalls = true;
    this.#callAny();
  }

  #open(loop: OpenLoop | undefined): void {
    this.#forget();
    this.#frames.push(loop);
    if (loop !== undefined) this.#loops.push(loop);
  }

  #instruction({ name, feature, immediate: kind }: Opcode, immediate: Immediate): void {
    if (name === 'memory.grow') this.#grows = true;
    if (!ARITHMETIC.has(feature) || !OWN_IMMEDIATES.has(kind)) this.#computes = false;
    const value = typeof immediate === 'number' ? immediate : 0;
    if (name === 'local.set' || name === 'local.tee') this.#assign(value);
    this.#recent.push({ name, value });
    if (this.#recent.length > MEMORY) this.#recent.shift();
  }

  #assign(local: number): void {
    const step = this.#stepOf(local);
    this.#frames.forEach((loop, i) => {
      if (loop === undefined) return;
      loop.assigned.add(local);
      loop.counts.set(local, (loop.counts.get(local) ?? 0) + 1);
      if (step !== undefined && i === this.#frames.length - 1) loop.steps.set(local, step);
    });
  }

  /** `local.get v · i32.const c · i32.add`, before `v` is assigned. */
  #stepOf(local: number): number | undefined {
    const [read, amount, add] = this.#recent.slice(-3);
    if (add?.name !== 'i32.add' || amount?.name !== 'i32.const') return undefined;
    return read?.name === 'local.get' && read.value === local && amount.value !== 0
      ? amount.value
      : undefined;
  }

  #branch(depth: number): void {
    const loop = this.#frames.at(-1 - depth);
    if (loop !== undefined) loop.branches++;
    this.#forget();
  }

  #branchIf(depth: number): void {
    const loop = this.#frames.at(-1 - depth);
    const test = this.#test();
    // The step comes before: so every turn ends nearer.
    if (loop !== undefined && depth === 0 && test && loop.steps.has(test.local)) loop.test = test;
    this.#branch(depth);
  }

  /** `… local.tee v`, or `… local.tee v · i32.const n · i32.ne`; or with `local.get`. */
  #test(): Loop['test'] {
    const [value, amount, compare] = this.#recent.slice(-3);
    const isLocal = (seen: Seen | undefined) => seen?.name === 'local.tee' || seen?.name === 'local.get';
    if (compare !== undefined && isLocal(compare)) return { local: compare.value, until: 0, below: false };
    if (amount?.name !== 'i32.const' || !isLocal(value)) return undefined;
    const below = compare?.name === 'i32.lt_u' || compare?.name === 'i32.lt_s';
    if (!below && compare?.name !== 'i32.ne') return undefined;
    return { local: value!.value, until: amount.value, below };
  }
}
