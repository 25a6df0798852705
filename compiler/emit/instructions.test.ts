/**
 * What instructions become, one line each: the emitter's documentation. A line reads
 *
 *   'i32 -> i32', 'local.get 0; i32.const 5; i32.add', 'return l0 + 5 | 0;'
 *
 * Without the meter, save where it is the subject, and without declarations. `f1` is `(i32) -> i32`, `f2` `(i64) -> i64`, `f3`
 * `() -> i32 i64`; memory 0 and 1, global 0 (i32) and 1 (i64), table 0 and tag 0 (i32) are there.
 */
import { describe, expect, it } from 'vitest';
import { Runtime, type RuntimeOptions } from '../../src/index.ts';
import { type Instruction, ModuleBuilder } from '../../test/support/wasm-builder.ts';

/** `'i32.load offset=8'`, `'try_table i32 (catch 0 1)'`, `'local.get 0'`. */
function instruction(text: string): Instruction {
  const [name = '', ...operands] = text.trim().split(/\s+(?![^(]*\))/);
  const named = operands.filter((operand) => operand.includes('='));
  if (named.length > 0 || /\.(load|store)/.test(name)) {
    return [
      name,
      Object.fromEntries(named.map((each) => each.split('=')).map(([key, n]) => [key!, Number(n)])),
    ];
  }
  const i64 = name === 'i64.const';
  return [name, ...operands.map((each) => operandOf(each, i64))];
}
function operandOf(text: string, i64: boolean): number | bigint | string | ['catch', number, number] {
  if (text.startsWith('(')) {
    const [, tag, label] = text.slice(1, -1).split(' ');
    return ['catch', Number(tag), Number(label)];
  }
  if (i64) return BigInt(text);
  return /^-?[\d.]/.test(text) ? Number(text) : text;
}

function moduleOf(type: string, body: string): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importFunc('h', 'f', 'f32 -> f32');
  m.memory(1);
  m.memory(1);
  m.global('i32', true, [['i32.const', 0]]);
  m.global('i64', true, [['i64.const', 0n]]);
  m.table('funcref', 1);
  m.tag('i32 ->');
  m.func('i32 -> i32', [['local.get', 0]]);
  m.func('i64 -> i64', [['local.get', 0]]);
  m.func('-> i32 i64', [
    ['i32.const', 0],
    ['i64.const', 0n],
  ]);
  const text = body.trim() === '' ? [] : body.split(';').map(instruction);
  m.func(type, text, { locals: ['i32'] });
  return m.build();
}

/** The function's statements, on one line. */
function emitted(type: string, body: string, options: RuntimeOptions = { metering: false }): string {
  const text = new Runtime(options).compileSync(moduleOf(type, body)).textOf(4);
  const lines = text.split('\n').map((line) => line.trim());
  const start = lines.findIndex((line) => /function f4\(/.test(line));
  const end = lines.findIndex((line) => line.startsWith('return [['));
  return lines
    .slice(start + 1, end)
    .filter((line) => !/^(const|let) |^;?$/.test(line))
    .join(' ')
    .replace(/ \}\);?$| \}$/, '');
}

type Case = readonly [type: string, body: string, expected: string];

const PLAIN: readonly Case[] = [
  ['i32 i32 -> i32', 'local.get 0; local.get 1; i32.div_s', 's0 = i32_div_s(l0, l1); return s0;'],
  ['i32 -> i32', 'local.get 0; i32.const 10; i32.div_s', 's0 = l0 / 10 | 0; return s0;'],
  [
    'i64 i64 -> i64',
    'local.get 0; local.get 1; i64.add',
    'if (w > S.limit) exhausted(); m0 = R[q]; m1 = R[q + 1]; R[q] = A(64, m0 + m1); return;',
  ],
  [
    'i32 i64 -> i64',
    'local.get 1; i64.const 7; local.get 0; select',
    'if (w > S.limit) exhausted(); m1 = R[q]; if (l0) R[q + 1] = m1; else R[q + 1] = A(64, 7n); R[q] = R[q + 1]; return;',
  ],
  ['i32 -> i32', 'local.get 0; i32.load offset=8', 's0 = V.getInt32((l0 >>> 0) + 8, true); return s0;'],
  ['i32 -> i32', 'i32.const -4; i32.load offset=8', 's0 = V.getInt32(4294967300, true); return s0;'],
  ['i32 -> i32', 'local.get 0; i32.load8_u memory=1', 's0 = V1.getUint8(l0 >>> 0); return s0;'],
  ['i32 i32 ->', 'local.get 0; local.get 1; i32.store', 'V.setInt32(l0 >>> 0, l1, true); return;'],
  [
    'i32 -> i32',
    'local.get 0; i32.load; local.get 0; i32.const 1; i32.store; global.get 0; i32.add',
    's0 = V.getInt32(l0 >>> 0, true); V.setInt32(l0 >>> 0, 1, true); s0 = s0 + E.g0 | 0; return s0;',
  ],
  [
    '-> i32',
    'global.get 0; i32.const 1; global.set 0; global.get 0; i32.sub',
    's0 = E.g0; E.g0 = 1; s0 = s0 - E.g0 | 0; return s0;',
  ],
  ['-> i64', 'global.get 1', 'if (w > S.limit) exhausted(); t0 = GL[1]; R[q] = t0; return;'],
  ['i32 -> i32', 'local.get 0; call 1', 's0 = f1(E, l0); return s0;'],
  ['f32 -> f32', 'local.get 0; call 0', 's0 = (x0 = E.I[0]).code(x0.env, l0); return s0;'],
  [
    'i32 i32 -> i32',
    'local.get 0; local.get 1; call_indirect 2 0',
    's0 = ((x0 = T0[y0 = l1]) !== null && x0 !== undefined && x0.readyTypeId === I2 ? x0 : x0 = indirect(E, 0, y0, 2)).code(x0.env, l0); return s0;',
  ],
  [
    'i32 -> i32',
    'local.get 0; memory.grow 0; local.get 0; i32.load; i32.add',
    's0 = memory_grow(E, 0, l0 >>> 0) | 0, V = E.V; s0 = s0 + V.getInt32(l0 >>> 0, true) | 0; return s0;',
  ],
  [
    'i32 -> i32',
    'block i32; i32.const 1; local.get 0; br_if 0; drop; i32.const 2; end',
    'L1: { s0 = 1; if (l0) break L1; s0 = 2; } return s0;',
  ],
  [
    'i32 -> i32',
    'local.get 0; if i32; i32.const 1; else; i32.const 2; end',
    'if (l0) s0 = 1; else s0 = 2; return s0;',
  ],
  [
    'i32 ->',
    'loop; local.get 0; i32.const 1; i32.sub; local.tee 0; br_if 0; end',
    'do { l0 = l0 - 1 | 0; } while (l0); return;',
  ],
  [
    'i32 ->',
    'loop; local.get 0; br_if 0; br 0; end',
    'L1: for (;;) { if (l0) continue L1; continue L1; } return;',
  ],
  ['i32 ->', 'local.get 0; i32.load; drop', 's0 = V.getInt32(l0 >>> 0, true); return;'],
  ['->', 'unreachable', 'unreachable();'],
  ['i32 ->', 'local.get 0; throw 0', 'throw throw_(E, 0, l0);'],
  [
    '-> i32',
    'try i32; i32.const 1; call 1; catch 0; end',
    'L1: { try { s0 = f1(E, 1); } catch (e) { e2 = caught(e); { S.sp = w; S.rp = t; } 0; if (e2.tag === E.tags[0]) { s0 = e2.payload[0]; break L1; } throw e2; } } return s0;',
  ],
];
const METERED: readonly Case[] = [
  [
    'i32 -> i32',
    'local.get 0; call 1; call 1',
    'if ((S.fuel = S.fuel - 2 | 0) < 0) `${E}`; s0 = f1(E, l0); S.fuel = S.fuel - 1 | 0; s0 = f1(E, s0); S.fuel = S.fuel - 1 | 0; return s0;',
  ],
  [
    'i32 -> i32',
    'local.get 0; if i32; i32.const 1; else; i32.const 2; end',
    'if (l0) { S.fuel = S.fuel - 4 | 0; s0 = 1; } else { S.fuel = S.fuel - 4 | 0; s0 = 2; } S.fuel = S.fuel - 1 | 0; return s0;',
  ],
];
const LIMITED: readonly Case[] = [
  [
    'i32 -> i32',
    'local.get 0; call 1; call 1',
    'if ((S.fuel = S.fuel - 2 | 0) < 0) `${E}`; s0 = f1(E, l0); if ((S.fuel = S.fuel - 1 | 0) < 0) `${E}`; s0 = f1(E, s0); if ((S.fuel = S.fuel - 1 | 0) < 0) `${E}`; return s0;',
  ],
  [
    'i32 -> i32',
    'local.get 0; if i32; i32.const 1; else; i32.const 2; end',
    'if ((S.fuel = S.fuel - 2 | 0) < 0) `${E}`; if (l0) { if ((S.fuel = S.fuel - 2 | 0) < 0) `${E}`; s0 = 1; } else { if ((S.fuel = S.fuel - 2 | 0) < 0) `${E}`; s0 = 2; } if ((S.fuel = S.fuel - 1 | 0) < 0) `${E}`; return s0;',
  ],
];

describe('without the meter', () => {
  it.each(PLAIN)('%s: %s', (type, body, expected) => expect(emitted(type, body)).toBe(expected));
});
describe('metered', () => {
  it.each(METERED)('%s: %s', (type, body, expected) => expect(emitted(type, body, {})).toBe(expected));
});
describe('with a limit of fuel, every region looks', () => {
  it.each(LIMITED)('%s: %s', (type, body, expected) =>
    expect(emitted(type, body, { fuel: 1n })).toBe(expected),
  );
});
