/**
 * Deep, wide and ill-named things: recursion to the end of the stack, thousands of nested blocks, huge branch tables,
 * signatures and names. Every module here is valid; each must compile and run, or trap as the specification says.
 */
import { describe, expect, it } from 'vitest';
import { Runtime, type RuntimeOptions, Trap } from '../src/index.ts';
import type { Exports } from './support/native.ts';
import { code, type Instruction, ModuleBuilder } from './support/wasm-builder.ts';

function run(build: (m: ModuleBuilder) => void, options: RuntimeOptions = {}, imports = {}): Exports {
  const m = new ModuleBuilder();
  build(m);
  return new Runtime(options).instantiateSync(m.build(), imports).exports;
}
const both: readonly RuntimeOptions[] = [{}, { metering: false }];
const label = (options: RuntimeOptions): string => (options.metering === false ? 'unmetered' : 'metered');

/** `down(n)` recurses n deep and counts the calls in a global; `count` reads it. */
function recursion(m: ModuleBuilder, type: 'i32' | 'i64' = 'i32'): void {
  const calls = m.global('i32', true, [['i32.const', 0]], 'calls');
  const down = m.declare(`${type} -> ${type}`, { export: 'down', name: 'down' });
  m.define(down, [
    ['global.get', calls],
    ['i32.const', 1],
    'i32.add',
    ['global.set', calls],
    ['local.get', 0],
    `${type}.eqz`,
    ['if', type],
    [`${type}.const`, 7],
    'else',
    ['local.get', 0],
    [`${type}.const`, 1],
    `${type}.sub`,
    ['call', down],
    [`${type}.const`, 1],
    `${type}.add`,
    'end',
  ]);
  m.func('i32 -> i32', [['local.get', 0]], { export: 'same' });
}

function trapOf(action: () => unknown): Trap {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(Trap);
    return error as Trap;
  }
  throw new Error('no trap');
}

describe('recursion', () => {
  for (const options of both) {
    it.each(['i32', 'i64'] as const)(
      `100,000 deep in %s ends in a trap or a result, ${label(options)}`,
      (type) => {
        const exports = run((m) => recursion(m, type), options);
        const depth = type === 'i32' ? 100_000 : 100_000n;
        for (let round = 0; round < 3; round++) {
          expect(trapOf(() => exports.down(depth)).message).toBe('call stack exhausted');
          expect(exports.same(5)).toBe(5);
          expect(Number(exports.down(type === 'i32' ? 100 : 100n))).toBe(107);
        }
      },
    );
  }

  it('without end through a table, and through the host', () => {
    const box: { exports?: Exports } = {};
    const host = { host: { again: () => box.exports!.through() } };
    box.exports = run(
      (m) => {
        const again = m.importFunc('host', 'again', '');
        m.table('funcref', 1);
        const indirect = m.declare('', { export: 'indirect' });
        m.define(indirect, [
          ['i32.const', 0],
          ['call_indirect', m.type(''), 0],
        ]);
        m.func('', [['call', again]], { export: 'through' });
        m.elements([indirect], { offset: 0 });
        m.func('i32 -> i32', [['local.get', 0]], { export: 'same' });
      },
      {},
      host,
    );
    for (let round = 0; round < 3; round++) {
      expect(trapOf(() => box.exports!.indirect()).message).toBe('call stack exhausted');
      expect(() => box.exports!.through()).toThrow(/call stack/);
      expect(box.exports.same(round)).toBe(round);
    }
  });

  it('in frames larger than the register file', () => {
    const locals = new Array<string>(500).fill('i64');
    const exports = run(
      (m) => {
        const f = m.declare('i64 -> i64', { export: 'f' });
        m.define(
          f,
          [
            ['local.get', 0],
            ['local.set', 500],
            ['local.get', 0],
            ['call', f],
            ['local.get', 500],
            'i64.add',
          ],
          locals,
        );
        m.func('i64 -> i64', [['local.get', 0]], { export: 'same' });
      },
      { registerCells: 4096 },
    );
    for (let round = 0; round < 3; round++) {
      expect(trapOf(() => exports.f(1n)).message).toBe('call stack exhausted');
      expect(exports.same(5n)).toBe(5n);
    }
  });

  it('is deterministic under a limit: same depth, same fuel', () => {
    const seen = new Set<string>();
    for (let round = 0; round < 5; round++) {
      const m = new ModuleBuilder();
      recursion(m);
      const runtime = new Runtime({ limits: { callDepth: 1000 } });
      const { exports } = runtime.instantiateSync(m.build()) as { exports: Exports };
      expect(exports.down(999)).toBe(1006);
      expect(exports.calls.value).toBe(1000);
      for (let again = 0; again < 3; again++) {
        exports.calls.value = 0;
        const before = runtime.fuel.consumed;
        expect(trapOf(() => exports.down(again === 0 ? 1000 : 100_000)).message).toBe('call stack exhausted');
        expect(exports.calls.value).toBe(1000);
        seen.add(`${runtime.fuel.consumed - before}`);
      }
    }
    expect(seen.size).toBe(1);
  });

  it('under a limit counts calls through the host', () => {
    const box: { exports?: Exports } = {};
    let calls = 0;
    const again = (): void => {
      calls++;
      box.exports!.through();
    };
    const host = { host: { again } };
    const build = (m: ModuleBuilder): void => {
      m.func('', [['call', m.importFunc('host', 'again', '')]], { export: 'through' });
    };
    box.exports = run(build, { limits: { callDepth: 50 } }, host);
    expect(trapOf(() => box.exports!.through()).message).toBe('call stack exhausted');
    expect(calls).toBe(50);
  });
});

const DEPTH = 5000;
const repeated = (count: number, items: readonly Instruction[]): Uint8Array => {
  const once = code(...items);
  const all = new Uint8Array(once.length * count);
  for (let i = 0; i < count; i++) all.set(once, i * once.length);
  return all;
};

/** Each nests one kind of block, and leaves through all of them when the argument is 0. */
const NESTS: Readonly<Record<string, { open: Instruction[]; close: Instruction[] }>> = {
  block: { open: [['block']], close: ['end'] },
  loop: { open: [['loop']], close: ['end'] },
  if: { open: [['local.get', 0], ['if']], close: ['end'] },
  'if with else': { open: [['local.get', 0], ['if']], close: ['else', 'nop', 'end'] },
  try: { open: [['try']], close: ['catch_all', 'end'] },
  try_table: { open: [['block'], ['try_table', '', ['catch_all', 0]]], close: ['end', 'end'] },
};

describe.each(Object.entries(NESTS))(`${DEPTH} nested: %s`, (_name, { open, close }) => {
  it.each(both)('%o', (options) => {
    const exports = run((m) => {
      const depth = DEPTH * open.filter((item) => Array.isArray(item) && item[0] !== 'local.get').length;
      const inner: Instruction[] = [['local.get', 0], ['i32.const', 2], 'i32.eq', ['br_if', depth - 1]];
      const body = [
        repeated(DEPTH, open),
        ...inner,
        ['i32.const', 9],
        ['local.set', 1],
        repeated(DEPTH, close),
      ] as const;
      m.func('i32 -> i32', [...body, ['local.get', 1]], { export: 'f', locals: ['i32'] });
    }, options);
    expect(exports.f(1)).toBe(9);
    if (_name !== 'loop') expect(exports.f(2)).toBe(0);
    expect(exports.f(0)).toBe(_name.startsWith('if') ? 0 : 9);
  });
});

describe.each(both)('%o', (options) => {
  it('20,000 operands deep, on either side', () => {
    const size = 20_000;
    const exports = run((m) => {
      m.func('i32 -> i32', [repeated(size, [['local.get', 0]]), repeated(size - 1, ['i32.add'])], {
        export: 'right',
      });
      m.func('i32 -> i32', [['local.get', 0], repeated(size - 1, [['local.get', 0], 'i32.add'])], {
        export: 'left',
      });
      m.func('i64 -> i64', [repeated(size, [['local.get', 0]]), repeated(size - 1, ['i64.add'])], {
        export: 'wide',
      });
    }, options);
    expect(exports.right(3)).toBe(3 * size);
    expect(exports.left(3)).toBe(3 * size);
    expect(exports.wide(3n)).toBe(3n * BigInt(size));
  });

  it('a chain of 5,000 selects and of 5,000 ifs as operands', () => {
    const size = 5000;
    const exports = run((m) => {
      const select: Instruction[] = [
        ['local.get', 0],
        ['i32.const', 1],
        'i32.add',
        ['local.get', 0],
        ['local.get', 0],
        'select',
      ];
      m.func('i32 -> i32', [['i32.const', 0], repeated(size, [...select, 'i32.add'])], { export: 'select' });
      const branch: Instruction[] = [
        ['local.get', 0],
        ['if', 'i32'],
        ['i32.const', 2],
        'else',
        ['i32.const', 3],
        'end',
        'i32.add',
      ];
      m.func('i32 -> i32', [['i32.const', 0], repeated(size, branch)], { export: 'if' });
    }, options);
    expect(exports.select(1)).toBe(2 * size);
    expect(exports.if(1)).toBe(2 * size);
    expect(exports.if(0)).toBe(3 * size);
  });

  it('1,000 locals of every type', () => {
    const types = ['i32', 'i64', 'f32', 'f64'];
    const locals = Array.from({ length: 1000 }, (_, i) => types[i % 4]!);
    const exports = run((m) => {
      const set = locals.flatMap((type, i): Instruction[] => [
        [`${type}.const`, i],
        ['local.set', i],
      ]);
      const converted: Record<string, Instruction[]> = {
        i32: [],
        i64: ['i32.wrap_i64'],
        f32: ['i32.trunc_f32_s'],
        f64: ['i32.trunc_f64_s'],
      };
      const sum = locals.flatMap((type, i): Instruction[] => [
        ['local.get', i],
        ...converted[type]!,
        'i32.add',
      ]);
      m.func('-> i32', [...set, ['i32.const', 0], ...sum], { export: 'f', locals });
    }, options);
    expect(exports.f()).toBe(499_500);
  });

  it('1,000 parameters and 1,000 results', () => {
    const types = Array.from({ length: 1000 }, (_, i) => ['i32', 'i64', 'f64', 'f32'][i % 4]!);
    const text = `${types.join(' ')} -> ${[...types].reverse().join(' ')}`;
    const backwards = types.map((_, i): Instruction => ['local.get', types.length - 1 - i]);
    const exports = run((m) => {
      const inner = m.func(text, backwards, { export: 'inner' });
      const again = `${[...types].reverse().join(' ')} -> ${types.join(' ')}`;
      const forwards = types.map((_, i): Instruction => ['local.get', i]);
      m.func(`${types.join(' ')} -> ${[...types].reverse().join(' ')}`, [...forwards, ['call', inner]], {
        export: 'f',
      });
      m.type(again);
    }, options);
    const args = types.map((type, i) => (type === 'i64' ? BigInt(i) : i));
    expect(exports.inner(...args)).toEqual([...args].reverse());
    expect(exports.f(...args)).toEqual([...args].reverse());
  });

  it('a br_table of 10,000 targets', () => {
    const targets = Array.from({ length: 10_000 }, (_, i) => i % 3);
    const exports = run((m) => {
      const arm = (value: number): Instruction[] => ['end', ['i32.const', value], 'return'];
      const table: Instruction = ['br_table', ...targets, 2];
      m.func(
        'i32 -> i32',
        [
          ['block'],
          ['block'],
          ['block'],
          ['local.get', 0],
          table,
          ...arm(10),
          ...arm(11),
          'end',
          ['i32.const', 12],
        ],
        {
          export: 'f',
        },
      );
    }, options);
    expect([0, 1, 2, 3, 9999, 10_000, -1].map((i) => exports.f(i))).toEqual([10, 11, 12, 10, 10, 12, 12]);
  });

  it('a br_table over 2,000 different blocks', () => {
    const size = 2000;
    const exports = run((m) => {
      const arms = Array.from({ length: size }, (_, i): Instruction[] => [
        'end',
        ['local.get', 1],
        ['i32.const', i],
        'i32.add',
        ['local.set', 1],
      ]);
      const targets = Array.from({ length: size }, (_, i) => i);
      m.func(
        'i32 -> i32',
        [
          repeated(size, [['block']]),
          ['local.get', 0],
          ['br_table', ...targets, size - 1],
          ...arms.flat(),
          ['local.get', 1],
        ],
        {
          export: 'f',
          locals: ['i32'],
        },
      );
    }, options);
    const sumFrom = (i: number): number => (size * (size - 1)) / 2 - (i * (i - 1)) / 2;
    expect([0, 1, 1000, size - 1, size].map((i) => exports.f(i))).toEqual(
      [0, 1, 1000, size - 1, size - 1].map(sumFrom),
    );
  });

  it('10,000 functions, each calling the one before', () => {
    const exports = run((m) => {
      m.func('i32 -> i32', [['local.get', 0]]);
      for (let i = 1; i < 10_000; i++) {
        const call: Instruction[] = i % 100 === 0 ? [] : [['call', i - 1]];
        m.func('i32 -> i32', [['local.get', 0], ['i32.const', 1], 'i32.add', ...call]);
      }
      m.export('f', 'func', 9999);
    }, options);
    expect(exports.f(0)).toBe(100);
  });
});

/** Everything that could end a string, a comment, a template or a line. */
const NASTY = '"\'`\\${}*/ //<!-- -->\u2028\u2029\n\r\0\u{1f600}\ud7ff</script>__proto__ constructor';
const LONG = NASTY.repeat(Math.ceil(50_000 / NASTY.length)).slice(0, 50_000);

describe.each([
  ['a nasty name', NASTY],
  ['a name of 50,000 characters', LONG],
  ['__proto__', '__proto__'],
  ['the empty name', ''],
  ['a name that is JavaScript', '); throw new Error("run"); ('],
  ['a byte order mark', '\ufeffname'],
])('%s', (_title, name) => {
  it('of a function, an export and an import', () => {
    const imports = JSON.parse('{}') as Record<string, unknown>;
    Object.defineProperty(imports, name, { value: Object.create(null), enumerable: true });
    Object.defineProperty(imports[name], name, { value: (x: number) => x * 2, enumerable: true });
    const m = new ModuleBuilder();
    const imported = m.importFunc(name, name, 'i32 -> i32');
    m.nameFunc(imported, name);
    const f = m.func('i32 -> i32', [['local.get', 0], ['call', imported], ['i32.const', 1], 'i32.add'], {
      name,
    });
    const trap = m.func('', ['unreachable'], { name, export: 'trap' });
    m.export(name, 'func', f).export(`${name}.`, 'func', trap).custom(name, new Uint8Array(3));
    const runtime = new Runtime();
    const module = runtime.compileSync(m.build());
    const { exports } = runtime.instantiateSync(module, imports as never) as { exports: Exports };
    expect(exports[name](20)).toBe(41);
    expect(Object.keys(exports)).toContain(name);
    expect(module.imports[0]).toMatchObject({ module: name, name });
    expect(module.customSections(name)).toHaveLength(1);
    expect(trapOf(() => exports.trap()).wasmStack[0]?.functionName).toBe(name);
  });

  it('in the message of a missing import: one line, of bounded length', () => {
    const m = new ModuleBuilder();
    m.importFunc(name, name, '');
    expect(() => new Runtime().instantiateSync(m.build(), {})).toThrow(
      /^(unknown import|incompatible import type for) [^\n\r\u2028\u2029]{1,900}$/,
    );
  });
});
