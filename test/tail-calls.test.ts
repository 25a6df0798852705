/**
 * Tail calls take their caller's place: chains of a million of them run in constant stack, whichever way the callee is
 * found, in every shape of generated code, metered and not. Native WebAssembly gives the same results.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { OutOfFuelError, Runtime, Trap } from '../src/index.ts';
import { nativeWorld, type World } from './support/engines.ts';
import type { Imports } from './support/interpreter.ts';
import { type Exports, native } from './support/native.ts';
import { sandglassWorld } from './support/sandglass-engine.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

const MILLION = 1_000_000;
const WORLDS: Readonly<Record<string, () => World>> = {
  native: () => nativeWorld(),
  metered: () => sandglassWorld(),
  unmetered: () => sandglassWorld({ metering: false }),
  limited: () => sandglassWorld({ fuel: 10n ** 12n }),
  'with five frames': () => sandglassWorld({ limits: { callDepth: 5 } }),
  'validated lazily': () => sandglassWorld({ validate: 'lazy' }),
  split: () => sandglassWorld({}, { outline: SPLIT_ALL }),
  'split finely': () => sandglassWorld({}, { outline: { ...SPLIT_ALL, regionWeight: 25, smallestRun: 1 } }),
};

/** Node 20 has no typed function references. */
const NATIVE_HAS_REFERENCES = native.validate(
  build((m) => {
    const type = m.type('');
    m.func('', [
      ['ref.null', type],
      ['return_call_ref', type],
    ]);
  }),
);

/** The same in every world; native is left out where the host lacks typed references (`NATIVE_HAS_REFERENCES`). */
function everywhere(name: string, run: (world: World) => unknown, expected: unknown, nativeToo = true): void {
  describe(name, () => {
    for (const [world, make] of Object.entries(WORLDS)) {
      it.skipIf(world === 'native' && !nativeToo)(world, () => {
        expect(run(make())).toEqual(expected);
      });
    }
  });
}

function build(fill: (m: ModuleBuilder) => void): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  fill(m);
  return m.build();
}

function call(
  bytes: Uint8Array<ArrayBuffer>,
  ...args: unknown[]
): (world: World, imports?: Imports) => unknown {
  return (world, imports = {}) => (world.instantiate(bytes, imports) as Exports).run(...args);
}

/** `if (local 0 == 0) return …; local 0 - 1, …, return_call`. */
function countdown(result: readonly Instruction[], next: readonly Instruction[]): Instruction[] {
  return [
    ['local.get', 0],
    'i32.eqz',
    ['if'],
    ...result,
    'return',
    'end',
    ['local.get', 0],
    ['i32.const', 1],
    'i32.sub',
    ...next,
  ];
}
const get = (...locals: number[]): Instruction[] => locals.map((local) => ['local.get', local]);

describe('a function that calls itself', () => {
  everywhere(
    'with arguments of every type, rotated',
    call(
      build((m) => {
        const type = 'i32 i64 i64 f32 f64 externref externref -> i64 f32 f64 externref i64 externref';
        const next: Instruction[] = [
          ...get(2),
          ...get(1),
          ['i64.const', 3n],
          'i64.add',
          ...get(3),
          ['f32.const', 0.5],
          'f32.add',
          ...get(4),
          ...get(3),
          'f64.promote_f32',
          'f64.sub',
          ...get(6, 5),
          ['return_call', 0],
        ];
        m.func(type, countdown(get(1, 3, 4, 5, 2, 6), next), { export: 'run' });
      }),
      MILLION + 1,
      7n,
      9n,
      1.5,
      2.5,
      'one',
      'two',
    ),
    [1500009n, 500002, -250001749999, 'two', 1500010n, 'one'],
  );

  everywhere(
    'finds its locals at zero each time',
    call(
      build((m) => {
        const body: Instruction[] = [
          // What is left in a local would add up.
          ...get(2),
          ...get(3),
          'i32.wrap_i64',
          'i32.add',
          ...get(4),
          'i32.trunc_f64_s',
          'i32.add',
          ...get(5),
          'ref.is_null',
          'i32.eqz',
          'i32.add',
          ...get(1),
          'i32.add',
          ['local.set', 1],
          ['i32.const', 5],
          ['local.set', 2],
          ['i64.const', 6n],
          ['local.set', 3],
          ['f64.const', 7],
          ['local.set', 4],
          ['ref.func', 0],
          ['local.set', 5],
          ...countdown(get(1), [...get(1), ['return_call', 0]]),
          'unreachable',
        ];
        m.func('i32 i32 -> i32', body, { export: 'run', locals: ['i32', 'i64', 'f64', 'funcref'] });
      }),
      1000,
      1,
    ),
    1,
  );

  everywhere(
    'out of a loop in a block in an if',
    call(
      build((m) => {
        const inner: Instruction[] = [...get(1), ...get(0), 'i32.add', ['return_call', 0]];
        m.func(
          'i32 i32 -> i32',
          [
            ['loop', 'i32'],
            ['block', 'i32'],
            ...get(0),
            ['if', 'i32'],
            ...get(0),
            ['i32.const', 1],
            'i32.sub',
            ...inner,
            'else',
            ...get(1),
            'end',
            'end',
            'end',
          ],
          { export: 'run' },
        );
      }),
      MILLION,
      0,
    ),
    1784293664,
  );
});

/** `f`, `g`, `h` in turn, each found in another way; the three operands go round. */
function ring(how: (m: ModuleBuilder, next: number, type: number, at: number) => Instruction[]) {
  return build((m) => {
    const signature = 'i32 i64 f32 f64 i64 -> i64 f64';
    const type = m.type(signature);
    m.table('funcref', 4, 4);
    const functions = [0, 1, 2].map((i) => m.declare(signature, i === 0 ? { export: 'run' } : {}));
    functions.forEach((index, i) => {
      const at = (i + 1) % 3;
      const next: Instruction[] = [
        ...get(4),
        ['i64.const', 1n],
        'i64.add',
        ...get(2),
        ...get(3),
        ...get(2),
        'f64.promote_f32',
        'f64.add',
        ...get(1),
        ['i64.const', BigInt(i)],
        'i64.sub',
      ];
      m.define(index, countdown(get(1, 3), [...next, ...how(m, functions[at]!, type, at)]));
    });
    m.elements(functions, { offset: [['i32.const', 0]] });
  });
}

const RING = [5n, 125000];
describe('functions that call each other', () => {
  const args = [MILLION, 5n, 0.125, 0, 6n];
  everywhere(
    'by name',
    call(
      ring((_, next) => [['return_call', next]]),
      ...args,
    ),
    RING,
  );
  everywhere(
    'through a table',
    call(
      ring((_, __, type, at) => [
        ['i32.const', at],
        ['return_call_indirect', type, 0],
      ]),
      ...args,
    ),
    RING,
  );
  everywhere(
    'through a reference',
    call(
      ring((_, next, type) => [
        ['ref.func', next],
        ['return_call_ref', type],
      ]),
      ...args,
    ),
    RING,
    NATIVE_HAS_REFERENCES,
  );
});

/** Two instances whose functions call each other, one imported by the other, or both in one table. */
function instances(world: World, how: 'import' | 'table'): unknown {
  const signature = 'i32 i64 f64 -> f64 i64';
  const next: Instruction[] = [
    ...get(1),
    ['i64.const', 2n],
    'i64.add',
    ...get(2),
    ['f64.const', 1],
    'f64.sub',
  ];
  const table = new world.Table({ element: 'anyfunc', initial: 2 });
  const half = (at: number, imported: boolean) =>
    build((m) => {
      const type = m.type(signature);
      if (imported) m.importFunc('m', 'run', signature);
      m.importTable('m', 'table', 'funcref', 2);
      const global = m.global('i32', true, [['i32.const', 0]], 'count');
      const step: Instruction[] = [
        ['global.get', global],
        ['i32.const', 1],
        'i32.add',
        ['global.set', global],
      ];
      const callee: Instruction[] = imported
        ? [['return_call', 0]]
        : [
            ['i32.const', 1 - at],
            ['return_call_indirect', type, 0],
          ];
      m.func(signature, [...step, ...countdown(get(2, 1), [...next, ...callee])], { export: 'run' });
    });
  const first = world.instantiate(half(0, false), { m: { table } }) as Exports;
  const second = world.instantiate(half(1, how === 'import'), { m: { table, run: first.run } }) as Exports;
  table.set(0, first.run);
  table.set(1, second.run);
  return [...second.run(MILLION, 0n, 0), first.count.value, second.count.value];
}

describe('functions of other instances', () => {
  const expected = [-MILLION, 2_000_000n, 500_000, 500_001];
  everywhere('in a table', (world) => instances(world, 'table'), expected);
  everywhere('imported', (world) => instances(world, 'import'), expected);

  const host = build((m) => {
    const imported = m.importFunc('h', 'f', 'i64 i32 externref -> externref i64');
    m.func(
      'i64 i32 externref -> externref i64',
      [...get(0), ['i64.const', 1n], 'i64.add', ...get(1, 2), ['return_call', imported]],
      { export: 'run' },
    );
  });
  everywhere(
    "the host's",
    (world) => {
      const f = (a: bigint, b: number, c: unknown) => [`${c}${b}`, -a];
      return Array.from({ length: 3 }, () => call(host, 4n, 5, 'six')(world, { h: { f } }));
    },
    [1, 2, 3].map(() => ['six5', -5n]),
  );

  const acyclic = build((m) => {
    const chain = 5000;
    for (let i = 0; i < chain; i++) {
      m.func(
        'i32 i64 -> i64',
        [
          ...get(0),
          ['i32.const', 1],
          'i32.add',
          ...get(1),
          ['i64.const', BigInt(i)],
          'i64.add',
          ['return_call', i + 1],
        ],
        i === 0 ? { export: 'run' } : {},
      );
    }
    m.func('i32 i64 -> i64', [...get(1), ...get(0), 'i64.extend_i32_s', 'i64.mul']);
  });
  everywhere('five thousand in a row', call(acyclic, 0, 0n), 62487500000n);
});

describe('out of a try', () => {
  const legacy = (body: Instruction[]): Instruction[] => [
    ['try', 'i64'],
    ...body,
    'catch_all',
    ['i64.const', -1n],
    'end',
  ];
  const delegated = (body: Instruction[]): Instruction[] => [
    ['try', 'i64'],
    ['try', 'i64'],
    ...body,
    ['delegate', 0],
    'catch_all',
    ['i64.const', -2n],
    'end',
  ];
  /** Each hands over to the other from inside its handler's guard; the last one throws, and only `run` catches. */
  const pingPong = (guard: (body: Instruction[]) => Instruction[]) =>
    build((m) => {
      const tag = m.tag('i64 ->');
      const type = 'i32 i64 externref -> i64';
      const [ping, pong, throws] = [m.declare(type), m.declare(type), m.declare(type)] as const;
      const next: Instruction[] = [...get(1), ['i64.const', 1n], 'i64.add', ...get(2)];
      const thrown: Instruction[] = [...get(0, 1, 2), ['return_call', throws]];
      m.define(ping, guard(countdown(thrown, [...next, ['return_call', pong]])));
      m.define(throws, [...get(1), ['throw', tag]]);
      // From the handler: nothing of this function guards it.
      m.define(pong, [
        ...guard([...get(0), 'i32.eqz', ['if'], ['i64.const', 5n], ['throw', tag], 'end', ['i64.const', 0n]]),
        ...[['local.set', 1] as Instruction],
        ...get(0),
        ['i32.const', 1],
        'i32.sub',
        ...get(1),
        ...get(2),
        ['return_call', ping],
      ]);
      const all: Instruction[] = [
        ['try', 'i64'],
        ...get(0),
        ['i64.const', 0n],
        ['ref.null', 'extern'],
        ['call', ping],
        ['catch', tag],
        ['i64.const', 100n],
        'i64.add',
        'end',
      ];
      m.func('i32 -> i64', all, { export: 'run' });
    });
  everywhere('catch_all', call(pingPong(legacy), MILLION), 100n);
  everywhere('delegate', call(pingPong(delegated), MILLION), 100n);

  const itself = build((m) => {
    const tag = m.tag('i64 ->');
    const inner: Instruction[] = [...get(1), ['i64.const', 1n], 'i64.add', ['return_call', 0]];
    m.func('i32 i64 -> i64', legacy(countdown([...get(1), ['throw', tag]], inner)));
    m.func('i32 -> i64', legacy([...get(0), ['i64.const', 0n], ['call', 0]]), { export: 'run' });
  });
  // The last call throws under its own guard.
  everywhere('itself', call(itself, MILLION), -1n);
});

describe("clang's tail calls", () => {
  const machine = readFileSync(new URL('fixtures/tail-calls/machine.wasm', import.meta.url));
  everywhere(
    'run as the same machine as a loop',
    (world) => {
      const exports = world.instantiate(machine) as Exports;
      exports.fill(12345);
      return [MILLION, 77_777].map((bytes) => [
        exports.direct(bytes) === exports.loop(bytes),
        exports.direct(bytes),
        exports.indirect(bytes),
        exports.self(bytes),
      ]);
    },
    [
      [true, -878575427, -968548771, -1660887977],
      [true, -259248354, 1653918309, 1341335887],
    ],
  );
});

describe('limits', () => {
  const endless = ring((_, next) => [['return_call', next]]);
  const alone = build((m) => m.func('i32 -> i32', [...get(0), ['return_call', 0]], { export: 'run' }));

  it('chains without end stop when the fuel is used up', () => {
    for (const bytes of [endless, alone]) {
      for (const outline of [undefined, SPLIT_ALL]) {
        const runtime = new Runtime({ fuel: 1_000_000n }, outline && { outline });
        const { exports } = runtime.instantiateSync(bytes);
        const args = bytes === alone ? [0] : [-1, 0n, 0, 0, 0n];
        expect(() => exports.run(...args)).toThrow(OutOfFuelError);
        expect(runtime.fuel.remaining).toBe(0n);
        runtime.fuel.set(50n);
        if (bytes !== alone) expect(exports.run(0, 3n, 1, 2, 4n)).toEqual([3n, 2]);
      }
    }
  });

  it('every shape of code charges the same', () => {
    const programs = [
      { bytes: endless, args: [1000, 5n, 0.125, 0, 6n], fuel: 19n * 1000n + 8n },
      { bytes: acyclicSum(), args: [10], fuel: undefined },
    ];
    for (const { bytes, args, fuel } of programs) {
      const shapes = [{}, { outline: SPLIT_ALL }, { checkEveryRegion: true }];
      const costs = shapes.map((shape) => {
        const runtime = new Runtime({}, shape);
        runtime.instantiateSync(bytes).exports.run(...args);
        return runtime.fuel.consumed;
      });
      expect(new Set(costs).size).toBe(1);
      if (fuel !== undefined) expect(costs[0]).toBe(fuel);
    }
  });

  it('a trap names its function and the callers that still wait', () => {
    const bytes = build((m) => {
      const type = m.type('i32 -> i32');
      m.table('funcref', 1, 1);
      const trapping: Instruction[] = [...get(0), ['i32.const', 0], ['return_call_indirect', type, 0]];
      m.func('i32 -> i32', [...get(0), ['call', 1], ['i32.const', 1], 'i32.add'], { export: 'waits' });
      m.func('i32 -> i32', [...get(0), ['return_call', 2]], { export: 'goes' });
      m.func('i32 -> i32', countdown(trapping, [['return_call', 3]]), { export: 'ping' });
      m.func('i32 -> i32', [...get(0), ['return_call', 2]], { export: 'pong' });
    });
    for (const outline of [undefined, SPLIT_ALL]) {
      const { exports } = new Runtime({}, outline && { outline }).instantiateSync(bytes);
      // The engine's trace must be long enough for up to 32 calls that have been replaced.
      for (const count of [0, 1, 2, 1000]) {
        const trap = trapOf(() => exports.waits(count));
        expect(trap.code).toBe('uninitialized-element');
        const names = trap.wasmStack.map(({ functionName }) => functionName);
        expect(names).toEqual(['ping', 'waits']);
      }
    }
  });
});

function trapOf(run: () => unknown): Trap {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  try {
    run();
  } catch (error) {
    if (error instanceof Trap) return error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  throw new Error('no trap');
}

/** Sums up in a loop of its own, and by tail calls that end. */
function acyclicSum(): Uint8Array<ArrayBuffer> {
  return build((m) => {
    m.func('i32 i32 -> i32', countdown(get(1), [...get(0, 1), 'i32.add', ['return_call', 0]]));
    m.func('i32 -> i32', [...get(0), ['i32.const', 0], ['return_call', 0]], { export: 'run' });
  });
}
