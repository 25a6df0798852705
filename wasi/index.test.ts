import { describe, expect, test } from 'vitest';
import { ExitError } from '../runtime/errors.ts';
import { BUFFER, Guest, RESULT } from '../test/support/wasi-guest.ts';
import { Wasi } from './index.ts';

const BAD_POINTER = 65_530;
const FILE = import.meta.filename;

describe('Wasi', () => {
  let guest: Guest;

  test('arguments and environment, in order', () => {
    guest = new Guest({ args: ['prog', 'é', ''], env: { B: '1', A: '=2' } });
    guest.call('args_sizes_get', RESULT, RESULT + 4);
    expect([guest.u32(RESULT), guest.u32(RESULT + 4)]).toEqual([3, 9]);
    expect(guest.call('args_get', RESULT, BUFFER)).toBe('SUCCESS');
    expect([0, 4, 8].map((at) => guest.u32(RESULT + at) - BUFFER)).toEqual([0, 5, 8]);
    expect(guest.text(BUFFER, 9)).toBe('prog\0é\0\0');
    guest.call('environ_get', RESULT, BUFFER);
    expect(guest.text(BUFFER, 9)).toBe('B=1\0A==2\0');
    expect(guest.call('environ_get', BAD_POINTER, BUFFER)).toBe('FAULT');
  });

  test('bad options are one-line errors', () => {
    expect(() => new Wasi({ preopens: { '/x': '/no' } })).toThrow(
      /^cannot open directory "\/no" for "\/x": ENOENT/,
    );
    expect(() => new Wasi({ preopens: { '/x': FILE } })).toThrow(/ENOTDIR|NOTDIR/);
    expect(() => new Wasi({ preopens: ['/tmp'] as never })).toThrow('preopens must be an object');
    expect(() => new Wasi({ preopens: { '/x': 5 as never } })).toThrow('"/x" must be a path');
    expect(() => new Wasi({ args: 'ls' as never })).toThrow('args must be an array');
    expect(() => new Wasi({ args: ['a\0b'] })).toThrow('cannot contain NUL');
    expect(() => new Wasi({ env: { 'A=B': '1' } })).toThrow('environment variable name');
  });

  test('start: exit codes, other errors, once only', () => {
    const start = (run: () => void) => new Wasi().start({ exports: { _start: run } });
    expect(start(() => {})).toBe(0);
    expect(
      start(() => {
        throw new ExitError(7);
      }),
    ).toBe(7);
    expect(() =>
      start(() => {
        throw new RangeError('other');
      }),
    ).toThrow('other');
    expect(() => new Wasi().start({ exports: {} })).toThrow('_start');
    const wasi = new Wasi();
    wasi.start({ exports: { _start: () => {} } });
    expect(() => wasi.start({ exports: { _start: () => {} } })).toThrow('once');
  });

  test('start with a deadline goes through invoke', () => {
    const invoked: unknown[] = [];
    const instance = { exports: { _start: () => {} }, invoke: (...args: unknown[]) => invoked.push(args) };
    expect(new Wasi().start(instance, { deadlineMs: 5 })).toBe(0);
    expect(invoked).toEqual([['_start', [], { deadlineMs: 5 }]]);
  });

  test('proc_exit and control errors pass through host functions', () => {
    expect(() => guest.call('proc_exit', -1)).toThrow(new ExitError(0xffff_ffff));
  });

  test('a guest without memory: FAULT', () => {
    const wasi = new Wasi();
    wasi.initialize({ exports: {} });
    const { random_get } = wasi.imports.wasi_snapshot_preview1;
    expect(random_get!(...([0, 1] as never[]))).toBe(21);
  });
});
