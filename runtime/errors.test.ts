import { describe, expect, test } from 'vitest';
import * as errors from './errors.ts';
import { Tag } from './tag.ts';

const {
  CompileError,
  Exception,
  formatWasmStack,
  HostError,
  isCatchable,
  quoteName,
  Trap,
  unwrapHostError,
  wrapHostError,
} = errors;

test.each<[errors.Place, string]>([
  [{}, 'bad'],
  [{ offset: 0x1a2 }, 'bad (offset 0x1a2)'],
  [{ offset: 0, functionIndex: 0 }, 'bad (func 0, offset 0x0)'],
  [{ offset: 0x1a2, functionIndex: 12, functionName: 'mix' }, 'bad (func 12 "mix", offset 0x1a2)'],
  [{ functionIndex: 12, functionName: 'a"\n\u2028\u001b[31m' }, 'bad (func 12 "a\\"\\n\\u2028\\u001b[31m")'],
])('CompileError says where: %j', (place, message) => {
  expect(new CompileError('bad', place)).toMatchObject({ name: 'CompileError', message, ...place });
});

test('CompileError names the feature', () => {
  expect(new CompileError('simd is not supported: i32x4.add', { feature: 'simd', offset: 8 }).feature).toBe(
    'simd',
  );
});

test('every error has its class for a name', () => {
  const instances = [
    new CompileError(''),
    new errors.LinkError(''),
    new errors.RuntimeError(''),
    new Trap('unreachable'),
    new errors.OutOfFuelError(1n, 1n),
    new errors.TimeoutError(1),
    new errors.AbortError(1),
    new errors.ExitError(1),
    new errors.InternalError(''),
  ];
  for (const error of instances) {
    expect(error.name).toBe(error.constructor.name);
    expect(Object.hasOwn(error, 'name')).toBe(false);
    expect(error).toBeInstanceOf(Error);
  }
});

describe('traps', () => {
  test.each(Object.entries(errors.TRAPS))('%s', (code, text) => {
    const error = new Trap(code as errors.TrapCode);
    expect(error).toMatchObject({ name: 'Trap', code, message: text, wasmStack: [] });
    expect(error).toBeInstanceOf(errors.RuntimeError);
    expect(text.replaceAll(' ', '-')).toBe(code);
  });

  test('detail follows the text', () => {
    expect(() => errors.trap('uninitialized-element', 7)).toThrow(new Trap('uninitialized-element', '7'));
    expect(new Trap('uninitialized-element', 7).message).toBe('uninitialized element 7');
  });

  test('a stack has a line per frame', () => {
    const frames = [
      { functionIndex: 12, functionName: 'mix', offset: 0x1a2 },
      { functionIndex: 3, functionName: undefined, offset: 0x20 },
      { functionIndex: 4, functionName: 'two\nlines', offset: undefined },
      { functionIndex: 5, functionName: undefined, offset: undefined },
    ];
    expect(formatWasmStack(frames)).toBe(
      '    at mix (func 12, offset 0x1a2)\n    at func 3 (offset 0x20)\n    at two\\nlines (func 4)\n    at func 5',
    );
    expect(formatWasmStack([])).toBe('');
  });
});

test.each([
  ['interrupted', 'interrupted'],
  [new Error('enough'), 'enough'],
  [AbortSignal.abort().reason, 'This operation was aborted'],
  [{ any: 1 }, 'aborted'],
])('AbortError tells its reason: %s', (reason, message) => {
  expect(new errors.AbortError(reason)).toMatchObject({ reason, message });
});

describe('through WebAssembly frames', () => {
  const exception = new Exception(new Tag({ parameters: [] }), []);

  test.each([new RangeError('r'), 'text', undefined, null, new errors.LinkError('l'), new CompileError('c')])(
    "a host's %s goes wrapped and comes out the same",
    (error) => {
      const wrapped = wrapHostError(error);
      expect(wrapped).toBeInstanceOf(HostError);
      expect(isCatchable(wrapped)).toBe(true);
      expect(unwrapHostError(wrapped)).toBe(error);
      expect(isCatchable(error)).toBe(false);
    },
  );

  test.each([
    new Trap('unreachable'),
    new errors.OutOfFuelError(1n, 1n),
    new errors.TimeoutError(1),
    new errors.AbortError('x'),
    new errors.ExitError(0),
    new errors.InternalError('x'),
    new HostError('policy', false),
  ])('%s goes as it is, past every catch', (error) => {
    expect(wrapHostError(error)).toBe(error);
    expect(isCatchable(error)).toBe(false);
  });

  test('an exception goes as it is, and is caught', () => {
    expect(wrapHostError(exception)).toBe(exception);
    expect(isCatchable(exception)).toBe(true);
  });
});

test('an exception says what it is', () => {
  const exception = new Exception(new Tag({ parameters: ['i32', 'i64'] }), [1, 2n]);
  expect(`${exception}`).toBe('Exception: uncaught exception with tag (i32 i64)');
});

test.each([
  ['plain', '"plain"'],
  ['\u202eevil\u0085', '"\\u202eevil\\u0085"'],
  ['x'.repeat(50_000), `"${'x'.repeat(100)}…"`],
])('a name is quoted on one line, in bounds', (name, quoted) => {
  expect(quoteName(name)).toBe(quoted);
});
