/**
 * Programs with garbage-collected objects: our own (`fixtures/gc`), and Dart's formatter as a Dart compiler made
 * it. What they do is what they do under native WebAssembly, in every shape of code.
 *
 * Node 20 has no garbage collection: what Node 26 did is written down (`fixtures/gc/build.ts`).
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SPLIT_ALL } from '../compiler/emit/outline.ts';
import { type Exports, type Module, Runtime, Trap } from '../src/index.ts';
import { DART_FORMATTER, needing } from './e2e-runtimes.ts';
import { outcomes, PROGRAMS } from './fixtures/gc/programs.ts';
import { native } from './support/native.ts';

const SHAPES: Readonly<Record<string, ConstructorParameters<typeof Runtime>>> = {
  metered: [],
  unmetered: [{ metering: false }],
  limited: [{ fuel: 10n ** 12n, limits: { callDepth: 5000, gcBytes: 10 ** 9 } }],
  split: [{}, { outline: SPLIT_ALL }],
};
const MESSAGES: Readonly<Record<string, string>> = {
  'linked-list': 'null structure reference',
  'hash-map': 'out of bounds array access',
  closures: 'cast failure',
  vectors: 'null structure reference',
};

const file = (name: string) => readFileSync(new URL(`fixtures/gc/${name}`, import.meta.url));
const expected = JSON.parse(file('expected.json').toString()) as Record<string, unknown>;

describe.each(PROGRAMS)('%s', (name) => {
  const bytes = file(`${name}.wasm`);

  // Where the host has the feature: Node 20 lacks garbage collection.
  it.skipIf(!native.validate(bytes))('native', () => {
    const { exports } = new native.Instance(new native.Module(bytes));
    expect(outcomes(exports as Exports)).toEqual(expected[name]);
  });

  for (const [shape, options] of Object.entries(SHAPES)) {
    it(shape, () => {
      const { exports } = new Runtime(...options).instantiateSync(bytes);
      expect(outcomes(exports)).toEqual(expected[name]);
      expect(() => exports.trap()).toThrow(Trap);
      expect(() => exports.trap()).toThrow(MESSAGES[name]);
    });
  }
});

it('fuel does not depend on the shape of code', () => {
  const consumed = Object.values(SHAPES)
    .filter(([options]) => options?.metering !== false)
    .map(([options, shape]) => {
      const runtime = new Runtime(options, shape);
      for (const name of PROGRAMS) outcomes(runtime.instantiateSync(file(`${name}.wasm`)).exports);
      return runtime.fuel.consumed;
    });
  expect(new Set(consumed).size).toBe(1);
});

const SOURCE = `import 'dart:math'; class Point<T extends num>{final T x,y;const Point(this.x,this.y);
double get length=>sqrt(x*x+y*y);@override String toString()=>'($x, $y)';}
Future<void> main()async{ for(final p in [for(var i=0;i<3;i++) Point(i,i*i)]){ if(p.length>1){print('far');}else print(p);}
final r=switch(Point(0,1)){Point(x:0,y:final y) when y>0=>'a',Point(:var x)=>'b$x'}; print(r);}`;

const FORMATTED = `import 'dart:math';

class Point<T extends num> {
  final T x, y;
  const Point(this.x, this.y);
  double get length => sqrt(x * x + y * y);
  @override
  String toString() => '($x, $y)';
}

Future<void> main() async {
  for (final p in [for (var i = 0; i < 3; i++) Point(i, i * i)]) {
    if (p.length > 1) {
      print('far');
    } else
      print(p);
  }
  final r = switch (Point(0, 1)) {
    Point(x: 0, y: final y) when y > 0 => 'a',
    Point(:var x) => 'b$x',
  };
  print(r);
}
`;

interface Glue {
  initSync(module: unknown): unknown;
  formatWrapper(app: unknown, source: string): string;
}

/** The formatter's own glue, which asks a global `WebAssembly` for an instance. */
async function formatter(runtime: Runtime, path: string): Promise<(source: string) => string> {
  const glue = (await import(pathToFileURL(join(dirname(path), 'dart_fmt.mjs')).href)) as Glue;
  const ours = {
    Instance: function instantiate(module: Module, imports: never) {
      return { exports: runtime.instantiateSync(module, imports).exports };
    },
  };
  const global = globalThis as { WebAssembly?: unknown };
  const { WebAssembly: theirs } = global;
  global.WebAssembly = ours;
  try {
    const app = glue.initSync(runtime.compileSync(readFileSync(path)));
    return (source) => glue.formatWrapper(app, source);
  } finally {
    global.WebAssembly = theirs;
  }
}

const title = needing(DART_FORMATTER, 'dart', "Dart's formatter");
describe.skipIf(DART_FORMATTER === undefined)(title, { timeout: 120_000 }, () => {
  it.each(['metered', 'unmetered'])('%s', async (shape) => {
    const format = await formatter(new Runtime(...SHAPES[shape]!), DART_FORMATTER!);
    expect(format(SOURCE)).toBe(FORMATTED);
    expect(format(FORMATTED)).toBe(FORMATTED);
    // Dart's exceptions are WebAssembly's.
    expect(() => format('class {')).toThrow(/line 1, column 7/);
  });
});
