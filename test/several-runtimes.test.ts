/**
 * Several Runtimes in one process: what one makes, another may import, hold in its tables and call. Each runs on
 * registers, fuel and types of its own.
 */
import { describe, expect, it } from 'vitest';
import { CompileError, Runtime } from '../src/index.ts';
import { type Exports, native } from './support/native.ts';
import { ModuleBuilder } from './support/wasm-builder.ts';

/** `inc` adds 1 to an i64; `throws` throws its tag; `deep` never returns. */
function library(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const tag = m.tag('i64 ->', 'tag');
  m.func('i64 -> i64', [['local.get', 0], ['i64.const', 1n], 'i64.add'], { export: 'inc' });
  m.func(
    'i64 -> i64',
    [
      ['local.get', 0],
      ['throw', tag],
    ],
    { export: 'throws' },
  );
  m.func(
    'i64 -> i64',
    [
      ['local.get', 0],
      ['call', 2],
    ],
    { export: 'deep' },
  );
  return m.build();
}

/** A table that is exported, and calls through it with two types. */
function caller(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importTag('l', 'tag', 'i64 ->');
  m.table('funcref', 4, 4, 't');
  // Types in another order than the library's, so that numbers per Runtime would be mixed up.
  const other = m.type('f32 -> f32');
  const type = m.type('i64 -> i64');
  m.func(
    'f32 -> f32',
    [
      ['local.get', 0],
      ['i32.const', 0],
      ['call_indirect', other, 0],
    ],
    { export: 'wrong' },
  );
  m.func(
    'i64 i32 -> i64',
    [['local.get', 0], ['local.get', 1], ['call_indirect', type, 0], ['i64.const', 100n], 'i64.add'],
    {
      export: 'call',
    },
  );
  const guarded = [
    ['try', 'i64'],
    ['i64.const', 7n],
    ['local.get', 0],
    ['call_indirect', type, 0],
    ['catch', 0],
    'end',
  ] as const;
  m.func('i32 -> i64', guarded, { export: 'guarded' });
  return m.build();
}

function start(): { exports: Exports; library: Exports; own: Runtime; other: Runtime } {
  const [own, other] = [new Runtime(), new Runtime()];
  const made = other.instantiateSync(library()).exports as Exports;
  const exports = own.instantiateSync(caller(), { l: made }).exports as Exports;
  ['inc', 'throws', 'deep'].forEach((name, i) => void exports.t.set(i, made[name]));
  return { exports, library: made, own, other };
}

describe('functions of another Runtime in a table', () => {
  it('keep their identity, and are called by call_indirect', () => {
    const { exports, library: made, own, other } = start();
    expect(exports.t.get(0)).toBe(made.inc);
    const before = [own.fuel.consumed, other.fuel.consumed];
    expect(exports.call(41n, 0)).toBe(142n);
    expect(own.fuel.consumed - before[0]!).toBe(6n);
    expect(other.fuel.consumed - before[1]!).toBe(4n);
  });

  it('are checked for their type', () => {
    expect(() => start().exports.wrong(1)).toThrow('indirect call type mismatch');
  });

  it('throw exceptions that are caught, traps that are not', () => {
    const { exports } = start();
    expect(exports.guarded(1)).toBe(7n);
    expect(() => exports.guarded(2)).toThrow('call stack exhausted');
    expect(exports.guarded(0)).toBe(8n);
  });

  it('fail when their Runtime is closed', () => {
    const { exports, other } = start();
    other.close();
    expect(() => exports.call(1n, 0)).toThrow(/closed/);
  });
});

describe('code of one Runtime in the middle of another', () => {
  /** `f` calls the host, then sums the numbers below n. */
  function summing(): Uint8Array<ArrayBuffer> {
    const m = new ModuleBuilder();
    const host = m.importFunc('e', 'host', '->');
    m.func(
      'i64 -> i64',
      [
        ['call', host],
        ['loop', 'i64'],
        ['local.get', 1],
        ['local.get', 0],
        'i64.add',
        ['local.set', 1],
        ['local.get', 0],
        ['i64.const', -1n],
        'i64.add',
        ['local.tee', 0],
        ['i64.const', 0n],
        'i64.gt_s',
        ['br_if', 0],
        ['local.get', 1],
        'end',
      ],
      { export: 'f', locals: ['i64'] },
    );
    return m.build();
  }

  it('counts on its own account, which both hosts can read at any time', () => {
    const seen: bigint[] = [];
    const [outer, inner] = [new Runtime(), new Runtime({ fuel: 10_000n })];
    const within = inner.instantiateSync(summing(), {
      e: { host: () => void seen.push(outer.fuel.consumed, inner.fuel.consumed) },
    }).exports as Exports;
    const host = () => {
      seen.push(outer.fuel.consumed);
      expect(within.f(100n)).toBe(5050n);
      seen.push(outer.fuel.consumed, inner.fuel.consumed);
    };
    const made = outer.instantiateSync(summing(), { e: { host } }).exports as Exports;
    expect(made.f(10n)).toBe(55n);
    const turns = (n: bigint) => 5n + 11n * n;
    expect(seen).toEqual([1n, 1n, 1n, 1n, turns(100n)]);
    expect([outer.fuel.consumed, inner.fuel.consumed]).toEqual([turns(10n), turns(100n)]);
  });

  it('keeps its own when the inner one runs out of fuel, or throws', () => {
    const [outer, inner] = [new Runtime(), new Runtime({ fuel: 50n })];
    const within = inner.instantiateSync(summing(), { e: { host: () => {} } }).exports as Exports;
    const host = () => expect(() => within.f(1000n)).toThrow('fuel exhausted');
    const made = outer.instantiateSync(summing(), { e: { host } }).exports as Exports;
    for (const n of [1n, 2n]) {
      const before = outer.fuel.consumed;
      expect(made.f(10n)).toBe(55n);
      expect(outer.fuel.consumed - before).toBe(115n);
      expect([n, inner.fuel.remaining]).toEqual([n, 0n]);
    }
  });

  it('goes on with its own after a call that fails before it begins', () => {
    const [outer, inner] = [new Runtime(), new Runtime()];
    const within = inner.instantiateSync(summing(), { e: { host: () => {} } });
    const host = () => expect(() => within.invokeRaw('f', ['no bits'])).toThrow();
    const made = outer.instantiateSync(summing(), { e: { host } }).exports as Exports;
    expect(made.f(10n)).toBe(55n);
    expect([outer.fuel.consumed, inner.fuel.consumed]).toEqual([115n, 0n]);
  });

  it('has a limit of its own for frames', () => {
    const [outer, inner] = [new Runtime(), new Runtime({ registerCells: 64 })];
    const within = inner.instantiateSync(library(), {}).exports as Exports;
    const host = () => expect(() => within.deep(1n)).toThrow('call stack exhausted');
    const made = outer.instantiateSync(summing(), { e: { host } }).exports as Exports;
    expect(made.f(10n)).toBe(55n);
  });
});

describe('instantiation that fails half-way', () => {
  it('leaves functions in a shared table that find all their element segments', () => {
    const m = new ModuleBuilder();
    m.importTable('e', 't', 'funcref', 4);
    const f = m.declare('-> i32');
    const g = m.func('-> i32', [['i32.const', 77]]);
    m.elements([f], { offset: 0 });
    m.elements([f], { offset: 100 });
    const passive = m.elements([g]);
    const init = [
      ['i32.const', 1],
      ['i32.const', 0],
      ['i32.const', 1],
      ['table.init', passive, 0],
    ] as const;
    m.define(f, [...init, ['i32.const', 1], ['call_indirect', m.type('-> i32'), 0]]);
    const runtime = new Runtime();
    const t = tableOf(runtime);
    expect(() => runtime.instantiateSync(m.build(), { e: { t } })).toThrow('out of bounds table access');
    expect(t.get(0)()).toBe(77);
    const nativeTable = new native.Table({ element: 'anyfunc', initial: 4 });
    expect(() => new native.Instance(new native.Module(m.build()), { e: { t: nativeTable } })).toThrow();
    expect(nativeTable.get(0)()).toBe(77);
  });
});

function tableOf(runtime: Runtime): Exports {
  const m = new ModuleBuilder();
  m.table('funcref', 4, 4, 't');
  return runtime.instantiateSync(m.build()).exports.t as Exports;
}

describe("validate: 'lazy'", () => {
  it('says at the first call what is wrong with a body', () => {
    const m = new ModuleBuilder();
    m.func('-> i32', [['i64.const', 0n]], { export: 'f' });
    const instance = new Runtime({ validate: 'lazy' }).instantiateSync(m.build());
    for (let i = 0; i < 2; i++) expect(() => instance.invoke('f')).toThrow(CompileError);
  });
});

describe('at rest', () => {
  /** `run` calls the host, who is told by `inside` what to do. */
  function callable(runtime = new Runtime()) {
    const m = new ModuleBuilder();
    m.func('->', [['call', m.importFunc('h', 'f', '->')]], { export: 'run' });
    const made = { inside: (): unknown => undefined };
    const instance = runtime.instantiateSync(m.build(), { h: { f: () => void made.inside() } });
    return { instance, run: instance.exports.run as () => void, made, runtime };
  }
  type Callable = ReturnType<typeof callable>;

  function isAtRest({ instance }: Callable): boolean {
    try {
      instance.snapshot();
      return true;
    } catch (error) {
      expect((error as Error).message).toContain('not at rest');
      return false;
    }
  }

  /** Runs them, each in the host function of the one before; what is at rest in the last one's. */
  function nested([first, ...rest]: readonly Callable[], look: () => unknown): unknown {
    let seen: unknown;
    first!.made.inside = () => {
      seen = rest.length === 0 ? look() : nested(rest, look);
    };
    first!.run();
    return seen;
  }

  it('is a Runtime none of whose code is on the stack', () => {
    const [a, b, c] = [callable(), callable(), callable()];
    const beside = callable(a.runtime);
    const all = [a, b, c, beside];
    const look = () => all.map(isAtRest);
    const everyone = [true, true, true, true];
    expect(look()).toEqual(everyone);
    expect(nested([a], look)).toEqual([false, true, true, false]);
    expect(nested([b, a], look)).toEqual([false, false, true, false]);
    expect(nested([beside, c, a], look)).toEqual([false, true, false, false]);
    expect(look()).toEqual(everyone);
  });

  it('comes back when an inner call ends, by an error, too', () => {
    const [a, b] = [callable(), callable()];
    const seen: boolean[][] = [];
    const look = () => [a, b].map(isAtRest);
    a.made.inside = () => {
      for (const fail of [false, true]) {
        b.made.inside = () => {
          seen.push(look());
          if (fail) throw new Error('on purpose');
        };
        if (fail) expect(b.run).toThrow('on purpose');
        else b.run();
        seen.push(look());
      }
      // The same Runtime again, from its own host function.
      nested([callable(a.runtime)], () => seen.push(look()));
      seen.push(look());
    };
    a.run();
    const [inside, between] = [
      [false, false],
      [false, true],
    ];
    expect(seen).toEqual([inside, between, inside, between, between, between]);
    expect(look()).toEqual([true, true]);
  });
});
