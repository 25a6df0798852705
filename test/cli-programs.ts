/**
 * The modules that the tests of the command line run: small WASI programs and broken things, as binaries. Not a test.
 */
import { unsigned } from './support/leb.ts';
import { type Instruction, MAGIC, ModuleBuilder, section } from './support/wasm-builder.ts';

const WASI = 'wasi_snapshot_preview1';
/** One scatter/gather vector at address 0: buffer 64, its length at 4; results at 8. */
const VECTOR = 0;
const RESULT = 8;
const BUFFER = 64;

export function math(): Uint8Array {
  const m = new ModuleBuilder();
  m.func('i32 i32 -> i32', [['local.get', 0], ['local.get', 1], 'i32.add'], { export: 'add', name: 'add' });
  m.func('i32 i32 -> i32', [['local.get', 0], ['local.get', 1], 'i32.div_s'], { export: 'div', name: 'div' });
  m.func(
    'i32 i64 -> i64 i32',
    [
      ['local.get', 1],
      ['local.get', 0],
    ],
    { export: 'swap' },
  );
  m.func('f32 -> f32', [['local.get', 0], ['f32.const', 0.5], 'f32.mul'], { export: 'half' });
  m.func('->', [], { export: 'nothing' });
  return m.build();
}

const LOOP: readonly Instruction[] = ['loop', ['br', 0], 'end'];

export function spin(): Uint8Array {
  const m = new ModuleBuilder();
  m.func('->', LOOP, { export: '_start' });
  return m.build();
}

export function spinAtStart(): Uint8Array {
  const m = new ModuleBuilder();
  m.start(m.func('->', LOOP, { export: '_start' }));
  return m.build();
}

/** `fd_read` or `fd_write` with the vector. */
const transfer = (fd: number, call: number): Instruction[] => [
  ['i32.const', fd],
  ['i32.const', VECTOR],
  ['i32.const', 1],
  ['i32.const', RESULT],
  ['call', call],
];
const setVector = (address: number, ...length: readonly Instruction[]): Instruction[] => [
  ['i32.const', VECTOR],
  ['i32.const', address],
  'i32.store',
  ['i32.const', VECTOR + 4],
  ...length,
  'i32.store',
];
/** The number of bytes transferred. */
const transferred: readonly Instruction[] = [['i32.const', RESULT], 'i32.load'];

/** Copies stdin to stdout, until its end or an error. */
export function echo(): Uint8Array {
  const m = new ModuleBuilder();
  const read = m.importFunc(WASI, 'fd_read', 'i32 i32 i32 i32 -> i32');
  const write = m.importFunc(WASI, 'fd_write', 'i32 i32 i32 i32 -> i32');
  m.memory(1, undefined, 'memory');
  const copy: readonly Instruction[] = [
    ...setVector(BUFFER, ['i32.const', 1024]),
    ...transfer(0, read),
    ['br_if', 1],
    ...transferred,
    'i32.eqz',
    ['br_if', 1],
    ['i32.const', VECTOR + 4],
    ...transferred,
    'i32.store',
    ...transfer(1, write),
    ['br_if', 1],
    ['br', 0],
  ];
  m.func('->', ['block', 'loop', ...copy, 'end', 'end'], { export: '_start' });
  return m.build();
}

/** Prints its arguments or its environment, each entry ended by a zero byte. */
export function listing(what: 'args' | 'environ'): Uint8Array {
  const m = new ModuleBuilder();
  const sizes = m.importFunc(WASI, `${what}_sizes_get`, 'i32 i32 -> i32');
  const get = m.importFunc(WASI, `${what}_get`, 'i32 i32 -> i32');
  const write = m.importFunc(WASI, 'fd_write', 'i32 i32 i32 i32 -> i32');
  m.memory(4, undefined, 'memory');
  const [count, size, pointers, strings] = [16, 20, 1024, 65536] as const;
  const ask = (first: number, second: number, call: number): Instruction[] => [
    ['i32.const', first],
    ['i32.const', second],
    ['call', call],
    'drop',
  ];
  const print = [...setVector(strings, ['i32.const', size], 'i32.load'), ...transfer(1, write), 'drop'];
  m.func('->', [...ask(count, size, sizes), ...ask(pointers, strings, get), ...print], { export: '_start' });
  return m.build();
}

export function exit(status: number): Uint8Array {
  const m = new ModuleBuilder();
  const procExit = m.importFunc(WASI, 'proc_exit', 'i32 ->');
  m.memory(1, undefined, 'memory');
  m.func('->', [['i32.const', status], ['call', procExit], 'unreachable'], { export: '_start' });
  return m.build();
}

/** Writes `y` for ever, whatever comes of it. */
export function yes(): Uint8Array {
  const m = new ModuleBuilder();
  const write = m.importFunc(WASI, 'fd_write', 'i32 i32 i32 i32 -> i32');
  m.memory(1, undefined, 'memory');
  m.data('y\n', { offset: BUFFER });
  m.func(
    '->',
    [...setVector(BUFFER, ['i32.const', 2]), 'loop', ...transfer(1, write), 'drop', ['br', 0], 'end'],
    {
      export: '_start',
    },
  );
  return m.build();
}

/** A function whose name would like to be more than a name. */
export function hostileName(): Uint8Array {
  const m = new ModuleBuilder();
  m.func('->', ['unreachable'], {
    export: 'f',
    name: `evil\n\u001b[2J\u2028*/ "quoted" ${'x'.repeat(50_000)}`,
  });
  return m.build();
}

export function memory(pages: number): Uint8Array {
  const m = new ModuleBuilder();
  m.memory(pages, undefined, 'memory');
  m.func('->', [], { export: '_start' });
  return m.build();
}

export function missingImport(): Uint8Array {
  const m = new ModuleBuilder();
  m.importFunc('env', 'f', '->');
  m.func('->', [], { export: '_start' });
  return m.build();
}

/** A function section that claims 2^32 − 1 entries. */
export function tooManyFunctions(): Uint8Array {
  const types = section(1, unsigned(1), 0x60, 0, 0);
  const functions = section(3, unsigned(0xffff_ffff), 0);
  return Uint8Array.from([...MAGIC, ...types, ...functions]);
}
