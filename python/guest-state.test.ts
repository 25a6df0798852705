/** The portable form of variables: what travels, what is left out by name, and that damaged bytes are refused. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needing, PYODIDE } from '../test/e2e-runtimes.ts';
import { TestGuest } from '../test/support/python-guest.ts';

const TITLE = needing(PYODIDE, 'pyodide', 'the guest');
describe.skipIf(PYODIDE === undefined)(TITLE, { timeout: 120_000 }, () => {
  let python: TestGuest;
  beforeAll(() => {
    python = new TestGuest(PYODIDE!);
  });
  afterAll(() => python?.close());
  beforeEach(() => python.clear(), 120_000);

  const run = async (code: string) => {
    const { outcome } = await python.run(code);
    if (!outcome.ok) throw new Error(outcome.error.traceback);
    return JSON.parse(outcome.resultJson ?? 'null') as unknown;
  };
  /** Variables made by one program, looked at by another in a namespace that was cleared. */
  const travel = async (make: string, look: string) => {
    await run(make);
    const { bytes, skipped } = await python.saveState();
    await python.clear();
    await python.loadState(bytes);
    return { value: await run(look), skipped };
  };

  test.each<[string, string, string, unknown]>([
    [
      'plain values',
      'x = 10; y = [1, {"a": (2, None)}]; z = None',
      'result = [x, y, z]',
      [10, [1, { a: [2, null] }], null],
    ],
    [
      'what is shared stays shared',
      'a = []; b = a; c = [a]',
      'b.append(1)\nresult = [a, c, a is c[0]]',
      [[1], [[1]], true],
    ],
    [
      'functions, with the variables they use',
      'k = 2\ndef g(n): return n * k\ndef f(n=3, *, z=1): return g(n) + z',
      'k = 10\nresult = [f(), f(1, z=0)]',
      [31, 10],
    ],
    ['lambdas', 'double = lambda n: n * 2', 'result = double(4)', 8],
    [
      'closures and their cells',
      'def outer():\n  c = 0\n  def inc():\n    nonlocal c\n    c += 1\n    return c\n  return inc\ni = outer(); i()',
      'result = [i(), i(), outer()()]',
      [2, 3, 1],
    ],
    ['recursion', 'def fact(n): return 1 if n < 2 else n * fact(n - 1)', 'result = fact(5)', 120],
    [
      'modules that functions use',
      'import math as m, json\ndef area(r): return m.floor(m.pi * r)',
      'result = [area(2), "json" in globals()]',
      [6, false],
    ],
    [
      'classes and instances',
      'class A:\n  kind = 1\n  def __init__(s, v): s.v = v\n  def me(s): return s.v\nclass B(A):\n  def me(s): return super().me() + 1\nb = B(4)',
      'result = [b.me(), isinstance(b, B), isinstance(b, A), B(1).me(), type(b) is B]',
      [5, true, true, 2, true],
    ],
    [
      'properties, class and static methods',
      'class P:\n  @property\n  def p(s): return 1\n  @classmethod\n  def c(cls): return cls.__name__\n  @staticmethod\n  def s(): return 3',
      'result = [P().p, P.c(), P.s()]',
      [1, 'P', 3],
    ],
    [
      'dataclasses',
      'import dataclasses\n@dataclasses.dataclass(order=True)\nclass D:\n  a: int\n  b: list = dataclasses.field(default_factory=list)\nd = D(1)',
      'import dataclasses\nresult = [d == D(1), dataclasses.asdict(D(2, [3])), D(1) < D(2)]',
      [true, { a: 2, b: [3] }, true],
    ],
    [
      'slots',
      'import dataclasses\nclass S:\n  __slots__ = ("u", "w")\n  def __init__(s): s.u = 1\ns = S()\n@dataclasses.dataclass(slots=True, frozen=True)\nclass F: a: int\nf = F(7)',
      'result = [s.u, hasattr(s, "__dict__"), f == F(7), hasattr(f, "__dict__")]',
      [1, false, true, false],
    ],
    [
      'enums',
      'import enum\nclass C(enum.Enum):\n  R = 1\n  G = 2\n  def low(s): return s.name.lower()\nc = C.G\nclass F(enum.IntFlag):\n  A = 1\n  B = 2\nf = F.A | F.B',
      'result = [c is C.G, C(1).low(), c.value, f == 3, f is F(3)]',
      [true, 'r', 2, true, true],
    ],
    [
      'named tuples',
      'import collections, typing\nN = collections.namedtuple("N", "q w")\nn = N(1, 2)\nclass T(typing.NamedTuple):\n  i: int\n  j: str = "z"\nt = T(3)',
      'result = [n.w, type(n) is N, t.j, T(1, j="y")]',
      [2, true, 'z', [1, 'y']],
    ],
    [
      'abstract and generic classes',
      'import abc, typing\nclass A(abc.ABC):\n  @abc.abstractmethod\n  def m(s): ...\nT = typing.TypeVar("T")\nclass G(typing.Generic[T]):\n  def g(s, v: T) -> T: return v',
      'try:\n  A()\n  result = 1\nexcept TypeError: result = [G[int]().g(3)]',
      [3],
    ],
    [
      'typed dicts, aliases, type parameters',
      'import typing\nclass D(typing.TypedDict):\n  a: int\nd: D = {"a": 1}\ntype L = list[int]\ndef f[U](v: U) -> U: return v',
      'result = [D(a=2), d, f(3), str(L.__value__)]',
      [{ a: 2 }, { a: 1 }, 3, 'list[int]'],
    ],
    [
      'metaclasses',
      'class M(type):\n  def __new__(m, n, b, ns):\n    ns["made"] = True\n    return super().__new__(m, n, b, ns)\nclass W(metaclass=M): pass',
      'result = [W.made, type(W) is M]',
      [true, true],
    ],
    [
      'exceptions',
      'class E(Exception):\n  def __init__(s, code):\n    super().__init__(code)\n    s.code = code\ne = E(4)',
      'result = [e.code, isinstance(e, E)]',
      [4, true],
    ],
    [
      'caches, partials, coroutine functions',
      'import functools\n@functools.lru_cache(maxsize=9)\ndef c(n): return n + 1\np = functools.partial(c, 1)\nasync def a(): return 5',
      'result = [c(1), c.cache_info().maxsize, p(), await a()]',
      [2, 9, 2, 5],
    ],
    [
      'annotations',
      'class X: pass\ndef f(a: X, b: "int" = 1) -> None: ...',
      'result = [f.__annotations__["a"] is X, sorted(f.__annotations__)]',
      [true, ['a', 'b', 'return']],
    ],
    [
      'standard types',
      'import datetime, decimal, collections, pathlib, re\nd = datetime.date(2025, 1, 2); e = decimal.Decimal("1.5"); c = collections.Counter("aab"); p = pathlib.PurePath("/x"); r = re.compile("a+")',
      'result = [str(d), str(e), c["a"], str(p), r.match("aa").end()]',
      ['2025-01-02', '1.5', 2, '/x', 2],
    ],
  ])('%s', async (_, make, look, expected) => {
    expect((await travel(make, look)).value).toEqual(expected);
  });

  test('what cannot travel is left out, by name and reason', async () => {
    const make = `
import os
kept = 1
generator = (n for n in range(3))
file = open("/dev/null")
async def f(): pass
coroutine = f()
nested = [1, generator]
coroutine.close()`;
    const { value, skipped } = await travel(
      make,
      'result = [kept, "generator" in globals(), "os" in globals()]',
    );
    expect(value).toEqual([1, false, false]);
    expect(Object.fromEntries(skipped.map(({ name, reason }) => [name, reason]))).toEqual({
      os: 'module',
      generator: "TypeError: cannot pickle 'generator' object",
      file: "TypeError: cannot pickle 'TextIOWrapper' instances",
      coroutine: "TypeError: cannot pickle 'coroutine' object",
      nested: expect.stringContaining("cannot pickle 'generator' object"),
    });
  });

  test('what would not arrive is left out, too', async () => {
    const make = 'class Once:\n  def __reduce__(self): return (int, ("no number",))\nbad = Once(); good = 1';
    const { value, skipped } = await travel(make, 'result = [good, "bad" in globals()]');
    expect(value).toEqual([1, false]);
    expect(skipped.map(({ name }) => name)).toEqual(['bad']);
  });

  test('merges into what is there', async () => {
    await run('x = 10; y = 1');
    const { bytes, names } = await python.saveState();
    expect(names).toEqual(['x', 'y']);
    await run('x = 999; z = 3');
    await python.loadState(bytes);
    expect(await run('result = [x, y, z]')).toEqual([10, 1, 3]);
  });

  test('arrives in another interpreter', async () => {
    await run('def f(n): return helper(n) + 1\ndef helper(n): return n * 2');
    const { bytes } = await python.saveState();
    const other = new TestGuest(PYODIDE!);
    await other.loadState(bytes);
    expect((await other.run('result = f(4)')).outcome).toMatchObject({ resultJson: '9' });
    await other.close();
  });

  test('host functions stay behind', async () => {
    const functions = { echo: { fn: 'echo' as const } };
    await python.run('held = [echo]; x = 1', functions);
    const { names, skipped } = await python.saveState();
    expect(names).toEqual(['x']);
    expect(skipped).toEqual([{ name: 'held', reason: expect.stringContaining('a callback of the host') }]);
  });

  test('has a limit', async () => {
    await run('big = b"x" * 11_000_000');
    await expect(python.saveState()).rejects.toThrow('the state is larger than 10485760 bytes');
    expect((await python.saveState(20_000_000)).bytes.length).toBeGreaterThan(11_000_000);
  });

  test('damaged bytes are refused', async () => {
    await run('x = 1');
    const { bytes } = await python.saveState();
    const changed = bytes.slice();
    changed[changed.length - 3]! ^= 1;
    const newer = new TextEncoder().encode(
      new TextDecoder('latin1').decode(bytes).replace('"version": 1', '"version": 9'),
    );
    await expect(python.loadState(new Uint8Array())).rejects.toThrow('not a saved state');
    await expect(python.loadState(bytes.slice(0, -1))).rejects.toThrow('damaged state');
    await expect(python.loadState(bytes.slice(0, 20))).rejects.toThrow('damaged state');
    await expect(python.loadState(changed)).rejects.toThrow('damaged state: its checksum is wrong');
    await expect(python.loadState(newer)).rejects.toThrow('format version 9');
    expect(await run('result = x')).toBe(1);
  });
});
