/**
 * Bad input to the programming interface: each is refused with a typed error of one line that names what and where.
 */
import { describe, expect, it } from 'vitest';
import { CompileError, type Instance, LinkError, Runtime } from '../src/index.ts';
import { bytes, unsigned } from './support/leb.ts';
import { randomModule } from './support/random-module.ts';
import { MAGIC, ModuleBuilder, section } from './support/wasm-builder.ts';

type ErrorClass = abstract new (...args: never[]) => Error;

/** The error must be of the class, on one line, and name the offset or the thing. */
function expectRefused(action: () => unknown, type: ErrorClass, text: RegExp): void {
  let error: unknown;
  try {
    action();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(type);
  expect((error as Error).message).toMatch(text);
  expect((error as Error).message).toMatch(/^[^\n]+$/);
}
const compile = (input: Uint8Array, options = {}): unknown => new Runtime(options).compileSync(input);

function sample(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importFunc('host', 'f', 'i32 ->');
  m.memory(1, 2, 'memory');
  m.table('funcref', 2);
  m.global('i64', true, [['i64.const', 5]]);
  const add = m.func('i32 i32 -> i32', [['local.get', 0], ['local.get', 1], 'i32.add'], {
    export: 'add',
    name: 'add',
  });
  m.elements([add], { offset: 0 });
  m.data('data', { offset: 3 });
  return m.build();
}

describe('not a module', () => {
  it.each([
    ['an empty file', new Uint8Array(), /offset 0x0/],
    [
      'a text file',
      new TextEncoder().encode('#!/bin/sh\necho hello\n'),
      /magic header not detected.*offset 0x0/,
    ],
    ['the text format', new TextEncoder().encode('(module)'), /magic header not detected/],
    ['half a header', Uint8Array.from(MAGIC.slice(0, 6)), /unexpected end|unknown binary version/],
    [
      'another version',
      Uint8Array.from([...MAGIC.slice(0, 4), 13, 0, 1, 0]),
      /unknown binary version.*offset 0x4/,
    ],
    ['a JPEG', Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46]), /magic header not detected/],
  ])('%s', (_name, input, text) => {
    expectRefused(() => compile(input), CompileError, text);
    expect(Runtime.validate(input)).toBe(false);
  });

  it.each([undefined, null, 'text', 5, {}, [0, 0x61, 0x73, 0x6d]])('%s', (input) => {
    expect(() => compile(input as never)).toThrow(TypeError);
  });
});

describe('a truncated module', () => {
  const whole = sample();
  it('every prefix is refused with an offset, except where a section ends and the rest is optional', () => {
    let accepted = 0;
    for (let length = 0; length < whole.length; length++) {
      try {
        compile(whole.subarray(0, length));
        accepted++;
      } catch (error) {
        expect(error, `prefix of ${length} bytes`).toBeInstanceOf(CompileError);
        expect((error as Error).message).toMatch(/^[^\n]+\(.*offset 0x[0-9a-f]+\)$/);
        expect((error as CompileError).offset).toBeLessThanOrEqual(length);
      }
    }
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(10);
  });

  it('every prefix of a larger one ends in a CompileError or a module', () => {
    const { bytes: large } = randomModule(12, 80);
    for (let length = 0; length < large.length; length += 7) {
      try {
        compile(large.subarray(0, length));
      } catch (error) {
        expect(error, `prefix of ${length} bytes`).toBeInstanceOf(CompileError);
      }
    }
  });
});

describe('claims of the absurd', () => {
  const max = unsigned(2 ** 32 - 1);
  const claim = (id: number, ...rest: readonly number[]): Uint8Array => bytes(MAGIC, section(id, max, rest));
  it.each([
    ['2^32 - 1 types', claim(1, 0x60)],
    ['2^32 - 1 imports', claim(2, 0)],
    ['2^32 - 1 functions', claim(3, 0)],
    ['2^32 - 1 tables', claim(4, 0x70)],
    ['2^32 - 1 memories', claim(5, 0)],
    ['2^32 - 1 globals', claim(6, 0x7f)],
    ['2^32 - 1 exports', claim(7, 0)],
    ['2^32 - 1 element segments', claim(9, 0)],
    ['2^32 - 1 bodies', claim(10, 2)],
    ['2^32 - 1 data segments', claim(11, 0)],
    ['a section of 2^32 - 1 bytes', bytes(MAGIC, 1, max)],
    ['a name of 2^32 - 1 bytes', bytes(MAGIC, section(0, max))],
    ['2^32 functions', bytes(MAGIC, section(1, 1, 0x60, 0, 0), section(3, unsigned(2 ** 32), 0))],
  ])('%s', (_name, input) => {
    expectRefused(() => compile(input), CompileError, /offset 0x/);
  });

  it('2^32 - 1 locals', () => {
    const body = bytes(1, max, 0x7f, 0x0b);
    const input = bytes(
      MAGIC,
      section(1, 1, 0x60, 0, 0),
      section(3, 1, 0),
      section(10, 1, unsigned(body.length), body),
    );
    expectRefused(() => compile(input), CompileError, /locals.*offset 0x/);
  });

  it('2^32 - 1 parameters, targets of a br_table, catch clauses', () => {
    expectRefused(() => compile(bytes(MAGIC, section(1, 1, 0x60, max, 0x7f))), CompileError, /offset 0x/);
    for (const instruction of [
      [0x41, 0, 0x0e, ...max],
      [0x1f, 0x40, ...max],
    ]) {
      const body = bytes(0, instruction, 0x0b);
      const input = bytes(
        MAGIC,
        section(1, 1, 0x60, 0, 0),
        section(3, 1, 0),
        section(10, 1, unsigned(body.length), body),
      );
      expectRefused(() => compile(input), CompileError, /offset 0x/);
    }
  });
});

describe('over a limit', () => {
  const module = (define: (m: ModuleBuilder) => void): Uint8Array<ArrayBuffer> => {
    const m = new ModuleBuilder();
    define(m);
    return m.build();
  };
  const instantiate = (input: Uint8Array<ArrayBuffer>, limits: object): unknown =>
    new Runtime({ limits }).instantiateSync(input);

  it('a memory of 1 GiB', () => {
    const input = module((m) => m.memory(16_384));
    expectRefused(() => instantiate(input, { memoryPages: 256 }), Error, /memory.*16384.*256|memory.*256/);
  });
  it('a maximum above the limit is clamped: growth answers -1', () => {
    const input = module((m) => {
      m.memory(1, 1000);
      m.func(
        'i32 -> i32',
        [
          ['local.get', 0],
          ['memory.grow', 0],
        ],
        { export: 'grow' },
      );
    });
    const { exports } = new Runtime({ limits: { memoryPages: 3 } }).instantiateSync(input) as {
      exports: { grow(n: number): number };
    } & Instance;
    expect([exports.grow(2), exports.grow(1), exports.grow(0)]).toEqual([1, -1, 3]);
  });
  it('a table', () => {
    const input = module((m) => m.table('funcref', 5000));
    expectRefused(() => instantiate(input, { tableElements: 4999 }), Error, /table.*4999/);
  });
  it('functions, locals, bytes of a module and of a function', () => {
    const input = module((m) => {
      m.func('', ['nop'], { locals: new Array<string>(20).fill('i32') });
      m.func('', ['nop', 'nop', 'nop', 'nop', 'nop', 'nop', 'nop', 'nop']);
    });
    for (const [limits, text] of [
      [{ functions: 1 }, /functions/],
      [{ locals: 19 }, /locals/],
      [{ moduleBytes: 30 }, /moduleBytes|module/],
      [{ functionBytes: 7 }, /functionBytes|function|body/],
    ] as const) {
      expectRefused(() => compile(input, { limits }), CompileError, text);
    }
  });
  it.each([
    { memoryPages: -1 },
    { memoryPages: 1.5 },
    { memoryPages: '5' },
    { callDepth: 0 },
    { unheardOf: 5 },
  ])('limits %o', (limits) => {
    expect(() => new Runtime({ limits: limits as never })).toThrow(/limit/);
  });
});

describe('imports and calls', () => {
  const start = (): Instance => new Runtime().instantiateSync(sample(), { host: { f: () => {} } });

  it('a missing module, a missing import, an import of the wrong kind', () => {
    const link = (imports: object) => () => new Runtime().instantiateSync(sample(), imports as never);
    expectRefused(link({}), LinkError, /unknown import.*"host".*"f"/);
    expectRefused(link({ host: {} }), LinkError, /unknown import.*"host".*"f"/);
    expectRefused(
      link({ host: { f: 5 } }),
      LinkError,
      /incompatible import type.*"host".*"f".*function.*number/,
    );
  });
  it.each([
    [[], '"add" takes 2 arguments, found 0'],
    [[1], '"add" takes 2 arguments, found 1'],
    [[1, 2, 3], '"add" takes 2 arguments, found 3'],
  ])('%j as arguments', (args, text) => {
    expect(() => start().invoke('add', args)).toThrow(new TypeError(text));
    expect(() => start().invokeRaw('add', args)).toThrow(new TypeError(text));
  });
  it('a name that is no export, or no function', () => {
    expectRefused(() => start().invoke('sub'), TypeError, /"sub"/);
    expectRefused(() => start().invoke('memory'), TypeError, /"memory".*not a function/);
    expectRefused(() => start().invoke('constructor'), TypeError, /"constructor"/);
  });
  it('an argument that does not convert', () => {
    expect(() => start().invoke('add', [1n, 2])).toThrow(TypeError);
  });
  it('anything after close', () => {
    const runtime = new Runtime();
    const instance = runtime.instantiateSync(sample(), { host: { f: () => {} } });
    runtime.close();
    expect(() => instance.invoke('add', [1, 2])).toThrow(/closed/);
    expect(() => runtime.instantiateSync(sample(), { host: { f: () => {} } })).toThrow(/closed/);
  });
});

describe('invalid code is refused with function, name and offset', () => {
  it('a type mismatch', () => {
    const m = new ModuleBuilder();
    m.func('', [], {});
    m.func('f64 -> i32', [['i32.const', 1], ['local.get', 0], 'i32.add'], { name: 'mix' });
    expectRefused(
      () => compile(m.build()),
      CompileError,
      /^type mismatch: i32\.add expected i32, found f64 \(func 1 "mix", offset 0x[0-9a-f]+\)$/,
    );
  });
  it('unknown indices', () => {
    const m = new ModuleBuilder();
    m.func('', [['local.get', 7], 'drop']);
    expectRefused(
      () => compile(m.build()),
      CompileError,
      /^unknown local 7.* \(func 0, offset 0x[0-9a-f]+\)$/,
    );
  });
  it('a proposal that is switched off is named', () => {
    const body = bytes(0, 0xfe, 3, 0, 0x0b);
    const input = bytes(
      MAGIC,
      section(1, 1, 0x60, 0, 0),
      section(3, 1, 0),
      section(10, 1, unsigned(body.length), body),
    );
    expectRefused(
      () => new Runtime({ features: { threads: false } }).compileSync(input),
      CompileError,
      /^threads is disabled: atomic\.fence; .* \(func 0, offset 0x[0-9a-f]+\)$/,
    );
  });
});
