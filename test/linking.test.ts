/**
 * Instances together: calls, shared tables, memories and globals, identity, start functions, instantiation that fails
 * half-way, and the border with the host. Everything is run by native WebAssembly too, and must say the same there.
 */
import { describe, expect, it } from 'vitest';
import { nativeWorld, show, type World } from './support/engines.ts';
import type { Exports } from './support/native.ts';
import { sandglassWorld } from './support/sandglass-engine.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

function build(define: (m: ModuleBuilder) => void): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  define(m);
  return m.build();
}
const worlds: readonly (readonly [string, () => World])[] = [
  ['native', () => nativeWorld()],
  ['sandglass', () => sandglassWorld()],
  ['sandglass, unmetered', () => sandglassWorld({ metering: false })],
];

/** A trap's text, or the error's own. */
function failure(world: World, action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return world.trapTexts(error) ?? error;
  }
  throw new Error('nothing was thrown');
}

const counter = (): Uint8Array<ArrayBuffer> =>
  build((m) => {
    const count = m.global('i32', true, [['i32.const', 0]], 'count');
    m.memory(1, 4, 'memory');
    m.table('funcref', 4, 10, 'table');
    const next: Instruction[] = [['global.get', count], ['i32.const', 1], 'i32.add', ['global.set', count]];
    const bump = m.func('-> i32', [...next, ['global.get', count]], { export: 'bump' });
    m.func('i32 -> i32', [['local.get', 0], ['i32.load8_u']], { export: 'peek' });
    m.func(
      'i32 -> i32',
      [
        ['local.get', 0],
        ['memory.grow', 0],
      ],
      { export: 'grow' },
    );
    m.func('-> i32', [['memory.size', 0]], { export: 'pages' });
    m.func(
      'i32 -> i32',
      [
        ['local.get', 0],
        ['call_indirect', m.type('-> i32'), 0],
      ],
      { export: 'indirect' },
    );
    m.func(
      'i32 i64 f32 f64 -> f64 f32 i64 i32',
      [3, 2, 1, 0].map((i): Instruction => ['local.get', i]),
      { export: 'turn' },
    );
    m.elements([bump], { offset: 0 });
  });

/** Imports everything from a counter. */
const user = (): Uint8Array<ArrayBuffer> =>
  build((m) => {
    const bump = m.importFunc('c', 'bump', '-> i32');
    const turn = m.importFunc('c', 'turn', 'i32 i64 f32 f64 -> f64 f32 i64 i32');
    m.importTable('c', 'table', 'funcref', 1);
    m.importMemory('c', 'memory', 1);
    const count = m.importGlobal('c', 'count', 'i32', true);
    const own = m.func('-> i32', [['i32.const', 77]], { export: 'own' });
    m.func('-> i32', [['call', bump], ['call', bump], 'i32.add', ['global.get', count], 'i32.add'], {
      export: 'twice',
    });
    m.func('i32 i32 ->', [['local.get', 0], ['local.get', 1], ['i32.store8']], { export: 'poke' });
    m.func(
      'i32 -> i32',
      [
        ['local.get', 0],
        ['memory.grow', 0],
      ],
      { export: 'grow' },
    );
    m.func('-> i32', [['memory.size', 0]], { export: 'pages' });
    m.func(
      'i32 ->',
      [
        ['local.get', 0],
        ['ref.func', own],
        ['table.set', 0],
      ],
      { export: 'put' },
    );
    m.func(
      'i32 ->',
      [
        ['local.get', 0],
        ['global.set', count],
      ],
      { export: 'setCount' },
    );
    m.func(
      '-> f64 f32 i64 i32',
      [
        ['i32.const', 1],
        ['i64.const', 2n ** 40n],
        ['f32.const', 0.5],
        ['f64.const', 4],
        ['call', turn],
      ],
      { export: 'turned' },
    );
    m.elements([own], { declarative: true });
  });

function pair(world: World): { c: Exports; u: Exports } {
  const c = world.instantiate(counter());
  return { c, u: world.instantiate(user(), { c }) };
}

describe.each(worlds)('%s', (_name, newWorld) => {
  it('calls across instances; state is the exporter’s', () => {
    const { c, u } = pair(newWorld());
    expect(u.twice()).toBe(1 + 2 + 2);
    expect(c.bump()).toBe(3);
    expect(u.turned()).toEqual([4, 0.5, 2n ** 40n, 1]);
  });

  it('shares globals with the host and each other', () => {
    const { c, u } = pair(newWorld());
    u.setCount(40);
    expect(c.bump()).toBe(41);
    c.count.value = 5;
    expect(u.twice()).toBe(6 + 7 + 7);
  });

  it('shares memory, growth seen by all', () => {
    const { c, u } = pair(newWorld());
    const before = c.memory.buffer;
    u.poke(3, 200);
    expect(c.peek(3)).toBe(200);
    expect(new Uint8Array(before)[3]).toBe(200);
    expect(u.grow(1)).toBe(1);
    expect(before.byteLength).toBe(0);
    expect(c.memory.buffer.byteLength).toBe(2 * 65536);
    u.poke(70_000, 9);
    expect(c.peek(70_000)).toBe(9);
    expect(c.grow(1)).toBe(2);
    expect(u.pages()).toBe(3);
    u.poke(140_000, 8);
    expect(c.memory.grow(1)).toBe(3);
    expect([c.pages(), u.pages(), c.grow(1)]).toEqual([4, 4, -1]);
    expect([c.peek(3), c.peek(70_000), c.peek(140_000)]).toEqual([200, 9, 8]);
  });

  it('shares tables; a function called through them keeps its own instance', () => {
    const { c, u } = pair(newWorld());
    u.put(2);
    expect(c.indirect(2)).toBe(77);
    expect(c.indirect(0)).toBe(1);
    expect(c.table.grow(2)).toBe(4);
    u.put(5);
    expect(c.indirect(5)).toBe(77);
  });

  it('keeps the identity of functions', () => {
    const { c, u } = pair(newWorld());
    expect(c.table.get(0)).toBe(c.bump);
    u.put(1);
    expect(c.table.get(1)).toBe(u.own);
    c.table.set(3, c.pages);
    expect(c.table.get(3)).toBe(c.pages);
    expect(c.table.get(2)).toBeNull();
    expect(c.indirect(3)).toBe(1);
  });

  it('two instances of one module are apart', () => {
    const world = newWorld();
    const [a, b] = [world.instantiate(counter()), world.instantiate(counter())];
    a.bump();
    a.bump();
    expect([a.bump(), b.bump()]).toEqual([3, 1]);
    expect(a.bump).not.toBe(b.bump);
  });

  it('re-exports what it imports, with its identity', () => {
    const world = newWorld();
    const c = world.instantiate(counter());
    const again = world.instantiate(
      build((m) => {
        m.export('f', 'func', m.importFunc('c', 'bump', '-> i32'));
        m.export('m', 'memory', m.importMemory('c', 'memory', 0));
        m.export('g', 'global', m.importGlobal('c', 'count', 'i32', true));
        m.export('t', 'table', m.importTable('c', 'table', 'funcref', 0));
      }),
      { c },
    );
    expect([again.f, again.m, again.g, again.t]).toEqual([c.bump, c.memory, c.count, c.table]);
    expect(again.f).toBe(c.bump);
  });

  it('runs the start function after the segments, before anyone calls', () => {
    const world = newWorld();
    const seen: number[] = [];
    const bytes = build((m) => {
      const note = m.importFunc('h', 'note', 'i32 ->');
      m.memory(1);
      m.data([42], { offset: 8 });
      m.start(m.func('', [['i32.const', 8], ['i32.load8_u'], ['call', note]]));
    });
    world.instantiate(bytes, { h: { note: (x: number) => seen.push(x) } });
    expect(seen).toEqual([42]);
  });

  it('a trap in the start function leaves what was done to others', () => {
    const world = newWorld();
    const c = world.instantiate(counter());
    const bytes = build((m) => {
      const bump = m.importFunc('c', 'bump', '-> i32');
      m.start(m.func('', [['call', bump], 'drop', 'unreachable']));
    });
    expect(failure(world, () => world.instantiate(bytes, { c }))).toEqual(['unreachable']);
    expect(c.count.value).toBe(1);
  });

  it('a failed instantiation leaves the segments before it written', () => {
    const world = newWorld();
    const c = world.instantiate(counter());
    const bytes = build((m) => {
      m.importMemory('c', 'memory', 1);
      m.importTable('c', 'table', 'funcref', 1);
      const f = m.func('-> i32', [['i32.const', 5]]);
      m.elements([f], { offset: 1 });
      m.data([7], { offset: 0 });
      m.data([8], { offset: 65536 });
      m.data([9], { offset: 1 });
    });
    expect(failure(world, () => world.instantiate(bytes, { c }))).toEqual(['out of bounds memory access']);
    expect([c.peek(0), c.peek(1)]).toEqual([7, 0]);
    expect(c.indirect(1)).toBe(5);
  });

  it('a failed element segment writes none of its own elements', () => {
    const world = newWorld();
    const c = world.instantiate(counter());
    const bytes = build((m) => {
      m.importTable('c', 'table', 'funcref', 1);
      const f = m.func('-> i32', [['i32.const', 5]]);
      m.elements([f], { offset: 1 });
      m.elements([f, f, f], { offset: 2 });
    });
    expect(failure(world, () => world.instantiate(bytes, { c }))).toContain('out of bounds table access');
    expect([1, 2, 3].map((i) => c.table.get(i) === null)).toEqual([false, true, true]);
  });

  it('an imported host function, exported, is a function of its own', () => {
    const world = newWorld();
    const f = (x: number): number => x + 0.5;
    const { g } = world.instantiate(
      build((m) => void m.export('g', 'func', m.importFunc('h', 'f', 'i32 -> i32'))),
      { h: { f } },
    );
    expect(g).not.toBe(f);
    expect(g(7)).toBe(7);
  });

  it('host functions take and give i64, several values, references', () => {
    const world = newWorld();
    const object = { an: 'object' };
    const calls: unknown[] = [];
    const bytes = build((m) => {
      const swap = m.importFunc('h', 'swap', 'i64 f32 externref -> externref i64 f32');
      m.func(
        'i64 f32 externref -> externref i64 f32',
        [0, 1, 2].map((i): Instruction => ['local.get', i]).concat([['call', swap]]),
        { export: 'f' },
      );
    });
    const swap = (a: bigint, b: number, c: unknown): unknown => {
      calls.push(a, b, c);
      return new Set([c, a - 1n, b * 2]);
    };
    const { f } = world.instantiate(bytes, { h: { swap } });
    expect(f(2n ** 64n, 0.1, object)).toEqual([object, -1n, Math.fround(0.1) * 2]);
    expect(calls).toEqual([0n, Math.fround(0.1), object]);
  });

  it('coerces arguments and results as the standard says', () => {
    const world = newWorld();
    const bytes = build((m) => {
      const give = m.importFunc('h', 'give', '-> i32');
      const none = m.importFunc('h', 'none', '');
      m.func(
        'i32 f32 -> i32 f32',
        [
          ['local.get', 0],
          ['local.get', 1],
        ],
        { export: 'same' },
      );
      m.func('i64 -> i64', [['local.get', 0]], { export: 'wide' });
      m.func(
        '-> i32',
        [
          ['call', none],
          ['call', give],
        ],
        { export: 'give' },
      );
    });
    const { same, wide, give } = world.instantiate(bytes, {
      h: { give: () => '0x1_0' as never, none: () => 5 },
    });
    expect(same('7', { valueOf: () => 1.1 })).toEqual([7, Math.fround(1.1)]);
    expect(same(2 ** 32 + 3.9)).toEqual([3, NaN]);
    expect(same(1, 2, 3)).toEqual([1, 2]);
    expect([wide('12'), wide(true)]).toEqual([12n, 1n]);
    expect(() => wide(1)).toThrow(TypeError);
    expect(() => same(1n)).toThrow(TypeError);
    expect(() => same(Symbol.iterator)).toThrow(TypeError);
    expect(give()).toBe(0);
  });

  it('an error of the host leaves with its identity, through several instances', () => {
    const world = newWorld();
    const errors = [
      new RangeError('Offset is outside the bounds of the DataView'),
      new TypeError('t'),
      'a string',
      undefined,
      { no: 'error' },
    ];
    const inner = build((m) => {
      const fail = m.importFunc('h', 'fail', 'i32 ->');
      m.func(
        'i32 ->',
        [
          ['local.get', 0],
          ['call', fail],
        ],
        { export: 'fail' },
      );
    });
    const fail = (i: number): void => {
      throw errors[i];
    };
    const a = world.instantiate(inner, { h: { fail } });
    const b = world.instantiate(inner, { h: { fail: a.fail } });
    errors.forEach((error, i) => {
      let thrown: unknown = 'nothing';
      try {
        b.fail(i);
      } catch (found) {
        thrown = found;
      }
      expect(thrown).toBe(error);
    });
  });

  it('the host calls back, and the frames below keep their values', () => {
    const world = newWorld();
    const box: { exports?: Exports } = {};
    const bytes = build((m) => {
      const back = m.importFunc('h', 'back', 'i64 -> i64');
      const self: Instruction[] = [
        ['local.get', 0],
        ['i64.const', 1],
        'i64.sub',
        ['call', back],
        ['local.get', 0],
        'i64.mul',
      ];
      m.func(
        'i64 -> i64',
        [['local.get', 0], 'i64.eqz', ['if', 'i64'], ['i64.const', 1], 'else', ...self, 'end'],
        { export: 'f' },
      );
    });
    box.exports = world.instantiate(bytes, { h: { back: (n: bigint) => box.exports!.f(n) } });
    expect(box.exports.f(20n)).toBe(2432902008176640000n);
  });

  it('memory grown by the host in the middle of a function is seen by it', () => {
    const world = newWorld();
    const memory = new world.Memory({ initial: 1, maximum: 3 });
    const bytes = build((m) => {
      const grow = m.importFunc('h', 'grow', '');
      m.importMemory('h', 'memory', 1, 3);
      const store: Instruction[] = [['i32.const', 65536], ['i32.const', 7], ['i32.store8']];
      m.func(
        '-> i32',
        [
          ['i32.const', 0],
          ['i32.load8_u'],
          ['call', grow],
          ...store,
          ['i32.const', 65536],
          ['i32.load8_u'],
          'i32.add',
        ],
        { export: 'f' },
      );
    });
    new Uint8Array(memory.buffer)[0] = 30;
    const { f } = world.instantiate(bytes, { h: { memory, grow: () => void memory.grow(1) } });
    expect(f()).toBe(37);
  });

  it('a global of the host, mutable, of every type', () => {
    const world = newWorld();
    const values: Record<string, unknown> = {
      i32: -1,
      i64: -(2n ** 63n),
      f32: 0.5,
      f64: 1e300,
      externref: { o: 1 },
    };
    for (const [value, initial] of Object.entries(values)) {
      const global = new world.Global({ value, mutable: true }, initial);
      const bytes = build((m) => {
        const g = m.importGlobal('h', 'g', value, true);
        m.func(`-> ${value}`, [['global.get', g]], { export: 'get' });
        m.func(
          `${value} ->`,
          [
            ['local.get', 0],
            ['global.set', g],
          ],
          { export: 'set' },
        );
      });
      const [a, b] = [
        world.instantiate(bytes, { h: { g: global } }),
        world.instantiate(bytes, { h: { g: global } }),
      ];
      expect(show(a.get())).toBe(show(initial));
      const other = value === 'i64' ? 5n : value === 'externref' ? 'text' : 5;
      b.set(other);
      expect([a.get(), global.value]).toEqual([other, other]);
    }
  });

  it('a missing or unfit import is refused', () => {
    const world = newWorld();
    const c = world.instantiate(counter());
    const wrong: Record<string, unknown>[] = [
      {},
      { ...c, bump: 5 },
      { ...c, bump: c.turn },
      { ...c, memory: c.table },
      { ...c, count: 5 },
    ];
    for (const imports of wrong) {
      const error = failure(world, () => world.instantiate(user(), { c: imports })) as Error;
      expect(error.name).toBe('LinkError');
      expect(error.message.split('\n')).toHaveLength(1);
    }
    expect(() => world.instantiate(user(), {})).toThrow();
  });
});

describe('exports', () => {
  it('are a frozen object without prototype', () => {
    const c = sandglassWorld().instantiate(counter());
    expect(Object.isFrozen(c)).toBe(true);
    expect(Object.getPrototypeOf(c)).toBeNull();
    expect(Object.keys(c)).toEqual([
      'count',
      'memory',
      'table',
      'bump',
      'peek',
      'grow',
      'pages',
      'indirect',
      'turn',
    ]);
  });

  it('functions have name and length like native ones', () => {
    for (const [, newWorld] of worlds) {
      const c = newWorld().instantiate(counter());
      expect([c.turn.length, c.bump.length]).toEqual([4, 0]);
    }
  });

  it('of another Runtime may be imported: they are host functions', () => {
    const { c } = pair(sandglassWorld());
    const other = sandglassWorld();
    const m = new ModuleBuilder();
    const bump = m.importFunc('c', 'bump', '-> i32');
    m.func('-> i32', [['call', bump], ['i32.const', 100], 'i32.add'], { export: 'f' });
    expect(other.instantiate(m.build(), { c }).f()).toBe(101);
  });
});
