/**
 * What functions become: WebAssembly and its JavaScript side by side, one idea a case. The text is what
 * `sandglass inspect --js` shows, without the wrapper of the group. A change of the emitter shows here first: read the
 * difference, and bless it if it is better.
 */
import { describe, expect, it } from 'vitest';
import { DEFAULT_COSTS } from '../../runtime/costs.ts';
import { DEFAULT_LIMITS } from '../../runtime/limits.ts';
import { type Instruction, ModuleBuilder } from '../../test/support/wasm-builder.ts';
import { decodeModule } from '../binary/module.ts';
import type { EmitOptions } from './function-emitter.ts';
import { groupText } from './module.ts';
import { OUTLINE } from './outline.ts';

const UNMETERED: EmitOptions = {
  costs: undefined,
  checkEveryRegion: false,
  countDepth: false,
  countAllocation: false,
  target: 'v8-12+',
  recordOffsets: false,
  outline: OUTLINE,
};
const COUNTED: EmitOptions = { ...UNMETERED, costs: DEFAULT_COSTS };
const LIMITED: EmitOptions = { ...COUNTED, checkEveryRegion: true };

interface Case {
  readonly name: string;
  readonly options: EmitOptions;
  readonly type: string;
  readonly locals?: readonly 'i64'[];
  readonly code: readonly Instruction[];
  /** The function's lines. */
  readonly text: readonly string[];
}

/** In every module: a memory, an i32 global, function 0 of `i32 i64 -> i64` and function 1 of `i32 -> i32`. */
const CALL_AND_ADD: Pick<Case, 'type' | 'code'> = {
  type: 'i32 -> i32',
  code: [['local.get', 0], ['call', 1], ['i32.const', 1], 'i32.add'],
};

const CASES: readonly Case[] = [
  {
    name: 'arithmetic stays an expression',
    options: UNMETERED,
    type: 'i32 i32 -> i32',
    code: [['local.get', 0], ['local.get', 1], 'i32.add', ['i32.const', 7], 'i32.mul'],
    text: ['return imul(l0 + l1 | 0, 7);'],
  },
  {
    name: 'a comparison is a boolean until it is needed as a number',
    options: UNMETERED,
    type: 'i32 i32 -> i32',
    code: [['local.get', 0], ['local.get', 1], 'i32.lt_s', 'i32.eqz'],
    text: ['return !(l0 < l1) | 0;'],
  },
  {
    name: 'unsigned comparison with a constant',
    options: UNMETERED,
    type: 'i32 -> i32',
    code: [['local.get', 0], ['i32.const', 15], 'i32.lt_u'],
    text: ['return l0 >>> 0 < 15 | 0;'],
  },
  {
    name: 'a local that is read is settled before it is set',
    options: UNMETERED,
    type: 'i32 -> i32',
    code: [
      ['local.get', 0],
      ['i32.const', 1],
      ['local.set', 0],
    ],
    text: ['let s0;', 's0 = l0;', 'l0 = 1;', 'return s0;'],
  },
  {
    name: 'a load waits for no store',
    options: UNMETERED,
    type: 'i32 -> i32',
    code: [['local.get', 0], ['i32.load', { offset: 8 }], ['local.get', 0], ['i32.const', 1], 'i32.store'],
    text: [
      'let V = E.V, s0;',
      's0 = V.getInt32((l0 >>> 0) + 8, true);',
      'V.setInt32(l0 >>> 0, 1, true);',
      'return s0;',
    ],
  },
  {
    name: 'i64 lives in cells',
    options: UNMETERED,
    type: 'i64 -> i64',
    locals: ['i64'],
    code: [
      ['local.get', 0],
      ['i64.const', 3n],
      'i64.mul',
      ['local.set', 1],
      ['local.get', 1],
      ['i64.const', 7n],
      'i64.shl',
    ],
    text: [
      'const S = _S, R = _R, q = S.sp, w = q + 2;',
      'let m0, m1;',
      'if (w > S.limit) exhausted();',
      'm0 = R[q];',
      'm1 = A(64, m0 * 3n);',
      'R[q] = A(64, m1 << 7n);',
      'return;',
    ],
  },
  {
    name: 'select of i64 is two stores',
    options: UNMETERED,
    type: 'i32 i64 i64 -> i64',
    code: [['local.get', 1], ['local.get', 2], ['local.get', 0], 'select'],
    text: [
      'const S = _S, R = _R, q = S.sp, w = q + 3;',
      'let m1, m2;',
      'if (w > S.limit) exhausted();',
      'm1 = R[q];',
      'm2 = R[q + 1];',
      'if (l0) R[q + 2] = m1; else R[q + 2] = m2;',
      'R[q] = R[q + 2];',
      'return;',
    ],
  },
  {
    name: 'block and branch',
    options: UNMETERED,
    type: 'i32 ->',
    code: [['block'], ['local.get', 0], ['br_if', 0], ['i32.const', 0], ['local.get', 0], 'i32.store', 'end'],
    text: ['let V = E.V;', 'L1: {', 'if (l0) break L1;', 'V.setInt32(0, l0, true);', '}', 'return;'],
  },
  {
    name: 'a branch carries its value to the slot',
    options: UNMETERED,
    type: 'i32 -> i32',
    code: [
      ['block', 'i32'],
      ['i32.const', 5],
      ['local.get', 0],
      ['br_if', 0],
      'drop',
      ['i32.const', 6],
      'end',
    ],
    text: ['let s0;', 'L1: {', 's0 = 5;', 'if (l0) break L1;', 's0 = 6;', '}', 'return s0;'],
  },
  {
    name: 'if, else',
    options: UNMETERED,
    type: 'i32 -> i32',
    code: [['local.get', 0], ['if', 'i32'], ['i32.const', 1], 'else', ['i32.const', 2], 'end'],
    text: ['let s0;', 'if (l0) s0 = 1; else s0 = 2;', 'return s0;'],
  },
  {
    name: 'an else belongs to its own if',
    options: UNMETERED,
    type: 'i32 i32 ->',
    code: [
      ['local.get', 0],
      ['if'],
      ['local.get', 1],
      ['if'],
      ['br', 0],
      'end',
      'else',
      ['i32.const', 7],
      ['local.set', 1],
      'end',
    ],
    text: ['if (l0) {', 'L2: if (l1) break L2;', '} else l1 = 7;', 'return;'],
  },
  {
    name: 'a loop that ends in br_if',
    options: UNMETERED,
    type: 'i32 ->',
    code: [['loop'], ['local.get', 0], ['i32.const', 1], 'i32.sub', ['local.tee', 0], ['br_if', 0], 'end'],
    text: ['do {', 'l0 = l0 - 1 | 0;', '} while (l0);', 'return;'],
  },
  {
    name: 'the same, counted',
    options: COUNTED,
    type: 'i32 ->',
    code: [['loop'], ['local.get', 0], ['i32.const', 1], 'i32.sub', ['local.tee', 0], ['br_if', 0], 'end'],
    text: [
      'const S = _S;',
      'let fl = S.fuel;',
      'try {',
      'if ((fl = fl - 6 | 0) < 0) S.fuel = fl, fl = 1 << 31, `${E}`, fl = S.fuel;',
      'L1: for (;;) {',
      'fl = fl | 0;',
      'do {',
      'l0 = l0 - 1 | 0;',
      'if (!l0) break L1;',
      '} while ((fl = fl - 5 | 0) >= 0);',
      'S.fuel = fl, fl = 1 << 31, `${E}`, fl = S.fuel;',
      '}',
      'fl = fl - 2 | 0;',
      '{',
      'S.fuel = fl;',
      'return;',
      '}',
      '} catch (e) {',
      'if (fl !== 1 << 31) S.fuel = fl;',
      'throw e;',
      '}',
    ],
  },
  {
    name: 'a loop with another branch back',
    options: UNMETERED,
    type: 'i32 ->',
    code: [['loop'], ['local.get', 0], ['if'], ['br', 1], 'end', ['local.get', 0], ['br_if', 0], 'end'],
    text: ['L1: for (;;) {', 'if (l0) continue L1;', 'if (l0) continue L1;', 'break L1;', '}', 'return;'],
  },
  {
    name: 'nested blocks under a br_table',
    options: UNMETERED,
    type: 'i32 -> i32',
    code: [
      ['block'],
      ['block'],
      ['block'],
      ['local.get', 0],
      ['br_table', 0, 1, 2],
      'end',
      ['i32.const', 10],
      'return',
      'end',
      ['i32.const', 11],
      'return',
      'end',
      ['i32.const', 12],
    ],
    text: ['switch (l0) {', 'default:', 'return 12;', 'case 1:', 'return 11;', 'case 0:', 'return 10;', '}'],
  },
  {
    name: 'call: i64 arguments in cells',
    options: UNMETERED,
    type: 'i32 i64 -> i64',
    code: [
      ['local.get', 0],
      ['local.get', 1],
      ['call', 0],
    ],
    text: [
      'const S = _S, R = _R, q = S.sp, w = q + 1;',
      'let m1;',
      'if (w > S.limit) exhausted();',
      'S.sp = w;',
      'm1 = R[q];',
      'R[w] = m1;',
      'f0(E, l0);',
      'R[q] = R[w];',
      '{',
      'S.sp = q;',
      'return;',
      '}',
    ],
  },
  {
    ...CALL_AND_ADD,
    name: 'call, counted: charged up to it and from it',
    options: COUNTED,
    text: [
      'const S = _S;',
      'let s0;',
      'if ((S.fuel = S.fuel - 2 | 0) < 0) `${E}`;',
      's0 = f1(E, l0);',
      'S.fuel = S.fuel - 3 | 0;',
      'return s0 + 1 | 0;',
    ],
  },
  {
    ...CALL_AND_ADD,
    name: 'the same where fuel is limited',
    options: LIMITED,
    text: [
      'const S = _S;',
      'let s0;',
      'if ((S.fuel = S.fuel - 2 | 0) < 0) `${E}`;',
      's0 = f1(E, l0);',
      'if ((S.fuel = S.fuel - 3 | 0) < 0) `${E}`;',
      'return s0 + 1 | 0;',
    ],
  },
  {
    name: 'the memory view is read again only if it is used again',
    options: UNMETERED,
    type: 'i32 -> i32',
    code: [['local.get', 0], 'i32.load', ['call', 1], 'i32.load', ['call', 1]],
    text: [
      'let V = E.V, s0;',
      's0 = f1(E, V.getInt32(l0 >>> 0, true)), V = E.V;',
      's0 = f1(E, V.getInt32(s0 >>> 0, true));',
      'return s0;',
    ],
  },
  {
    name: 'several results: the first is returned, the others lie in cells',
    options: UNMETERED,
    type: 'i32 f64 i64 -> i32 f64 i64',
    code: [
      ['local.get', 0],
      ['local.get', 1],
      ['local.get', 2],
    ],
    text: [
      'const S = _S, R = _R, RD = _RD, q = S.sp, w = q + 2;',
      'let m2, x0, x1, x2;',
      'if (w > S.limit) exhausted();',
      'm2 = R[q];',
      'x0 = l0;',
      'x1 = l1;',
      'x2 = m2;',
      'RD[q] = x1;',
      'R[q + 1] = x2;',
      'return x0;',
    ],
  },
  {
    name: 'global',
    options: UNMETERED,
    type: '->',
    code: [['global.get', 0], ['i32.const', 16], 'i32.sub', ['global.set', 0]],
    text: ['E.g0 = E.g0 - 16 | 0;', 'return;'],
  },
  {
    name: 'a function that calls itself in its place is a loop',
    options: UNMETERED,
    type: 'i32 i32 -> i32',
    code: [
      ['local.get', 0],
      'i32.eqz',
      ['if'],
      ['local.get', 1],
      'return',
      'end',
      ['local.get', 0],
      ['i32.const', 1],
      'i32.sub',
      ['local.get', 1],
      ['local.get', 0],
      'i32.add',
      ['return_call', 2],
    ],
    text: [
      'let b0, b1, s0;',
      'L1: for (;;) {',
      'if (l0 === 0) return l1;',
      'b0 = l0 - 1 | 0;',
      'b1 = l1 + l0 | 0;',
      'l0 = b0;',
      'l1 = b1;',
      'continue L1;',
      '}',
    ],
  },
  {
    name: 'a tail call of another function: a hop, or left to the trampoline',
    options: COUNTED,
    type: 'i32 -> i32',
    code: [['local.get', 0], ['i32.const', 1], 'i32.add', ['return_call', 1]],
    text: [
      'const S = _S;',
      'let b0;',
      'if ((S.fuel = S.fuel - 4 | 0) < 0) `${E}`;',
      'b0 = l0 + 1 | 0;',
      'return n > 0 ? f1$tail(E, b0, n - 1) : leave(f1$tail, E, b0);',
    ],
  },
  {
    name: 'out of a try, a tail call is always left to the trampoline',
    options: UNMETERED,
    type: 'i32 -> i32',
    code: [['try', 'i32'], ['local.get', 0], ['return_call', 1], 'catch_all', ['i32.const', 1], 'end'],
    text: [
      'const S = _S, q = S.sp, w = q, r = S.rp, t = r;',
      'let e2, s0;',
      'L1: {',
      'try {',
      'leave(f1$tail, E, l0);',
      'return;',
      '} catch (e) {',
      'e2 = caught(e);',
      '0;',
      '{',
      's0 = 1;',
      'break L1;',
      '}',
      '}',
      '}',
      'return s0;',
    ],
  },
];

/** The lines of the module's last function. */
function linesOf({ type, locals, code, options }: Case): string[] {
  const m = new ModuleBuilder();
  m.memory(1);
  m.global('i32', true, [['i32.const', 0]]);
  m.func('i32 i64 -> i64', [['local.get', 1]]);
  m.func('i32 -> i32', [['local.get', 0]]);
  m.func(type, code, { locals: [...(locals ?? [])] });
  const info = decodeModule(m.build(), DEFAULT_LIMITS);
  const { text } = groupText(info, [info.bodies.length - 1], options, () => false);
  const start = text.indexOf('{\n', text.indexOf('= (function '));
  return text
    .slice(start + 2, text.indexOf('});\n', start))
    .trim()
    .split('\n');
}

describe('what a function becomes', () => {
  for (const each of CASES) it(each.name, () => expect(linesOf(each)).toEqual(each.text));
});
