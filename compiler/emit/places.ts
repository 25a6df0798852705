/**
 * Where a function's values live: which JavaScript variable or register-file cell stands for each local, operand-stack
 * slot and hidden variable (the exception being handled).
 *
 * Three layouts:
 *  - plain: everything is a JavaScript variable (`l3`, `s0`), except i64, which lives in cells of the frame in the
 *    register file (`R[q + 2]`): V8 keeps a BigInt unboxed only there (PERFORMANCE.md §1).
 *  - cells: everything lives in cells, so that any run of statements can move into a function of its own
 *    (`outline.ts`): i32 in `RL[p + 2n]` with p = 2q, floats in `RD[q + n]`, references in `RR[r + n]`. Locals that are
 *    numbers have a variable besides (`l3`), which is read instead; writes go to both: `RL[p + 6] = l3 = 5`.
 *    A v128 has two cells, and no variable.
 *  - bare: the same without those variables, for where loading them again after every call would take too much code.
 *
 * Vectors are simd/vector-places.ts's, with what they need from here.
 *
 * The frame: cells 0… are the i64 and v128 parameters, where the caller wrote them; `w` is the first cell after the frame, where
 * arguments of the next call go.
 */
import { cellsOf, type ValueType } from '../../runtime/types.ts';
import type { Halves } from './jitless/halves.ts';
import * as js from './js.ts';
import type { LocalShape } from './simd/local-shapes.ts';
import type { VectorCells } from './simd/vector.ts';
import { VectorPlaces } from './simd/vector-places.ts';

export type Layout = 'plain' | 'cells' | 'bare';

/** Which of the views of a cell a type uses. */
type Bank = 'R' | 'RL' | 'RD' | 'RF' | 'RR';

function bankOf(type: ValueType): Bank {
  if (type === 'i64' || type === 'v128') return 'R';
  if (type === 'i32') return 'RL';
  if (type === 'f32' || type === 'f64') return 'RD';
  return 'RR';
}

function isNumber(type: ValueType): boolean {
  return type === 'i32' || type === 'f32' || type === 'f64';
}

const localVariables: (js.Expression | undefined)[] = [];

/** `l3`: one expression for all. */
function localVariable(index: number): js.Expression {
  localVariables[index] ??= js.id(`l${index}`);
  return localVariables[index];
}

const cells: Readonly<Record<Bank, Map<string, (js.Expression | undefined)[]>>> = {
  R: new Map(),
  RL: new Map(),
  RD: new Map(),
  RF: new Map(),
  RR: new Map(),
};

/** `RL[p + 6]`: one expression for all. */
function cellAt(bank: Bank, pointer: string, n: number): js.Expression {
  let known = cells[bank].get(pointer);
  if (known === undefined) {
    known = [];
    cells[bank].set(pointer, known);
  }
  known[n] ??= js.index(js.id(bank), js.plus(js.id(pointer), n));
  return known[n];
}

/** How cells are set to zero, whatever their type; references apart. */
const ZEROS = [
  ['R', 'q', js.bigint(0n)],
  ['RR', 'r', js.NULL],
] as const;
/** From so many locals on that begin at zero, they are filled at once. */
const MANY_LOCALS = 200;

export class Places {
  readonly layout: Layout;
  /** i64 are two int32 in variables, see jitless/halves.ts. */
  readonly halves: boolean;
  readonly locals: readonly ValueType[];
  /** JavaScript parameters after `E`, in order. */
  readonly parameters: string[] = [];
  /** Names of plain variables in use beyond the parameters: locals, slots, temporaries, hidden variables. */
  readonly variables = new Set<string>();
  /** A handler puts the frame pointers back, which callees that threw left where they were; even if the frame is empty. */
  restored = false;
  /** There are many locals in cells that begin at zero. */
  readonly fillsLocals: boolean;
  /** The views of the register file in use. */
  readonly banks = new Set<Bank>();
  /** Helpers and views that moving vectors takes. */
  readonly uses = new Set<string>();
  readonly #shapes: readonly (LocalShape | undefined)[];
  #vectors: VectorPlaces | undefined;
  #frameSize = 0;
  #referenceCells = 0;
  readonly #localCells: number[] = [];
  readonly #slotCells: number[] = [];
  readonly #referenceSlotCells: number[] = [];
  /** What `slot` has answered for variables, by height. */
  readonly #slotVariables: (js.Expression | undefined)[] = [];

  constructor(
    layout: Layout,
    locals: readonly ValueType[],
    parameterCount: number,
    shapes: readonly (LocalShape | undefined)[] = [],
    halves = false,
    inner = false,
  ) {
    this.layout = layout;
    this.halves = halves;
    this.locals = locals;
    this.#shapes = shapes;
    // The i64 and v128 parameters first: the caller wrote them to the frame's first cells.
    for (let i = 0; i < parameterCount; i++) {
      const type = locals[i]!;
      if (inner && type === 'i64') this.parameters.push(`l${i}`, `g${i}`);
      else if (cellsOf(type) > 0) this.#localCells[i] = this.#newCells(type);
      else this.parameters.push(`l${i}`);
    }
    if (halves && !inner) this.#takeHalves(parameterCount);
    // The others are written at entry, used or not, so their views are in use.
    locals.forEach((type, i) => {
      if (this.#localCells[i] !== undefined || !this.#inCell(type)) return;
      this.#localCells[i] = this.#newCells(type);
      this.banks.add(bankOf(type));
    });
    const zeroed = this.#localCells.filter((_, i) => i >= parameterCount).length;
    this.fillsLocals = zeroed > MANY_LOCALS;
    if (this.fillsLocals) this.banks.add('R');
  }

  /** Parameters leave their cells when the function begins: where all do, it needs none for them. */
  #takeHalves(parameterCount: number): void {
    const parameters = this.locals.slice(0, parameterCount);
    if (parameters.includes('i64')) this.banks.add('RL');
    if (!parameters.includes('v128')) this.#frameSize = 0;
  }

  /** The variables of an i64 local. */
  localHalves(index: number): Halves {
    return [localVariable(index), js.id(`g${index}`)];
  }

  /** The variables of a slot that is an i64. */
  slotHalves(height: number): Halves {
    return [this.variable(`s${height}`), this.variable(`o${height}`)];
  }

  /** An i64 in cell n above the frame (`outgoing`) or in it. */
  cellHalves(n: number, outgoing: boolean): Halves {
    this.banks.add('RL');
    const pointer = outgoing ? 'u' : 'p';
    return [cellAt('RL', pointer, 2 * n), cellAt('RL', pointer, 2 * n + 1)];
  }

  /** Cells of the frame; 0: the function needs no frame. */
  get frameSize(): number {
    return this.#frameSize;
  }

  /** The function has to know where its frame lies. */
  get needsFrame(): boolean {
    return this.#frameSize > 0 || this.banks.size > 0 || this.restored;
  }

  /** Cells of the reference stack that have to be cleared at exit. */
  get referenceCells(): number {
    return this.#referenceCells;
  }

  #inCell(type: ValueType): boolean {
    return (type === 'i64' && !this.halves) || this.layout !== 'plain';
  }

  #newCell(bank: Bank): number {
    return bank === 'RR' ? this.#referenceCells++ : this.#frameSize++;
  }

  /** The first of the cells that a value of the type takes. */
  #newCells(type: ValueType): number {
    const first = this.#newCell(bankOf(type));
    if (type === 'v128') this.#frameSize++;
    return first;
  }

  /** Made for the functions that have some. */
  get vectors(): VectorPlaces {
    this.#vectors ??= new VectorPlaces(this.#vectorFrame(), this.#shapes);
    return this.#vectors;
  }

  #vectorFrame() {
    return {
      isPlain: this.layout === 'plain',
      newCells: () => this.#newCells('v128'),
      cells: (n: number, outgoing: boolean) => this.#vectorCells(n, outgoing),
      variable: (name: string) => this.variable(name),
      use: (name: string) => {
        this.uses.add(name);
        return js.id(name);
      },
    };
  }

  /** The views of cells that a function's frame is reached by: in use once asked for. */
  #vectorCells(n: number, outgoing: boolean): VectorCells {
    const { banks } = this;
    const [cells, halves] = outgoing ? ['w', 'u'] : ['q', 'p'];
    const lanes = (bank: Bank, pointer: string, first: number, count: number) =>
      Array.from({ length: count }, (_, i) => cellAt(bank, pointer, first + i));
    return {
      get i32x4() {
        banks.add('RL');
        return lanes('RL', halves!, 2 * n, 4);
      },
      get f32x4() {
        banks.add('RF');
        return lanes('RF', halves!, 2 * n, 4);
      },
      get f64x2() {
        banks.add('RD');
        return lanes('RD', cells!, n, 2);
      },
    };
  }

  /** The number of the first cell of a local that has some. */
  localCellNumber(index: number): number {
    return this.#localCells[index]!;
  }

  /** Makes sure that the frame has room for `count` result cells. */
  reserve(count: number): void {
    this.#frameSize = Math.max(this.#frameSize, count);
  }

  /** Zero for all locals at once that begin so, in as few words as possible; V8 takes longer for it than for some stores. */
  fillLocals(parameters: number): js.Statement[] {
    const statements: js.Statement[] = [];
    for (const [bank, pointer, zero] of ZEROS) {
      const locals = this.locals.flatMap((type, i) =>
        i >= parameters && this.#localCells[i] !== undefined && (bankOf(type) === 'RR') === (bank === 'RR')
          ? [i]
          : [],
      );
      if (locals.length === 0) continue;
      const last = locals.at(-1)!;
      const from = this.#localCells[locals[0]!]!;
      const to = this.#localCells[last]! + (cellsOf(this.locals[last]!) || 1);
      const range = [js.plus(js.id(pointer), from), js.plus(js.id(pointer), to)];
      statements.push(js.statement(js.call(js.member(js.id(bank), 'fill'), [zero, ...range])));
    }
    return statements;
  }

  /** Where a local is read. */
  local(index: number): js.Expression {
    const type = this.locals[index]!;
    return this.isMirrored(index) || !this.#inCell(type) ? localVariable(index) : this.localCell(index);
  }

  /** The cell of a local that has one. */
  localCell(index: number): js.Expression {
    return this.cell(this.locals[index]!, this.#localCells[index]!);
  }

  /** A variable stands before the local's cell. */
  isMirrored(index: number): boolean {
    return this.layout === 'cells' && isNumber(this.locals[index]!);
  }

  /** The slot at an operand-stack height. */
  slot(height: number, type: ValueType): js.Expression {
    if (!this.#inCell(type)) {
      this.#slotVariables[height] ??= this.variable(`s${height}`);
      return this.#slotVariables[height]!;
    }
    const bank = bankOf(type);
    const cells = bank === 'RR' ? this.#referenceSlotCells : this.#slotCells;
    cells[height] ??= this.#newCell(bank);
    return this.cell(type, cells[height]!);
  }

  /** A plain variable, declared at the head of the function (or region) that uses it. */
  variable(name: string): js.Expression {
    this.variables.add(name);
    return js.id(name);
  }

  /** A hidden variable of the function, such as the exception that a handler holds. */
  hidden(name: string, type: ValueType): js.Expression {
    if (!this.#inCell(type)) return this.variable(name);
    return this.cell(type, this.#newCell(bankOf(type)));
  }

  /** Cell `n` of this function's frame, as `type`. */
  cell(type: ValueType, n: number): js.Expression {
    return this.#at(type, n, 'q', 'p', 'r');
  }

  /** Cell `n` above the frame: arguments and results of calls. */
  outgoing(type: ValueType, n: number): js.Expression {
    return this.#at(type, n, 'w', 'u', 't');
  }

  #at(type: ValueType, n: number, cells: string, halves: string, references: string): js.Expression {
    const bank = bankOf(type);
    this.banks.add(bank);
    if (bank === 'RL') return cellAt(bank, halves, 2 * n);
    return cellAt(bank, bank === 'RR' ? references : cells, n);
  }
}
