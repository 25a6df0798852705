/**
 * Memory, Table, Global, Tag and Exception against the engine's own `WebAssembly`: each case runs on both and must
 * give the same value or the same class of error. A case is one line; add yours. Where V8 departs from the standard
 * (payloads of the wrong length, say), the test stands beside the file.
 */
import { expect, test } from 'vitest';
import type { FunctionReference } from './abi.ts';
import { defineFunction } from './defined-types.ts';
import { Exception } from './errors.ts';
import { hostFunctionOf } from './function-reference.ts';
import { Global } from './global.ts';
import { Memory } from './memory.ts';
import { Table } from './table.ts';
import { Tag } from './tag.ts';

// biome-ignore lint/suspicious/noExplicitAny: the cases pass what no type allows
type Api = any;

/** (module (func (export "f"))) */
const MODULE = '0061736d0100000001040160000003020100070501016600000a040102000b';

function nativeApi(): Api {
  const { WebAssembly } = globalThis as Api;
  const module = new WebAssembly.Module(Uint8Array.from(Buffer.from(MODULE, 'hex')));
  const { Memory, Table, Global, Tag, Exception } = WebAssembly;
  return { Memory, Table, Global, Tag, Exception, f: new WebAssembly.Instance(module).exports.f };
}

function ourApi(): Api {
  const reference: FunctionReference = {
    readyTypeId: 0,
    makeReady: () => {},
    type: { params: [], results: [] },
    rtt: defineFunction({ params: [], results: [] }),
    env: {},
    code: () => undefined,
    tail: () => undefined,
    host: undefined,
    toHost: () => () => undefined,
    index: 0,
  };
  return { Memory, Table, Global, Tag, Exception, f: hostFunctionOf(reference) };
}

const CASES: readonly [name: string, run: (api: Api) => unknown][] = [
  // Memory
  ['memory: no descriptor', ({ Memory }) => new Memory()],
  ['memory: no initial', ({ Memory }) => new Memory({})],
  ['memory: initial is converted', ({ Memory }) => new Memory({ initial: '2' }).buffer.byteLength],
  ['memory: initial is truncated', ({ Memory }) => new Memory({ initial: 1.9 }).buffer.byteLength],
  ['memory: negative initial', ({ Memory }) => new Memory({ initial: -1 })],
  ['memory: initial NaN', ({ Memory }) => new Memory({ initial: NaN })],
  ['memory: initial infinite', ({ Memory }) => new Memory({ initial: Infinity })],
  ['memory: initial 2^32', ({ Memory }) => new Memory({ initial: 2 ** 32 })],
  ['memory: initial a bigint', ({ Memory }) => new Memory({ initial: 1n })],
  ['memory: maximum below initial', ({ Memory }) => new Memory({ initial: 2, maximum: 1 })],
  ['memory: grow', ({ Memory }) => new Memory({ initial: 1 }).grow(2)],
  ['memory: grow beyond the maximum', ({ Memory }) => new Memory({ initial: 1, maximum: 2 }).grow(2)],
  ['memory: grow beyond 4 GiB', ({ Memory }) => new Memory({ initial: 1 }).grow(65536)],
  ['memory: grow by −1', ({ Memory }) => new Memory({ initial: 1 }).grow(-1)],
  ['memory: grow by 2^32', ({ Memory }) => new Memory({ initial: 1 }).grow(2 ** 32)],
  ['memory: grow without delta', ({ Memory }) => new Memory({ initial: 1 }).grow()],
  ['memory: buffer is the same', ({ Memory }) => sameTwice(new Memory({ initial: 1 }), (m) => m.buffer)],
  ['memory: growth detaches', ({ Memory }) => buffersAround(new Memory({ initial: 1 }), (m) => m.grow(1))],
  ['memory: grow(0) detaches', ({ Memory }) => buffersAround(new Memory({ initial: 1 }), (m) => m.grow(0))],
  ['memory: bytes survive', ({ Memory }) => survivor(new Memory({ initial: 1 }), (m) => m.grow(3))],
  ['memory: bytes survive grow(0)', ({ Memory }) => survivor(new Memory({ initial: 1 }), (m) => m.grow(0))],
  [
    'memory: a failed grow keeps the buffer',
    ({ Memory }) => afterFailure(new Memory({ initial: 1, maximum: 1 })),
  ],
  ['memory: zero pages', ({ Memory }) => new Memory({ initial: 0 }).buffer.byteLength],

  // Table
  ['table: no descriptor', ({ Table }) => new Table()],
  ['table: no initial', ({ Table }) => new Table({ element: 'anyfunc' })],
  ['table: unknown element', ({ Table }) => new Table({ element: 'any function', initial: 0 })],
  ['table: element i32', ({ Table }) => new Table({ element: 'i32', initial: 0 })],
  ['table: maximum below initial', ({ Table }) => new Table({ element: 'anyfunc', initial: 2, maximum: 1 })],
  [
    'table: more than the engine takes',
    ({ Table }) => new Table({ element: 'anyfunc', initial: 10_000_001 }),
  ],
  ['table: functions start as null', ({ Table }) => new Table({ element: 'anyfunc', initial: 1 }).get(0)],
  [
    'table: externrefs start undefined',
    ({ Table }) => new Table({ element: 'externref', initial: 1 }).get(0),
  ],
  ['table: initial externref', ({ Table }) => new Table({ element: 'externref', initial: 1 }, 'x').get(0)],
  [
    'table: initial externref null',
    ({ Table }) => new Table({ element: 'externref', initial: 1 }, null).get(0),
  ],
  [
    'table: initial function',
    ({ Table, f }) => new Table({ element: 'anyfunc', initial: 1 }, f).get(0) === f,
  ],
  ['table: initial host function', ({ Table }) => new Table({ element: 'anyfunc', initial: 1 }, () => 1)],
  [
    'table: initial value undefined',
    ({ Table }) => new Table({ element: 'anyfunc', initial: 1 }, undefined).get(0),
  ],
  ['table: get beyond the end', ({ Table }) => new Table({ element: 'anyfunc', initial: 1 }).get(1)],
  ['table: get −1', ({ Table }) => new Table({ element: 'anyfunc', initial: 1 }).get(-1)],
  ['table: get without index', ({ Table }) => new Table({ element: 'anyfunc', initial: 1 }).get()],
  ['table: set beyond the end', ({ Table }) => new Table({ element: 'anyfunc', initial: 1 }).set(1, null)],
  ['table: set and get', ({ Table, f }) => setAndGet(new Table({ element: 'anyfunc', initial: 1 }), f) === f],
  [
    'table: set a host function',
    ({ Table }) => setAndGet(new Table({ element: 'anyfunc', initial: 1 }), () => 1),
  ],
  ['table: set a number', ({ Table }) => setAndGet(new Table({ element: 'anyfunc', initial: 1 }), 1)],
  [
    'table: set undefined',
    ({ Table }) => setAndGet(new Table({ element: 'anyfunc', initial: 1 }), undefined),
  ],
  ['table: set nothing', ({ Table, f }) => setAndGet(new Table({ element: 'anyfunc', initial: 1 }, f))],
  ['table: set no externref', ({ Table }) => setAndGet(new Table({ element: 'externref', initial: 1 }, 1))],
  ['table: grow', ({ Table }) => grown(new Table({ element: 'anyfunc', initial: 1 }), 2)],
  ['table: grow with a value', ({ Table }) => grown(new Table({ element: 'externref', initial: 1 }), 2, 'x')],
  ['table: grow by nothing', ({ Table }) => grown(new Table({ element: 'anyfunc', initial: 1 }), 0)],
  ['table: grow with a number', ({ Table }) => grown(new Table({ element: 'anyfunc', initial: 1 }), 1, 1)],
  ['table: grow too far', ({ Table }) => grown(new Table({ element: 'anyfunc', initial: 1, maximum: 2 }), 2)],
  [
    'table: grow by 2^32 − 1',
    ({ Table }) => grown(new Table({ element: 'anyfunc', initial: 1 }), 2 ** 32 - 1),
  ],

  // Global
  ['global: no descriptor', ({ Global }) => new Global()],
  ['global: unknown type', ({ Global }) => new Global({ value: 'i16' }, 0)],
  ['global: i32 default', ({ Global }) => new Global({ value: 'i32' }).value],
  ['global: i32 wraps', ({ Global }) => new Global({ value: 'i32' }, 2 ** 31).value],
  ['global: i32 from a string', ({ Global }) => new Global({ value: 'i32' }, '-7.9').value],
  ['global: i32 from an object', ({ Global }) => new Global({ value: 'i32' }, { valueOf: () => 3 }).value],
  ['global: i32 from a bigint', ({ Global }) => new Global({ value: 'i32' }, 1n).value],
  ['global: i32 from a symbol', ({ Global }) => new Global({ value: 'i32' }, Symbol('s')).value],
  ['global: i64 default', ({ Global }) => new Global({ value: 'i64' }).value],
  ['global: i64 wraps', ({ Global }) => new Global({ value: 'i64' }, 2n ** 63n).value],
  ['global: i64 from a number', ({ Global }) => new Global({ value: 'i64' }, 1).value],
  ['global: i64 from a string', ({ Global }) => new Global({ value: 'i64' }, '12').value],
  ['global: i64 from true', ({ Global }) => new Global({ value: 'i64' }, true).value],
  ['global: i64 from null', ({ Global }) => new Global({ value: 'i64' }, null).value],
  ['global: f32 rounds', ({ Global }) => new Global({ value: 'f32' }, 0.1).value],
  ['global: f32 from a bigint', ({ Global }) => new Global({ value: 'f32' }, 1n).value],
  ['global: f32 overflows', ({ Global }) => new Global({ value: 'f32' }, 1e39).value],
  ['global: f64', ({ Global }) => new Global({ value: 'f64' }, 0.1).value],
  ['global: f64 from NaN', ({ Global }) => new Global({ value: 'f64' }, 'x').value],
  ['global: f64 −0', ({ Global }) => Object.is(new Global({ value: 'f64' }, -0).value, -0)],
  ['global: f64 from a bigint', ({ Global }) => new Global({ value: 'f64' }, 1n).value],
  ['global: externref null', ({ Global }) => new Global({ value: 'externref' }, null).value],
  ['global: externref', ({ Global }) => new Global({ value: 'externref' }, 'any').value],
  ['global: function default', ({ Global }) => new Global({ value: 'anyfunc' }).value],
  ['global: function', ({ Global, f }) => new Global({ value: 'anyfunc' }, f).value === f],
  ['global: host function', ({ Global }) => new Global({ value: 'anyfunc' }, () => 1)],
  ['global: valueOf', ({ Global }) => new Global({ value: 'i32' }, 5).valueOf()],
  ['global: set', ({ Global }) => assigned(new Global({ value: 'i32', mutable: true }, 5), 2 ** 32 + 6)],
  ['global: set immutable', ({ Global }) => assigned(new Global({ value: 'i32' }, 5), 6)],
  ['global: set i64 to a number', ({ Global }) => assigned(new Global({ value: 'i64', mutable: true }), 6)],

  // Tag and Exception
  ['tag: no descriptor', ({ Tag }) => new Tag()],
  ['tag: no parameters', ({ Tag }) => new Tag({})],
  ['tag: unknown type', ({ Tag }) => new Tag({ parameters: ['i16'] })],
  [
    'exception: is',
    ({ Tag, Exception }) => isOf(Exception, new Tag({ parameters: [] }), new Tag({ parameters: [] })),
  ],
  [
    'exception: payload',
    ({ Tag, Exception }) => payload(Exception, new Tag({ parameters: ['i32', 'i64'] }), [7.5, 8n]),
  ],
  [
    'exception: not convertible',
    ({ Tag, Exception }) => payload(Exception, new Tag({ parameters: ['i64'] }), [1]),
  ],
  [
    'exception: no such argument',
    ({ Tag, Exception }) => argument(Exception, new Tag({ parameters: ['i32'] }), 1),
  ],
  [
    'exception: negative argument',
    ({ Tag, Exception }) => argument(Exception, new Tag({ parameters: ['i32'] }), -1),
  ],
  [
    'exception: another tag',
    ({ Tag, Exception }) =>
      new Exception(new Tag({ parameters: ['i32'] }), [1]).getArg(new Tag({ parameters: ['i32'] }), 0),
  ],
];

const native = (globalThis as Api).WebAssembly === undefined ? undefined : nativeApi();

test.skipIf(native === undefined).each(CASES)('%s', (_name, run) => {
  expect(outcome(run, ourApi())).toEqual(outcome(run, native));
});

/** Objects compare by nothing but being objects. */
function outcome(run: (api: Api) => unknown, api: Api): unknown {
  try {
    const value = run(api);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? 'an object' : [value];
  } catch (error) {
    return `throws ${(error as Error).name}`;
  }
}

function sameTwice<T>(value: T, get: (value: T) => unknown): boolean {
  const first = get(value);
  return first === get(value);
}

function buffersAround(memory: Memory, act: (memory: Memory) => void): unknown {
  const before = memory.buffer;
  act(memory);
  return [before === memory.buffer, before.byteLength, memory.buffer.byteLength];
}

function survivor(memory: Memory, act: (memory: Memory) => void): unknown {
  new Uint8Array(memory.buffer).set([1, 2, 3], 65533);
  act(memory);
  return [...new Uint8Array(memory.buffer).subarray(65532, 65537)];
}

function afterFailure(memory: Memory): unknown {
  const before = memory.buffer;
  try {
    memory.grow(1);
  } catch {
    return [memory.buffer === before, before.byteLength];
  }
  return 'it did not fail';
}

function setAndGet(table: Table, ...value: [value?: unknown]): unknown {
  table.set(0, ...value);
  return table.get(0);
}

function grown(table: Table, delta: number, ...value: [value?: unknown]): unknown {
  const previous = table.grow(delta, ...value);
  return [previous, table.length, table.get(Number(table.length) - 1)];
}

function assigned(global: Global, value: unknown): unknown {
  global.value = value;
  return global.value;
}

function isOf(exception: typeof Exception, tag: Tag, other: Tag): unknown {
  const thrown = new exception(tag, []);
  return [thrown.is(tag), thrown.is(other)];
}

function payload(exception: typeof Exception, tag: Tag, values: Iterable<unknown>): unknown {
  const thrown = new exception(tag, values);
  return Array.from(values, (_, index) => thrown.getArg(tag, index));
}

function argument(exception: typeof Exception, tag: Tag, index: number): unknown {
  return new exception(tag, [1]).getArg(tag, index);
}
