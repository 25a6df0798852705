/**
 * The statements of random function bodies: each emits code that neither takes nor leaves operands. What they are made
 * of, expressions and blocks, is in random-code.ts.
 */
import { OPCODES, signatureOf } from '../../compiler/opcodes.ts';
import { typeText } from '../../runtime/types.ts';
import { tailCall } from './random-calls.ts';
import type { FunctionGenerator } from './random-code.ts';
import { VECTOR_STATEMENTS } from './random-vectors.ts';

import { naturalAlignment } from './wasm-builder.ts';

type Statement = (g: FunctionGenerator) => void;

const STORE_ROWS = OPCODES.filter(
  (row) => row.immediate === 'memarg' && row.feature === 'mvp' && signatureOf(row)?.results.length === 0,
);

/** How often each is chosen; those of exceptions are added where the module has them. */
export const WEIGHTS = {
  setLocal: 16,
  setGlobal: 8,
  store: 14,
  structured: 14,
  loop: 4,
  call: 8,
  branch: 5,
  branchTable: 3,
  memoryBulk: 4,
  tableBulk: 4,
  tableSet: 3,
  drops: 2,
  nop: 2,
  grow: 2,
  drop: 3,
  unreachable: 2,
} as const;

/** Three small operands of a bulk operation: destination, source or value, count. */
function bulkOperands(g: FunctionGenerator, bits: number): void {
  g.address(bits, 0.97);
  g.address(bits, 0.97);
  g.address(bits - 1, 0.98);
}

export const STATEMENTS: Readonly<Record<string, Statement>> = {
  setLocal: (g) => {
    const type = g.random.chance(0.9) ? g.random.pick(g.types) : g.random.pick(['funcref', 'externref']);
    g.expression(type);
    g.emit(['local.set', g.localOf(type)]);
  },
  setGlobal: (g) => {
    const global = g.random.pick(g.around.globals.filter(({ mutable }) => mutable));
    g.expression(global.type);
    g.emit(['global.set', global.index]);
  },
  store: (g) => {
    const row = g.random.pick(STORE_ROWS);
    g.address(9, 0.985);
    g.canonical(typeText(signatureOf(row)!.params[1]!));
    const memory = g.random.int(g.around.memories);
    g.emit([
      row.name,
      { offset: g.random.int(600), align: g.random.between(0, naturalAlignment(row.name)), memory },
    ]);
  },
  structured: (g) => g.structured(),
  loop: (g) => g.loop([]),
  call: (g) => {
    if (g.around.functions.length > 0) g.store(g.call(g.random.pick(g.around.functions)));
  },
  branch: (g) => g.diverge(() => g.branch(g.random.int(g.labels.length))),
  branchTable,
  memoryBulk: (g) => {
    const { random, around } = g;
    const memory = random.int(around.memories);
    const choice = random.int(around.dataSegments > 0 ? 4 : 2);
    if (choice === 3) {
      g.emit(['data.drop', random.int(around.dataSegments)]);
      return;
    }
    bulkOperands(g, choice === 2 ? 3 : 8);
    if (choice === 0) g.emit(['memory.fill', memory]);
    else if (choice === 1) g.emit(['memory.copy', memory, random.int(around.memories)]);
    else g.emit(['memory.init', random.int(around.dataSegments), memory]);
  },
  tableBulk: (g) => {
    const { random, around } = g;
    const choice = random.int(around.elementSegments > 0 ? 4 : 2);
    if (choice === 3) {
      g.emit(['elem.drop', random.int(around.elementSegments)]);
      return;
    }
    if (choice === 0) {
      const table = random.int(2);
      g.address(3, 0.97);
      g.expression(table === 0 ? 'funcref' : 'externref');
      g.address(2, 0.97);
      g.emit(['table.fill', table]);
      return;
    }
    bulkOperands(g, 2);
    const table = random.int(2);
    g.emit(
      choice === 1 ? ['table.copy', table, table] : ['table.init', random.int(around.elementSegments), 0],
    );
  },
  tableSet: (g) => {
    const table = g.random.int(2);
    g.address(4, 0.98);
    g.expression(table === 0 ? 'funcref' : 'externref');
    g.emit(['table.set', table]);
  },
  drops: (g) => {
    const type = g.random.pick(g.types);
    g.expression(type);
    g.expression('i32');
    g.emit('drop', 'drop');
  },
  nop: (g) => g.emit('nop'),
  grow: (g) => {
    g.grow();
    g.emit('drop');
  },
  drop: (g) => {
    g.expression(g.random.pick(g.types));
    g.emit('drop');
  },
  unreachable: (g) => g.diverge(() => g.emit(g.risk(1) ? 'unreachable' : 'nop')),
  tailCall,
  ...VECTOR_STATEMENTS,
  throw: (g) => g.diverge(() => g.throw()),
  rethrow: (g) => {
    const at = g.labels.findLastIndex((label) => label.kind === 'handler');
    if (at < 0) {
      STATEMENTS.throw!(g);
      return;
    }
    g.diverge(() => g.emit(['rethrow', g.labels.length - 1 - at]));
  },
  throwRef: (g) => {
    const local = g.localOf('exnref');
    g.emit(['local.get', local], 'ref.is_null', 'i32.eqz');
    if (g.random.chance(0.1)) g.emit('drop', ['i32.const', 1]);
    g.emit(['if']);
    g.within({ types: [], kind: 'block' }, () => {
      g.diverge(() => g.emit(['local.get', local], 'throw_ref'));
    });
    g.emit('end');
  },
};

/** A ladder of blocks, a `br_table` over them, and a different statement after each. */
function branchTable(g: FunctionGenerator): void {
  const arms = g.random.between(1, 4);
  for (let i = 0; i < arms; i++) g.emit(['block']);
  for (let i = 0; i < arms; i++) g.labels.push({ types: [], kind: 'block' });
  g.statements(1);
  g.address(3, 0.9);
  const targets = Array.from({ length: g.random.between(1, 6) }, () => g.random.int(arms));
  g.emit(['br_table', ...targets]);
  for (let i = 0; i < arms; i++) {
    g.labels.pop();
    g.emit('end');
    g.statements(1);
    if (i < arms - 1 && g.random.chance(0.5)) g.emit(['br', g.random.int(arms - 1 - i)]);
  }
}
