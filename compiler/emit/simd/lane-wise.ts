/**
 * Instructions on vectors that have templates for lanes (opcodes/lane-forms.ts): one statement each, computed at once.
 *
 *   f32x4.mul of a load and a local     →     z4 = fround(V.getFloat32((l0 >>> 0) + 16, true) * n8), z5 = …, z6 = …, z7 = …;
 *
 * The result's lanes are variables of its slot, or its cells. Where a lane of the result is written that another template still
 * reads, all of them go by way of temporaries.
 */
import type { Immediate, MemoryArgument } from '../../function/sink.ts';
import { isArranged, isVector, LARGEST_HALF } from '../../opcodes/lane-forms.ts';
import type { Arranged, Kind, LaneForm, Shape } from '../../opcodes/row.ts';
import type { Opcode } from '../../opcodes.ts';
import { address } from '../addresses.ts';
import type { FunctionEmitter } from '../function-emitter.ts';
import * as js from '../js.ts';
import {
  effectsOf,
  joinReads,
  LOADS,
  numeric,
  type Reads,
  settledVector,
  TRAPS,
  type Value,
} from '../operand-stack.ts';
import { ARGUMENT, FIRST_LANE, type Template, TemplateArguments, template } from '../template.ts';
import { emitAll } from './local-vectors.ts';
import {
  arrangedVector,
  halvesOf,
  type Lanes,
  lanesAt,
  mentions,
  NO_ORIGINS,
  splitLanes,
  type Vector,
  vectorOf,
} from './vector.ts';

/** A form with its templates read. */
interface Plan {
  readonly form: LaneForm;
  readonly templates: readonly Template[];
}

const plans: (readonly Plan[] | undefined)[] = [];

function plansOf(row: Opcode): readonly Plan[] {
  // What is the same as another lane needs no template.
  plans[row.number] ??= row.lanes!.map((form) => ({
    form,
    templates: form.templates.map((text) => template(sameLane(text) === undefined ? text : '0')),
  }));
  return plans[row.number]!;
}

/** `r1` → 1. */
function sameLane(text: string): number | undefined {
  const found = /^r(\d)$/.exec(text);
  return found === null ? undefined : Number(found[1]);
}

export function emitLaneWise(
  emitter: FunctionEmitter,
  row: Opcode,
  immediate: Immediate,
  offset: number,
): void {
  const { stack } = emitter;
  const [main, ...others] = plansOf(row) as [Plan, ...Plan[]];
  const values = stack.popMany(main.form.operands.length);
  const { isPlain } = emitter.places.vectors;
  const plan = others.find(({ form }) => fits(form, values, isPlain)) ?? main;
  noteUse(emitter, row, plan.form, values);
  const statement = new Computation(emitter, plan, values, offset);
  if (row.immediate === 'memarg') statement.bindAddress(immediate as MemoryArgument);
  statement.bindOperands();
  const effects = effectsOf(values) | (row.effect === 'load' ? TRAPS | LOADS : 0);
  if (effects & TRAPS) stack.settleTraps();
  const { result } = plan.form;
  if (isVector(result!)) statement.giveVector(result);
  else statement.giveScalar(result!, effects, joinReads(values));
}

/** The operands are in the form's shapes already, and small enough. Cells hold all bits of comparisons. */
function fits(
  { operands, result, exact, serves }: LaneForm,
  values: readonly Value[],
  isPlain: boolean,
): boolean {
  if (serves !== undefined && !serves(largestHalf(values[0]), largestHalf(values[1]))) return false;
  if (!isPlain && (isArranged(result!) || operands.some(isArranged))) return false;
  return operands.every((kind, i) => {
    const { vector } = values[i]!;
    if (isArranged(kind)) return vector?.arranged?.kind === kind;
    if (vector === undefined || kind === 'i32x4') return true;
    return isVector(kind) && vector.i32x4 === undefined && lanesAt(vector, kind, exact) !== undefined;
  });
}

/** Of a vector; of a scalar its value, if that is known. */
function largestHalf(value: Value | undefined): number {
  if (value?.vector !== undefined) return halvesOf(value.vector);
  return typeof value?.constant === 'number' ? value.constant : Number.NaN;
}

/** Instructions with a form for other shapes take what comes. */
function noteUse(
  { votes, loops }: FunctionEmitter,
  row: Opcode,
  form: LaneForm,
  values: readonly Value[],
): void {
  if (votes === undefined) return;
  values.forEach(({ vector }, i) => {
    if (vector === undefined) return;
    if (!hasFloatForm(row)) votes.vote(vector.origins, form.operands[i] as Shape, loops);
  });
}

/** Words or floats: what only changes signs. */
function hasFloatForm({ lanes }: Opcode): boolean {
  return (
    lanes!.some(({ operands }) => operands[0] === 'f32x4' || operands[0] === 'f64x2') && lanes!.length > 1
  );
}

/** Some operand's halves are split already, and those of the others can be. */
function areSplit(values: readonly Value[]): boolean {
  const vectors = values.flatMap(({ vector }) => (vector === undefined ? [] : [vector]));
  return (
    vectors.some(({ arranged }) => arranged?.kind === 'split') &&
    vectors.every((vector) => splitLanes(vector) !== undefined)
  );
}

/** One instruction being built: what comes before, then its lanes. */
class Computation {
  readonly #emitter: FunctionEmitter;
  readonly #plan: Plan;
  readonly #values: readonly Value[];
  readonly #offset: number | undefined;
  readonly #base: number;
  readonly #before: js.Expression[] = [];
  /** The operands' halves are taken split, and the result's are. */
  readonly #isSplit: boolean;
  readonly #arguments = new TemplateArguments();
  /** Of the vector operands, by lane; undefined for scalars. */
  readonly #lanes: (Lanes | undefined)[] = [];

  constructor(emitter: FunctionEmitter, plan: Plan, values: readonly Value[], offset: number) {
    this.#emitter = emitter;
    this.#plan = plan;
    this.#values = values;
    this.#offset = emitter.at(offset);
    this.#base = emitter.stack.height;
    this.#isSplit = plan.form.halfwise === true && areSplit(values);
    for (const each of plan.templates) emitter.useAll(each);
    const { all } = this.#arguments;
    if (plan.templates.some(({ usesX }) => usesX)) all[ARGUMENT.x] = emitter.temporary('x', this.#base);
    if (plan.templates.some(({ usesY }) => usesY)) all[ARGUMENT.y] = emitter.temporary('y', this.#base);
  }

  bindAddress(argument: MemoryArgument): void {
    const { all } = this.#arguments;
    const ea = address(this.#emitter, this.#values[0]!, argument);
    all[ARGUMENT.V] = this.#emitter.useView(argument.memory);
    all[ARGUMENT.ea] = this.#uses(ARGUMENT.ea) > 1 ? this.#bind(ea, 'b', 0) : ea;
  }

  /** How often a name occurs; at least. */
  #uses(position: number): number {
    let uses = 0;
    for (const { used, repeated } of this.#plan.templates) {
      uses += repeated[position] ? 2 : used[position] ? 1 : 0;
    }
    return uses;
  }

  #bind(node: js.Expression, prefix: 'b' | 'c', n: number): js.Expression {
    if (js.isSimple(node)) return node;
    const place =
      prefix === 'b'
        ? this.#emitter.temporary('b', this.#base + n)
        : this.#emitter.places.vectors.temporary(n);
    this.#before.push(js.assign(place, node));
    return place;
  }

  /** In order. A scalar that may trap comes after the loads of the vectors before it. */
  bindOperands(): void {
    const { operands } = this.#plan.form;
    const scalarTraps = this.#values.some(({ vector, effects }) => vector === undefined && effects & TRAPS);
    operands.forEach((kind, i) => {
      const value = this.#values[i]!;
      if (isVector(kind)) this.#bindVector(value.vector!, kind, i, scalarTraps);
      else if (this.#arguments.all[ARGUMENT.ea] === undefined || i > 0)
        this.#arguments.all[i] = this.#bind(numeric(value), 'b', i);
    });
  }

  #bindVector(vector: Vector, kind: Shape | Arranged, i: number, always: boolean): void {
    const { vectors } = this.#emitter.places;
    const arranged = isArranged(kind)
      ? vector.arranged!.lanes
      : this.#isSplit
        ? splitLanes(vector)
        : undefined;
    const { before, lanes } =
      arranged !== undefined || isArranged(kind)
        ? { before: [], lanes: arranged! }
        : vectors.lanes(vector, kind, this.#plan.form.exact, 4 * i);
    this.#before.push(...before);
    const isOneForAll = this.#plan.templates.length === 1;
    const shared = new Map<js.Expression, js.Expression>();
    this.#lanes[i] = lanes.map((lane, n) => {
      const uses = this.#uses(isOneForAll && !this.#usesWords ? i : FIRST_LANE + 4 * i + n);
      const isShared = lanes.indexOf(lane) !== lanes.lastIndexOf(lane);
      // The end of what is loaded must lie in bounds, even if nobody wants it.
      const isEnd = n === lanes.length - 1 && (this.#values[i]!.effects & TRAPS) !== 0;
      if (!always && uses < 2 && !isShared && !(isEnd && uses === 0)) return lane;
      let bound = shared.get(lane);
      if (bound === undefined) {
        bound = this.#bind(lane, 'c', 4 * i + n);
        shared.set(lane, bound);
      }
      return bound;
    });
  }

  /** The templates name lanes by number. */
  get #usesWords(): boolean {
    const { templates } = this.#plan;
    return templates.some(({ used }) => used.some((isUsed, position) => isUsed && position >= FIRST_LANE));
  }

  /** The template of lane n of the result, filled in. */
  #lane(n: number): js.Expression {
    const { templates } = this.#plan;
    const { all } = this.#arguments;
    this.#lanes.forEach((lanes, i) => {
      if (lanes === undefined) return;
      if (templates.length === 1 && !this.#usesWords) all[i] = lanes[n];
      else for (let k = 0; k < lanes.length; k++) all[FIRST_LANE + 4 * i + k] = lanes[k];
    });
    return templates[templates.length === 1 ? 0 : n]!.build(this.#arguments, this.#offset);
  }

  giveScalar(type: Kind, effects: number, reads: Reads): void {
    const { stack } = this.#emitter;
    const isBoolean = this.#plan.templates[0]!.isBoolean;
    const node = this.#lane(0);
    const computed = { type: type as 'i32', effects, reads, operations: 1, constant: undefined };
    if (this.#before.length === 0) {
      stack.push({ ...computed, node, isBoolean });
      return;
    }
    // Temporaries are this statement's own.
    stack.push({ ...computed, node: js.sequence([...this.#before, node]), isBoolean: false });
    stack.settle(stack.height - 1);
  }

  giveVector(kind: Shape | Arranged): void {
    const { stack, places } = this.#emitter;
    const { vectors } = places;
    const shape = isArranged(kind) ? 'i32x4' : kind;
    stack.freeSlot();
    const to = vectors.isPlain
      ? vectors.slotVariables(this.#base, shape)
      : vectors.slotCells(this.#base)[shape];
    const computed = this.#computed(to.length);
    const clean = shape === 'f32x4' && this.#isClean();
    const origins = this.#origins();
    const direct = this.#isUndisturbed(to) && (vectors.isPlain || shape !== 'f32x4' || clean);
    const lanes = this.#write(to, computed, direct);
    if (vectors.isPlain) {
      emitAll(this.#emitter, this.#before);
      const quiet = clean || this.#isQuiet();
      const arranged = isArranged(kind) ? kind : this.#isSplit ? 'split' : undefined;
      const made = { ...vectorOf(shape, lanes, clean, origins), quiet, halves: this.#halves() };
      stack.push(
        settledVector(
          this.#base,
          arranged === undefined ? made : arrangedVector(arranged, lanes, made.halves),
        ),
      );
      return;
    }
    emitAll(this.#emitter, [
      ...this.#before,
      ...(direct ? [] : vectors.toCells(vectors.slotCells(this.#base), vectorOf(shape, lanes, clean))),
    ]);
    stack.pushSettled('v128');
  }

  /** What each lane is; a number means the same as that lane. */
  #computed(count: number): (js.Expression | number)[] {
    const { templates } = this.#plan.form;
    return Array.from({ length: count }, (_, n) => {
      return sameLane(templates[n] ?? '') ?? this.#lane(n);
    });
  }

  /** Adds the lanes' computation to the statement; answers where they are then. */
  #write(to: Lanes, computed: readonly (js.Expression | number)[], direct: boolean): Lanes {
    const { vectors } = this.#emitter.places;
    const places = direct ? to : to.map((_, n) => vectors.temporary(12 + n));
    const lanes: js.Expression[] = [];
    computed.forEach((lane, n) => {
      if (typeof lane !== 'number') {
        this.#before.push(js.assign(places[n]!, lane));
        lanes.push(places[n]!);
      } else if (vectors.isPlain || !direct) lanes.push(lanes[lane]!);
      else {
        this.#before.push(js.assign(places[n]!, lanes[lane]!));
        lanes.push(places[n]!);
      }
    });
    if (direct || !vectors.isPlain) return lanes;
    this.#before.push(
      ...to.flatMap((place, n) => (typeof computed[n] === 'number' ? [] : [js.assign(place, lanes[n]!)])),
    );
    return computed.map((lane, n) => to[typeof lane === 'number' ? lane : n]!);
  }

  /** No lane is written before it is read: in cells, also under another view. */
  #isUndisturbed(to: Lanes): boolean {
    const operands = this.#lanes.filter((lanes) => lanes !== undefined);
    const { isPlain } = this.#emitter.places.vectors;
    const isLaneWise = this.#plan.templates.length === 1 && !this.#usesWords;
    if (!isPlain && !(isLaneWise && operands.every(({ length }) => length === to.length))) return false;
    // Lane n of the operands is read for lane n of the result; or, by number, for any.
    const isReadLater = (place: number, lane: js.Expression, n: number) =>
      (!isLaneWise || n > place) && mentions(lane, to[place]!);
    return operands.every((lanes) =>
      lanes.every((lane, n) => to.every((_, place) => !isReadLater(place, lane, n))),
    );
  }

  #vectors(): Vector[] {
    return this.#values.flatMap(({ vector }) => (vector === undefined ? [] : [vector]));
  }

  /** No f32 of the result is a signalling NaN: what computes quiets; what only moves bits gives what it got. */
  #isClean(): boolean {
    const { exact, operands } = this.#plan.form;
    return !exact || operands.every((kind, i) => isVector(kind) && this.#values[i]!.vector!.clean);
  }

  #halves(): number {
    const { halves } = this.#plan.form;
    const limit = halves?.(largestHalf(this.#values[0]), largestHalf(this.#values[1])) ?? LARGEST_HALF;
    // Not a number: it depends on a scalar that is not known.
    return limit <= LARGEST_HALF ? limit : LARGEST_HALF;
  }

  #isQuiet(): boolean {
    if (!this.#plan.form.exact) return false;
    const all = this.#vectors();
    return all.length > 0 && all.every(({ clean, quiet }) => clean || quiet);
  }

  /** What only changes signs leaves it open in which shape; so do its operands' locals. */
  #origins(): readonly number[] {
    if (this.#plan.form.exact && this.#plan.form.operands.length === 1) {
      return this.#vectors()[0]?.origins ?? NO_ORIGINS;
    }
    return NO_ORIGINS;
  }
}
