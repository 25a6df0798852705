/**
 * Exceptions across instances and across the host, in both forms: what `catch`, `catch_all` and references see, and
 * what they must never see. Native WebAssembly, where it can, says the same.
 */
import { describe, expect, it } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import {
  AbortError,
  Exception,
  ExitError,
  InternalError,
  OutOfFuelError,
  Runtime,
  Tag,
  TimeoutError,
} from '../src/index.ts';
import { nativeWorld, type World } from './support/engines.ts';
import { instructions } from './support/flat-text.ts';
import { type Exports, native } from './support/native.ts';
import { sandglassWorld } from './support/sandglass-engine.ts';
import { type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

type Form = 'legacy' | 'modern';

/** `body`, or when something is caught by tag 0 or by anything: the payload, or -1. */
function guard(form: Form, body: readonly Instruction[], what: 'tag' | 'all'): Instruction[] {
  if (form === 'legacy') {
    const handler: Instruction[] = what === 'tag' ? [['catch', 0]] : ['catch_all', ['i32.const', -1]];
    return [['try', 'i32'], ...body, ...handler, 'end'];
  }
  if (what === 'tag') return [['block', 'i32'], ['try_table', 'i32', ['catch', 0, 0]], ...body, 'end', 'end'];
  const inner: Instruction[] = [['try_table', 'i32', ['catch_all', 0]], ...body, 'end', 'return'];
  return [['block'], ...inner, 'end', ['i32.const', -1]];
}

/** `throw(n)` throws its own tag; `fail(n)` calls the host; `caught*` and `all*` guard them. */
function thrower(form: Form): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const host = m.importFunc('h', 'fail', 'i32 ->');
  const tag = m.tag('i32 ->', 'tag');
  const throws: Instruction[] = [
    ['local.get', 0],
    ['throw', tag],
  ];
  const thrown = m.func('i32 -> i32', throws, { export: 'throw' });
  const failed = m.func(
    'i32 -> i32',
    [
      ['local.get', 0],
      ['call', host],
      ['i32.const', 0],
    ],
    { export: 'fail' },
  );
  const trapped = m.func('i32 -> i32', [['i32.const', 1], ['local.get', 0], 'i32.div_s'], {
    export: 'divide',
  });
  const deep = m.declare('i32 -> i32', { export: 'deep' });
  m.define(deep, [['local.get', 0], ['call', deep], ['i32.const', 1], 'i32.add']);
  for (const [name, index] of Object.entries({ Throw: thrown, Fail: failed, Divide: trapped, Deep: deep })) {
    const call: Instruction[] = [
      ['local.get', 0],
      ['call', index],
    ];
    m.func('i32 -> i32', guard(form, call, 'tag'), { export: `caught${name}` });
    m.func('i32 -> i32', guard(form, call, 'all'), { export: `all${name}` });
  }
  return m.build();
}

/** Catches with its own tag and with the other instance's. */
function catcher(form: Form): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const thrown = m.importFunc('t', 'throw', 'i32 -> i32');
  m.importTag('t', 'tag', 'i32 ->');
  m.tag('i32 ->', 'own');
  const call: Instruction[] = [
    ['local.get', 0],
    ['call', thrown],
  ];
  m.func('i32 -> i32', guard(form, call, 'tag'), { export: 'theirs' });
  m.func(
    'i32 -> i32',
    [
      ['local.get', 0],
      ['throw', 1],
    ],
    { export: 'throwOwn' },
  );
  return m.build();
}

const worlds: [string, Form, () => World][] = [];
for (const form of ['legacy', 'modern'] as const) {
  if (native.validate(thrower(form))) worlds.push(['native', form, () => nativeWorld()]);
  worlds.push(
    ['sandglass', form, () => sandglassWorld()],
    ['unmetered', form, () => sandglassWorld({ metering: false })],
  );
}
function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe.each(worlds)('%s, %s', (_name, form, newWorld) => {
  function start(fail: (n: number) => void = () => {}): { world: World; t: Exports } {
    const world = newWorld();
    return { world, t: world.instantiate(thrower(form), { h: { fail } }) };
  }

  it('caught by tag and by catch_all', () => {
    const { t } = start();
    expect([t.caughtThrow(5), t.allThrow(5)]).toEqual([5, -1]);
  });

  it('leaves for the host as an Exception with tag and payload', () => {
    const { world, t } = start();
    const error = thrownBy(() => t.throw(9)) as Exception;
    expect(error).toBeInstanceOf(world.Exception);
    expect(error.is(t.tag)).toBe(true);
    expect(error.getArg(t.tag, 0)).toBe(9);
    expect(error.is(new world.Tag({ parameters: ['i32'] }))).toBe(false);
  });

  it('crosses instances; tags are told apart by identity, not by type', () => {
    const { world, t } = start();
    const c = world.instantiate(catcher(form), { t });
    expect(c.theirs(3)).toBe(3);
    const own = thrownBy(() => c.throwOwn(4)) as Exception;
    expect([own.is(c.own), own.is(t.tag)]).toEqual([true, false]);
  });

  it('thrown by the host is caught by its tag', () => {
    const box: { t?: Exports } = {};
    const { world, t } = start((n) => {
      throw new world.Exception(n === 1 ? box.t!.tag : new world.Tag({ parameters: ['i32'] }), [n + 100]);
    });
    box.t = t;
    expect(t.caughtFail(1)).toBe(101);
    expect([t.allFail(1), t.allFail(2)]).toEqual([-1, -1]);
    expect(thrownBy(() => t.caughtFail(2))).toBeInstanceOf(world.Exception);
  });

  it('passes through the host and comes back as the same object', () => {
    const box: { t?: Exports; seen?: unknown } = {};
    const { t } = start((n) => {
      try {
        box.t!.throw(n);
      } catch (error) {
        box.seen = error;
        throw error;
      }
    });
    box.t = t;
    expect(t.caughtFail(6)).toBe(6);
    expect(thrownBy(() => t.fail(7))).toBe(box.seen);
  });

  it('an error of the host is seen by catch_all, not by tags, and keeps its identity', () => {
    const error = new RangeError('of the host');
    const { t } = start((n) => {
      throw n === 0 ? error : 'no object';
    });
    expect([t.allFail(0), t.allFail(1)]).toEqual([-1, -1]);
    expect(thrownBy(() => t.caughtFail(0))).toBe(error);
    expect(thrownBy(() => t.caughtFail(1))).toBe('no object');
  });

  it('traps are seen by nothing', () => {
    const { world, t } = start();
    for (const name of ['caughtDivide', 'allDivide']) {
      expect(world.trapTexts(thrownBy(() => t[name](0)))).toEqual(['integer divide by zero']);
    }
    expect(t.allDivide(1)).toBe(1);
  });

  it('the end of the stack is seen by nothing, and nothing is broken after it', () => {
    const { world, t } = start();
    for (const name of ['caughtDeep', 'allDeep']) {
      expect(world.trapTexts(thrownBy(() => t[name](0)))).toEqual(['call stack exhausted']);
      expect(t.caughtThrow(5)).toBe(5);
    }
  });

  it('a trap of another instance, through the host, is seen by nothing', () => {
    const { world, t } = start(() => void other.t!.divide(0));
    const other: { t?: Exports } = { t: world.instantiate(thrower(form), { h: { fail: () => {} } }) };
    expect(world.trapTexts(thrownBy(() => t.allFail(0)))).toEqual(['integer divide by zero']);
  });
});

describe.each(['legacy', 'modern'] as const)('%s: what ends a run passes every handler', (form) => {
  const errors = [
    new ExitError(3),
    new OutOfFuelError(2n, 1n),
    new TimeoutError(5),
    new AbortError('a'),
    new InternalError('i'),
  ];
  it.each(errors.map((error) => [error.name, error] as const))('%s', (_name, error) => {
    const world = sandglassWorld();
    const fail = (): never => {
      throw error;
    };
    const t = world.instantiate(thrower(form), { h: { fail } });
    expect(thrownBy(() => t.allFail(0))).toBe(error);
    expect(thrownBy(() => t.caughtFail(0))).toBe(error);
    expect(t.allThrow(0)).toBe(-1);
  });
});

describe('an exhausted stack of the host', () => {
  it.each(['legacy', 'modern'] as const)('passes %s handlers, as it does natively', (form) => {
    const m = new ModuleBuilder();
    const host = m.importFunc('h', 'recur', '->');
    m.func(
      '-> i32',
      guard(
        form,
        [
          ['call', host],
          ['i32.const', 1],
        ],
        'all',
      ),
      { export: 'f' },
    );
    const recur = (): unknown => [recur()];
    const exports = new Runtime().instantiateSync(m.build(), { h: { recur } }).exports as Exports;
    expect(() => exports.f()).toThrow(RangeError);
  });
});

describe('payloads', () => {
  const values: Record<string, unknown> = {
    i32: -5,
    i64: -(2n ** 63n),
    f32: 0.25,
    f64: Number.MIN_VALUE,
    externref: { a: 1 },
  };
  const types = Object.keys(values);

  it.each(['legacy', 'modern'] as const)('of every type, %s', (form) => {
    const m = new ModuleBuilder();
    const text = types.join(' ');
    m.tag(`${text} ->`, 'tag');
    const gets = types.map((_, i): Instruction => ['local.get', i]);
    const raise = m.func(`${text} -> ${text}`, [...gets, ['throw', 0]], { export: 'throw' });
    const block = m.type(`-> ${text}`);
    const call: Instruction[] = [...gets, ['call', raise]];
    const body: Instruction[] =
      form === 'legacy'
        ? [['try', block], ...call, ['catch', 0], 'end']
        : [['block', block], ['try_table', block, ['catch', 0, 0]], ...call, 'end', 'end'];
    m.func(`${text} -> ${text}`, body, { export: 'f' });
    const exports = new Runtime().instantiateSync(m.build()).exports as Exports;
    expect(exports.f(...Object.values(values))).toEqual(Object.values(values));
    const error = thrownBy(() => exports.throw(...Object.values(values))) as Exception;
    expect(types.map((_, i) => error.getArg(exports.tag, i))).toEqual(Object.values(values));
  });

  it('are checked when the host makes an exception', () => {
    const tag = new Tag({ parameters: ['i32', 'i64'] });
    expect(() => new Exception(tag, [1])).toThrow(TypeError);
    expect(() => new Exception(tag, [1, 2])).toThrow(TypeError);
    expect(new Exception(tag, [2 ** 32 + 1, 2n]).getArg(tag, 0)).toBe(1);
  });
});

/** Values that live across a try are those at the moment of the throw. */
describe.each(['legacy', 'modern'] as const)('%s: locals and memory in handlers', (form) => {
  it('are as the throw left them, growth included', () => {
    const m = new ModuleBuilder();
    m.memory(1, 2);
    m.tag('i32 ->');
    const raise = m.func('', [
      ['i32.const', 1],
      ['memory.grow', 0],
      'drop',
      ['i32.const', 70_000],
      ['i32.const', 9],
      ['i32.store8'],
      ['i32.const', 0],
      ['throw', 0],
    ]);
    const change: Instruction[] = [
      ['i32.const', 5],
      ['local.set', 0],
      ['i64.const', 6],
      ['local.set', 1],
      ['call', raise],
      ['i32.const', 100],
    ];
    const load: Instruction[] = [['i32.const', 70_000], ['i32.load8_u'], 'i32.add'];
    const sum: Instruction[] = [
      ['local.get', 0],
      'i32.add',
      ['local.get', 1],
      'i32.wrap_i64',
      'i32.add',
      ...load,
    ];
    m.func('-> i32', [...guard(form, change, 'tag'), ...sum], { export: 'f', locals: ['i32', 'i64'] });
    expect((new Runtime().instantiateSync(m.build()).exports as Exports).f()).toBe(0 + 5 + 6 + 9);
  });
});

/** Found by random nestings: what a `delegate` means need not be able to catch anything. */
describe('delegate', () => {
  const thrown = 'try; i32.const 7; throw 0;';
  it.each<[name: string, body: string, result: number]>([
    [
      'to a try without handlers',
      `try; try; ${thrown} delegate 0; end; catch_all; i32.const 1; return; end`,
      1,
    ],
    [
      'past a try without handlers',
      `try; try; ${thrown} delegate 1; end; catch_all; i32.const 1; return; end`,
      1,
    ],
    [
      'to a block in a try without handlers',
      `try; try; block; ${thrown} delegate 0; end; end; catch_all; i32.const 1; return; end`,
      1,
    ],
    [
      'to a try without handlers, in a loop that goes on',
      `loop; try; try; ${thrown} delegate 0; end; catch_all; local.get 0; i32.const 1; i32.add; local.tee 0; i32.const 3; i32.lt_s; br_if 1; end; end; local.get 0; return`,
      3,
    ],
    [
      'to a try that delegates',
      `try; try; ${thrown} delegate 0; delegate 1; catch_all; i32.const 1; return; end`,
      7,
    ],
    [
      'to a try whose handler throws again',
      `try; try; ${thrown} delegate 0; catch 0; drop; rethrow 0; end; catch_all; i32.const 1; return; end`,
      1,
    ],
  ])('%s', (_, body, result) => {
    const m = new ModuleBuilder();
    m.tag('i32 ->');
    m.func('-> i32', instructions(`${body}; i32.const 0`), { locals: ['i32'] });
    const outer = instructions('try i32; call 0; catch 0; end');
    m.func('-> i32', outer, { export: 'f' });
    const bytes = m.build();
    const shapes = [{}, { outline: SPLIT_ALL }];
    const worlds = [nativeWorld(), ...shapes.map((shape) => sandglassWorld({}, shape))];
    expect(worlds.map((world) => (world.instantiate(bytes) as Exports).f())).toEqual([
      result,
      result,
      result,
    ]);
  });
});
