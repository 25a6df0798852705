/**
 * The state of one function's emission and what all instructions share: the operand stack, the places of values, the
 * statement list being filled, metering, and the points where control leaves our hands and comes back ("crossings").
 *
 * At a crossing (a call, growth, the slow path of a check, the start of a handler) the memory's view and the fuel may
 * change behind the function's back: fuel is written before and read after, views are read again after. What is read
 * again depends on what the whole function uses, so crossings are noted and filled in at the end.
 */
import type { Costs } from '../../runtime/costs.ts';
import type { ValueType } from '../../runtime/types.ts';
import type { FunctionContext } from '../function/sink.ts';
import type { Target } from '../opcodes.ts';
import { type Crossing, type Exit, STRUCTURES } from './crossings.ts';
import { type Frame, frame, StatementList } from './frames.ts';
import type { Entry } from './jitless/entries.ts';
import type { Interval } from './jitless/facts.ts';
import { LocalFacts } from './jitless/local-facts.ts';
import type { LastPair } from './jitless/pairs.ts';
import type { Loop } from './jitless/survey.ts';
import * as js from './js.ts';
import { Meter, type Position, type Purse } from './metering.ts';
import { Mirrors } from './mirrors.ts';
import { NOTHING, OperandStack, type Reads } from './operand-stack.ts';
import type { OutlineLimits } from './outline.ts';
import { type Layout, Places } from './places.ts';
import { type RegionCounts, RegionRecorder } from './region-counts.ts';
import { type LocalShape, ShapeVotes } from './simd/local-shapes.ts';
import type { Template } from './template.ts';
import { reloadOf } from './views.ts';
import { switchWeight, WEIGHTS } from './weights.ts';

/** To the program's source where the module tells of it, or always to its text. */
export type SourceMaps = 'source' | 'wat';

export interface EmitOptions {
  /** Undefined: no metering. */
  readonly costs: Costs | undefined;
  /** Look at the account at every region, not only at function entry and loop headers. */
  readonly checkEveryRegion: boolean;
  /** Count frames against `S.maxDepth`. */
  readonly countDepth: boolean;
  /** Count new objects against `limits.gcBytes`. */
  readonly countAllocation: boolean;
  /** The engine whose fast forms are chosen; all forms are right everywhere. */
  readonly target: Target;
  /** Statements, and nodes that may trap, carry their byte offset. */
  readonly recordOffsets: boolean;
  /** When functions are split into regions. */
  readonly outline: OutlineLimits;
  /** Every region is counted when it is paid for; needs `checkEveryRegion` and `recordOffsets`. */
  readonly counting?: RegionCounts | undefined;
  /** Groups bring a source map along. */
  readonly sourceMaps?: SourceMaps | undefined;
}

/** Thrown when a function comes out too deep or too long: it is emitted again in the next layout. */
export class TooLarge extends Error {}

/** Thrown where halves are not provided for: the function is emitted again, with BigInts. */
export class NotInHalves extends Error {}

/** Thrown when a function turns out to call itself in its place: it is emitted again, as a loop. */
export class CallsItself extends Error {}

/** While control is in a callee, `fl` holds this: the exit handler then knows that `S.fuel` is the truth. */
export const AWAY = js.raw('1 << 31');

export interface Region {
  readonly name: string;
  readonly statements: js.Statement[];
  readonly weight: number;
}

export class FunctionEmitter {
  readonly context: FunctionContext;
  readonly options: EmitOptions;
  /** The code is for an interpreter. */
  readonly interpreted: boolean;
  readonly name: string;
  /** The function calls itself in its place. */
  readonly bodyIsLoop: boolean;
  readonly places: Places;
  readonly stack: OperandStack;
  /** In which shapes locals would rather be; undefined once that is decided. */
  readonly votes: ShapeVotes | undefined;
  /** Only in the plain layout: regions share nothing but cells. */
  readonly mirrors: Mirrors | undefined;
  /** The i64 that was computed last, see jitless/pairs.ts. */
  lastPair: LastPair | undefined = undefined;
  /** The function is entered by its own group as jitless/entries.ts says. */
  readonly entry: Entry | undefined;
  /** What is known of locals, in code for an interpreter. */
  readonly localFacts: LocalFacts | undefined;
  readonly meter: Meter;
  readonly frames: Frame[] = [];
  /** Of the instruction that is being emitted, where that is recorded. */
  offset: number | undefined;
  /** Free names of generated code in use: `V`, `GI`, helpers. */
  readonly uses = new Set<string>();
  /** Templates whose names are among them. */
  readonly #used = new Set<readonly string[]>();
  /** Parts that moved into functions of their own. */
  readonly regions: Region[] = [];
  makesCalls = false;
  /** Some tail call does not stay in the function. */
  makesTailCalls = false;
  /** The function has a tail form: some tail call may be left to a trampoline. */
  hasTrampoline = false;
  #tailExit: string | undefined;
  /** Where the body starts again: declared locals are to be zero there. Filled in at the end. */
  readonly restarts: js.BlockStatement[] = [];
  /** Calls so far, to tell loops that make none. */
  calls = 0;
  /** Loops that are closed, not counting those that never go round. */
  closedLoops = 0;
  /** There is a loop that makes no calls: worth a counter in a register. */
  hasCalllessLoop = false;
  /** Which handler a `delegate` means; undefined where there is no delegate. */
  delegation: js.Expression | undefined;
  #labels = 0;
  /** Loops that enclose what is being emitted. */
  loops = 0;
  #crossings: Crossing[] = [];
  /** How many crossings there were when a memory's view was last used. */
  readonly #viewUses: number[] = [];
  /** The same of memory 0's arrays. */
  readonly #arrayUses = new Map<string, number>();
  /** Calls of regions, by the region's number. */
  readonly regionCalls = new Map<js.Expression, number>();
  /** What every region takes: `E`, and the pointers that are in use; known in the end. */
  readonly regionArguments = js.late(js.SEQUENCE, 0);
  readonly #exits: Exit[] = [];
  readonly handlers = new Set<js.BlockStatement>();

  constructor(
    context: FunctionContext,
    options: EmitOptions,
    name: string,
    layout: Layout,
    purse: Purse = 'fuel',
    bodyIsLoop = false,
    shapes?: readonly (LocalShape | undefined)[],
    inHalves = true,
    loops?: readonly Loop[],
    entry?: Entry,
  ) {
    this.context = context;
    this.options = options;
    this.interpreted = options.target === 'jitless';
    this.name = name;
    this.bodyIsLoop = bodyIsLoop;
    const halves = inHalves && this.interpreted && layout === 'plain';
    this.entry = halves ? entry : undefined;
    const inner = this.entry !== undefined;
    this.places = new Places(layout, context.locals, context.type.params.length, shapes, halves, inner);
    const undecided = shapes === undefined && layout === 'plain' && context.locals.includes('v128');
    this.votes = undecided ? new ShapeVotes(context.type.params) : undefined;
    if (undecided) this.places.vectors.votes = this.votes;
    this.stack = new OperandStack(this.places, (statement) => this.emit(statement), this.interpreted);
    this.mirrors = layout === 'plain' && !halves ? new Mirrors(this.places) : undefined;
    this.localFacts = halves && loops && !bodyIsLoop ? new LocalFacts(context, loops) : undefined;
    this.meter = new Meter(
      options.costs,
      options.checkEveryRegion,
      purse,
      {
        here: () => ({ number: this.#crossings.length, inLoop: this.loops > 0 }),
        // What was used since the crossing before is taken to be used behind it.
        make: (at) => this.#note(undefined, false, false, at && { ...at, number: at.number - 1 }),
        drop: (slowPath) => {
          this.#crossings = this.#crossings.filter(({ node }) => node !== slowPath);
        },
      },
      this.#recorder(),
    );
    this.frames.push(frame('function', this.newLabel(), context.type, 0));
  }

  #recorder(): RegionRecorder | undefined {
    const { counting } = this.options;
    if (counting === undefined) return undefined;
    const { module, index } = this.context;
    const defined = index - module.importedFunctions;
    const { start } = module.bodies[defined]!;
    return new RegionRecorder(counting.regionsOf(defined), () => this.offset ?? start);
  }

  get frame(): Frame {
    return this.frames[this.frames.length - 1]!;
  }

  enterFrame(opened: Frame): void {
    opened.enteredAt = this.mirrors?.now ?? this.localFacts?.now ?? 0;
    opened.offset = this.offset;
    this.frames.push(opened);
  }

  /** Before control parts or meets, what lives in variables of straight-line code goes to its cells. */
  flushMirrors(): void {
    for (const statement of this.mirrors?.flush() ?? []) this.emit(statement);
  }

  /** Paths meet: what was assigned after `time` is not known any more. */
  forgetSince(time: number): void {
    this.mirrors?.forgetSince(time);
    this.localFacts?.forgetSince(time);
  }

  newLabel(): string {
    return `L${this.#labels++}`;
  }

  emit(statement: js.Statement, nesting = 0, weight = js.weightOf(statement)): void {
    if (this.offset !== undefined && !STRUCTURES.has(statement.type)) statement.offset ??= this.offset;
    this.frame.list.push(statement, nesting, weight);
  }

  /** A runtime helper or other free name. */
  use(name: string, offset?: number): js.Expression {
    this.uses.add(name);
    return offset !== undefined && this.options.recordOffsets ? js.idAt(name, offset) : js.id(name);
  }

  /** The free names of a template. */
  useAll({ free }: Template): void {
    if (this.#used.has(free)) return;
    this.#used.add(free);
    for (const name of free) if (name !== 'E') this.uses.add(name);
  }

  /** The offset to attach to nodes, where that is wanted. */
  at(offset: number): number | undefined {
    return this.options.recordOffsets ? offset : undefined;
  }

  /** Charges an instruction, by its row's number. */
  charge(instruction: number): void {
    if (this.meter.add(instruction)) return;
    const { kind, list } = this.frame;
    const atStart = (kind === 'loop' || kind === 'function') && list.statements.length === 0;
    const opened = this.meter.open(instruction, atStart);
    if (opened === undefined) return;
    if (kind === 'loop' && atStart) {
      opened.isHeader = true;
      this.frame.header = opened;
    }
    this.emit(opened.statement, 1);
  }

  // ------------------------------------------------------------------ crossings

  #crossing(core: js.Expression | undefined, leaves: boolean): js.Expression {
    if (leaves) {
      this.makesCalls = true;
      this.calls++;
    }
    return this.#note(core, leaves, true);
  }

  #note(
    core: js.Expression | undefined,
    leaves: boolean,
    returns: boolean,
    { number, inLoop }: Position = { number: this.#crossings.length, inLoop: this.loops > 0 },
  ): js.Expression {
    const ends = returns ? WEIGHTS.arrival : leaves ? 0 : WEIGHTS.refuel;
    const node = js.late(js.SEQUENCE, ends + (core?.weight ?? 0));
    this.#crossings.push({ node, core, leaves, returns, number, inLoop });
    return node;
  }

  /** Calls a region, then jumps on as it says; `exits` is the `switch` that does. */
  regionCall(
    number: number,
    jumps: readonly js.Statement[],
  ): { statement: js.Statement; weight: number; exits: js.SwitchStatement | undefined } {
    const call = js.late(js.CALL, WEIGHTS.regionCall, [
      this.regions[number]!.name,
      '(',
      this.regionArguments,
      ')',
    ]);
    const code = this.places.variable('x');
    const node = this.#crossing(jumps.length === 0 ? call : js.assign(code, call), true);
    this.regionCalls.set(node, number);
    const away = js.statement(node);
    if (jumps.length < 2) {
      const statement = jumps.length === 0 ? away : js.block([away, js.ifElse(code, [jumps[0]!])]);
      return { statement, weight: js.weightOf(statement), exits: undefined };
    }
    const exits = js.switchOn(
      code,
      jumps.map((jump, i) => js.switchCase(i + 1, [jump])),
    );
    const weight = node.weight + code.weight + switchWeight(jumps.length) + WEIGHTS.jump * jumps.length;
    return { statement: js.block([away, exits]), weight, exits };
  }

  /**
   * Puts a call into the statement list with all that surrounds it, as one expression, so that nothing comes in between:
   * `S.fuel = fl, fl = AWAY, s0 = f7(E), fl = S.fuel, V = E.V`. What follows is a new region.
   */
  emitAway(call: js.Expression, keepsViews = false): void {
    this.emit(js.statement(this.#crossing(call, true)));
    if (keepsViews) this.#crossings[this.#crossings.length - 1]!.keepsViews = true;
    this.meter.endRegion();
  }

  /** A call that nothing of the instance changes by. */
  emitPureCall(call: js.Expression): void {
    this.makesCalls = true;
    this.calls++;
    this.emit(js.statement(call));
  }

  /** A value to throw: the account is brought up to date, and nothing comes back. */
  departing(thrown: js.Expression): js.Expression {
    if (!this.meter.enabled) return thrown;
    return this.#note(thrown, true, false);
  }

  /** At the start of a handler. */
  arrive(): void {
    this.emit(js.statement(this.#crossing(undefined, false)));
    this.meter.endRegion();
  }

  /**
   * The way out of the function: gives back what it holds, then returns. `references` are results that are written
   * only after the frame's references are cleared. What is to be given back is known in the end (`fillExits`).
   */
  exit(result: js.Expression | undefined, references: js.Statement[]): js.Statement {
    const node = js.block([js.returns(result)]);
    this.#exits.push({ node, result, references, isCall: false });
    return node;
  }

  /** The way out into a function that takes this one's place. */
  exitInto(call: js.Expression): js.Statement {
    const node = js.block([js.returns(call)]);
    this.#exits.push({ node, result: call, references: [], isCall: true });
    return node;
  }

  /** The label, around all of a split function, behind which it returns because a tail call has been left. */
  tailExit(): string {
    this.#tailExit ??= this.newLabel();
    return this.#tailExit;
  }

  /** Puts that label around what has been emitted. */
  closeTailExit(): void {
    if (this.#tailExit === undefined) return;
    const { list } = this.frame;
    this.frame.list = new StatementList();
    this.emit(js.labeled(this.#tailExit, js.block(list.statements)), list.nesting + 2, list.weight);
    this.emit(this.exit(undefined, []));
  }

  /** What every exception handler does first: put the frame pointers back. Filled in like the exits. */
  handlerStatement(): js.Statement {
    const handler = js.block([]);
    this.handlers.add(handler);
    return handler;
  }

  fillExits(exits: js.Statement[], handlers: js.Statement[]): void {
    for (const exit of this.#exits) this.#fillExit(exit, exits);
    for (const handler of this.handlers) handler.body = [...handlers];
  }

  #fillExit({ node, result, references, isCall }: Exit, giveBack: js.Statement[]): void {
    if (giveBack.length === 0 && references.length === 0) {
      js.become(node, js.returns(result));
      return;
    }
    if (isCall) {
      // An error from there must not bring our account up to date.
      const away = this.countsLocally ? [js.set(js.id('fl'), AWAY)] : [];
      node.body = [...giveBack, ...away, js.returns(result)];
      return;
    }
    node.body = [];
    let value = result;
    if (value !== undefined && !js.isSimple(value)) {
      // Computed first: it may read cells, or trap.
      value = this.places.variable('x0');
      node.body.push(js.set(value, result!));
    }
    node.body.push(...giveBack, ...references, js.returns(value));
  }

  /** What `fillExits` and `fillCrossings` add to the function, beyond what its statements were taken for. */
  lateWeight(giveBack: readonly js.Statement[]): number {
    const fuel = this.countsLocally ? this.#crossings.length * WEIGHTS.fuelArrival : 0;
    return fuel + this.#exits.length * js.weightOfAll(giveBack);
  }

  /** Before the crossings are filled in: how fuel is counted, now that the whole function is known. */
  settleMetering(): void {
    const isLocal = this.hasCalllessLoop && this.places.layout === 'plain';
    this.meter.settle(isLocal, this.closedLoops === 0 && !this.makesCalls && !this.makesTailCalls);
  }

  /** Fills in every crossing, now that it is known what the function uses. */
  fillCrossings(): void {
    const local = this.countsLocally;
    const fuel = this.meter.stored;
    const save = js.assign(fuel, js.id('fl'));
    const leave = [save, js.assign(js.id('fl'), AWAY)];
    const read = js.assign(js.id('fl'), fuel);
    for (const crossing of this.#crossings) {
      const { core, leaves, returns } = crossing;
      const expressions: js.Expression[] = [];
      const refuels = !leaves && !returns;
      if (local && (leaves || refuels)) expressions.push(...leave);
      if (refuels) expressions.push(this.#refueled(crossing));
      if (core !== undefined) expressions.push(core);
      if (local && (returns || refuels)) expressions.push(read);
      if (!refuels && (returns || !leaves)) expressions.push(...this.#staleViews(crossing));
      js.fillSequence(crossing.node, expressions);
    }
  }

  /** `${E}` fetches the next slice; it is an empty text if the host's code ran meanwhile. */
  #refueled(crossing: Crossing): js.Expression {
    const fetched = js.toStringOf(js.id('E'));
    const stale = this.#staleViews(crossing);
    return stale.length === 0 ? fetched : js.logical('||', fetched, js.sequence(stale));
  }

  /** Fuel is counted in a variable: an error made in this function must bring the account up to date on its way out. */
  get countsLocally(): boolean {
    return this.meter.enabled && this.meter.isLocal;
  }

  /** `V = E.V`, for each memory that is still used after the crossing. */
  #staleViews({ number, inLoop, keepsViews = false }: Crossing): js.Expression[] {
    const reloads: js.Expression[] = [];
    if (keepsViews) return reloads;
    for (let memory = 0; memory < this.#viewUses.length; memory++) {
      const lastUse = this.#viewUses[memory];
      if (lastUse === undefined) continue;
      if (inLoop || this.places.layout !== 'plain' || number < lastUse)
        reloads.push(reloadOf(this.#viewName(memory)));
    }
    for (const [array, lastUse] of this.#arrayUses) {
      if (inLoop || this.places.layout !== 'plain' || number < lastUse) reloads.push(reloadOf(array));
    }
    return reloads;
  }

  /** The view of a memory, for an access that comes next. */
  useView(memory: number): js.Expression {
    const name = this.#viewName(memory);
    if (this.#viewUses[memory] === undefined) this.uses.add(name);
    this.#viewUses[memory] = this.#crossings.length;
    return js.id(name);
  }

  /** An array of memory 0, for an access that comes next; see jitless/arrays.ts. */
  useArray(name: string): js.Expression {
    this.uses.add(name);
    this.#arrayUses.set(name, this.#crossings.length);
    return js.id(name);
  }

  /** A shared memory has to be asked: it may have grown in another thread. */
  #viewName(memory: number): string {
    return memory === 0 && !this.context.module.memories[0]!.shared ? 'V' : `V${memory}`;
  }

  // ------------------------------------------------------------------ values

  /** Pushes the result of an expression. */
  push(
    type: ValueType,
    node: js.Expression,
    effects = 0,
    reads: Reads = NOTHING,
    operations = 0,
    interval?: Interval,
  ): void {
    const facts = interval && { interval };
    this.stack.push({ node, type, effects, reads, operations, isBoolean: false, constant: undefined, facts });
  }

  /** Pushes a value known at compile time. */
  pushConstant(type: ValueType, node: js.Expression, constant: number | bigint): void {
    this.stack.push({ node, type, effects: 0, reads: NOTHING, operations: 0, isBoolean: false, constant });
  }

  /** A temporary that lives within one expression. */
  temporary(prefix: 'x' | 'y' | 'b', height: number): js.Expression {
    return this.places.variable(`${prefix}${height}`);
  }
}
