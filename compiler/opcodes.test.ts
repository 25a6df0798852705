/**
 * The laws of the opcode table that need no execution by an engine; opcodes-native.test.ts compares meanings.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HELPERS } from '../runtime/helpers/index.ts';
import { evaluationLog, FREE_NAMES, mentions } from '../test/support/templates.ts';
import { operandsOf, rows, templatesOf } from './opcodes/row.ts';
import { OPCODES, type Opcode, opcodeOf, signatureOf } from './opcodes.ts';

/** Every quoted name in the emitter's sources: calls of helpers that it writes itself, beside those of templates. */
const EMITTER = new URL('emit/', import.meta.url);
const quotedByEmitter = readdirSync(EMITTER, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.ts'))
  .filter((file) => !file.endsWith('.test.ts'))
  .flatMap((file) =>
    [...readFileSync(new URL(file, EMITTER), 'utf8').matchAll(/'(\w+)'/g)].map(([, name]) => name!),
  );
/** For values that cross to raw bits; they stand beside helpers that need the same knowledge. */
const USED_BY_RUNTIME = ['f32_from_bits', 'f64_from_bits', 'f64_to_bits', 'trap'];

const LOCAL_NAMES = new Set(['a', 'b', 'c', 'd', 'x', 'y', 'ea', 'i', 'j', 'k', 'm', 'u']);
/** Lanes of vectors, and of the result. */
const LANE_NAMES = /^[abr][0-3]$/;
const templates = OPCODES.flatMap((row) =>
  [...templatesOf(row), ...(row.lanes ?? []).flatMap((form) => form.templates)].map((template) => ({
    row,
    template,
  })),
);

function identifiers(template: string): string[] {
  return [...template.matchAll(/(?<![.\w])[A-Za-z_]\w*/g)].map(([name]) => name);
}

describe('every row', () => {
  test('has a code of its own', () => {
    const codes = OPCODES.map((row) => String(row.code));
    expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([]);
  });
  test('has a name of its own', () => {
    const names = OPCODES.map((row) => row.name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
  test('is found by its code', () => {
    for (const row of OPCODES) expect(opcodeOf(...codeOf(row))).toBe(row);
    expect([opcodeOf(0xff), opcodeOf(0xfc), opcodeOf(0xfc, 18), opcodeOf(0xfd, 0x9a)]).toEqual(
      Array(4).fill(undefined),
    );
  });
  test('has a signature that parses', () => {
    for (const row of OPCODES) expect(signatureOf(row) === undefined).toBe(row.signature === 'custom');
  });
  test('gives its meaning by a template, unless the emitter must know its surroundings', () => {
    const without = OPCODES.filter(
      (row) => row.js === undefined && row.lanes === undefined && row.effect !== 'control',
    ).map((row) => row.name);
    const known = /^(nop|drop|select|local|global|struct|array|ref\.(test|cast)|[if]\d+\.const)/;
    const vectors =
      /^(v128\.(const|load|store|(load|store)\d+_lane|load(32|64)_splat)|i8x16\.shuffle|\w+\.(extract|replace)_lane(_[su])?)$/;
    expect(without.filter((name) => !known.test(name) && !vectors.test(name))).toEqual([]);
  });
});

function codeOf({ code }: Pick<Opcode, 'code'>): [number, number?] {
  return typeof code === 'number' ? [code] : [...code];
}

test('the table is complete: instructions by proposal', () => {
  const count: Record<string, number> = {};
  for (const { feature } of OPCODES) count[feature] = (count[feature] ?? 0) + 1;
  expect(count).toEqual({
    mvp: 172,
    'sign-extension': 5,
    'saturating-float-to-int': 8,
    'bulk-memory': 7,
    'reference-types': 9,
    'exception-handling': 3,
    'legacy-exceptions': 5,
    simd: 236,
    'relaxed-simd': 20,
    'tail-call': 2,
    'function-references': 5,
    gc: 32,
    threads: 67,
    'wide-arithmetic': 4,
  });
});

describe('templates', () => {
  test('name operands as the signature has them', () => {
    expect(() => rows('mvp', [[0, 'i32.sub', 'none', 'i32 i32 -> i32', 'pure', 'b - a | 0']])).toThrow(
      'i32.sub: template uses [b, a], signature needs [a, b]',
    );
    expect(() => rows('mvp', [[0, 'i32.eqz', 'none', 'i32 -> i32', 'pure', '0']])).toThrow(
      'template uses []',
    );
  });
  test('mention operands, temporaries and known names only', () => {
    for (const { row, template } of templates) {
      const strangers = identifiers(template).filter(
        (name) => !FREE_NAMES.has(name) && !LOCAL_NAMES.has(name) && !LANE_NAMES.test(name),
      );
      expect([row.name, strangers]).toEqual([row.name, []]);
    }
  });
  test('and the emitter use every helper', () => {
    const inTemplates = templates.flatMap(({ template }) => identifiers(template));
    const named = new Set([...inTemplates, ...quotedByEmitter, ...USED_BY_RUNTIME]);
    expect(Object.keys(HELPERS).filter((name) => !named.has(name))).toEqual([]);
  });
  test('special to a constant or a target exist beside a plain one', () => {
    for (const row of OPCODES) expect(row.js !== undefined || templatesOf(row).length === 0).toBe(true);
  });
});

describe('operands are evaluated once, left to right, and may use the scratch cells', () => {
  const plain = OPCODES.filter(
    (row) => row.js !== undefined && !/custom|ref|i31/.test(row.signature) && !mentions(row.js, 'E'),
  );
  test.each(plain.map((row) => [row.name, row] as const))('%s', (_, row) => {
    const { params } = signatureOf(row)!;
    for (const value of [0, 3, Number.NaN]) {
      const operands: Record<string, unknown> = { ea: 8 };
      params.forEach((type, i) => {
        operands['abcd'[i]!] = type === 'i64' ? 3n : type === 'i32' ? 3 : value;
      });
      if (row.effect === 'trap' && Number.isNaN(value)) continue;
      for (const template of [row.js!, ...Object.values(row.variants ?? {})]) {
        const log = evaluationLog(row, template, operands).map((name) => (name === 'ea' ? 'a' : name));
        expect(log).toEqual(['a', 'b', 'c', 'd'].slice(0, params.length));
      }
    }
  });
  test('the order of first use is what the table checks', () => {
    expect(operandsOf('V.setInt8(ea, (R[0] = b, RL[0]))')).toEqual(['a', 'b']);
    expect(operandsOf('A(64, a ^ 1n) < u')).toEqual(['a', 'b']);
  });
});
