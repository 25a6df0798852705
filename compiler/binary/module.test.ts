import { describe, expect, test } from 'vitest';
import { CompileError } from '../../runtime/errors.ts';
import { DEFAULT_LIMITS, resolveLimits } from '../../runtime/limits.ts';
import { EXTERNREF, FUNCREF } from '../../runtime/types.ts';
import { type Bytes, bytes, name, unsigned, vector } from '../../test/support/leb.ts';
import { MAGIC, ModuleBuilder, section } from '../../test/support/wasm-builder.ts';
import { decodeModule } from './module.ts';
import { readLocalNames } from './names.ts';

const decode = (...parts: readonly Bytes[]) => decodeModule(bytes(MAGIC, ...parts), DEFAULT_LIMITS);
const raw = (...parts: readonly Bytes[]) => decodeModule(bytes(...parts), DEFAULT_LIMITS);
const text = (source: string) => new TextEncoder().encode(source);

/** Sections to start from: one type [] -> [], one function, its body. */
const TYPE = section(1, vector([[0x60, 0, 0]]));
const FUNCTION = section(3, vector([0]));
const CODE = section(10, vector([[2, 0, 0x0b]]));
const TABLE = section(4, vector([[0x70, 0, 1]]));
const MEMORY = section(5, vector([[0, 1]]));
const ZERO = [0x41, 0, 0x0b];
const STRUCT = (...fields: readonly Bytes[]): Bytes => [0x5f, vector(fields)];
const OPEN_STRUCT = (...fields: readonly Bytes[]): Bytes => [0x50, vector([]), STRUCT(...fields)];
/** Types that each extend the one before. */
const CHAIN = (length: number): Bytes[] =>
  Array.from({ length }, (_, i) => [0x50, vector(i === 0 ? [] : [unsigned(i - 1)]), STRUCT()]);

describe('malformed modules are refused in the words of the specification', () => {
  test.each<[string, () => unknown]>([
    ['unexpected end: the file is empty (offset 0x0)', () => raw()],
    ['unexpected end (offset 0x3)', () => raw(0, 0x61, 0x73)],
    ['magic header not detected: this is a text file', () => raw(text('(module (func))'))],
    ['magic header not detected: not a WebAssembly module', () => raw(0x7f, text('ELF\x02\x01\x01'))],
    ['unknown binary version 13 (offset 0x4)', () => raw(0, text('asm'), 13, 0, 0, 0)],
    ['malformed section id 14 (offset 0x8)', () => decode(14, 1, 0)],
    ['length out of bounds (offset 0x9)', () => decode(1, 7, 0)],
    ['unexpected end', () => decode(1)],
    ['section size mismatch: the type section has 1 bytes too many', () => decode(section(1, 0, 0))],
    ['unexpected end of section or function', () => decode(section(1, 2, 0x60, 0, 0))],
    ['unexpected content after last section: type section, a second one', () => decode(TYPE, TYPE)],
    [
      'unexpected content after last section: type section, after the memory section',
      () => decode(MEMORY, TYPE),
    ],
    ['malformed UTF-8 encoding', () => decode(section(0, 1, 0xff))],
    [
      'function and code section have inconsistent lengths: 1 functions, 0 bodies',
      () => decode(TYPE, FUNCTION),
    ],
    ['function and code section have inconsistent lengths: 0 functions, 1 bodies', () => decode(CODE)],
    ['data count and data section have inconsistent lengths', () => decode(section(12, 1))],
    ['malformed import kind', () => decode(section(2, vector([[0, 0, 5]])))],
    ['malformed export kind', () => decode(section(7, vector([[0, 9, 0]])))],
    ['malformed mutability', () => decode(section(6, vector([[0x7f, 2, ZERO]])))],
    ['malformed value type', () => decode(section(6, vector([[0x40, 0, ZERO]])))],
    ['malformed reference type', () => decode(section(4, vector([[0x7f, 0, 1]])))],
    ['malformed definition type', () => decode(section(1, vector([[0x40]])))],
    ['integer representation too long', () => decode(section(1, vector([[0xe0, 0x7f, 0, 0]])))],
    ['malformed limits flags', () => decode(section(5, vector([[16, 0]])))],
    ['malformed limits flags', () => decode(section(4, vector([[0x70, 2, 0]])))],
    ['malformed elements segment kind', () => decode(section(9, vector([[8]])))],
    ['malformed element kind', () => decode(section(9, vector([[1, 1, 0]])))],
    ['malformed data segment kind', () => decode(section(11, vector([[3]])))],
    ['malformed tag attribute', () => decode(TYPE, section(13, vector([[1, 0]])))],
    ['illegal opcode f3', () => decode(section(9, vector([[5, 0x70, 1, 0xf3]])))],
    ['illegal opcode fc ffff', () => decode(section(6, vector([[0x7f, 0, 0xfc, unsigned(0xffff)]])))],
    ['zero byte expected', () => decode(section(4, vector([[0x40, 1, 0x70, 0, 0]])))],
  ])('%s', (message, run) => {
    expect(run).toThrow(CompileError);
    expect(run).toThrow(message);
  });
});

describe('invalid modules', () => {
  const GLOBAL = (...init: number[]) => section(6, vector([[0x7f, 0, init, 0x0b]]));
  test.each<[string, () => unknown]>([
    ['unknown type 3', () => decode(TYPE, section(3, vector([3])))],
    ['unknown function 1', () => decode(TYPE, section(7, vector([[0, 0, 1]])))],
    ['unknown memory 0', () => decode(section(7, vector([[0, 2, 0]])))],
    ['unknown tag 0', () => decode(section(7, vector([[0, 4, 0]])))],
    [
      'duplicate export name "a"',
      () =>
        decode(
          MEMORY,
          section(
            7,
            vector([
              [name('a'), 2, 0],
              [name('a'), 2, 0],
            ]),
          ),
        ),
    ],
    ['size minimum must not be greater than maximum: 2 > 1', () => decode(section(5, vector([[1, 2, 1]])))],
    [
      'memory size must be at most 65536 pages (4GiB)',
      () => decode(section(5, vector([[0, unsigned(65537)]]))),
    ],
    ['table size must be at most 2^32-1', () => decode(section(4, vector([[0x70, 0, unsigned(2n ** 32n)]])))],
    ['type mismatch: constant expression expected [i32], found []', () => decode(GLOBAL())],
    ['type mismatch: constant expression expected [i32], found [i64]', () => decode(GLOBAL(0x42, 0))],
    [
      'type mismatch: constant expression expected [i32], found [i32 i32]',
      () => decode(GLOBAL(0x41, 0, 0x41, 0)),
    ],
    ['type mismatch: i32.add expected [i32 i32], found [i32]', () => decode(GLOBAL(0x41, 0, 0x6a))],
    ['constant expression required: i32.eqz', () => decode(GLOBAL(0x41, 0, 0x45))],
    ['constant expression required: nop', () => decode(GLOBAL(0x01))],
    ['unknown global 0', () => decode(GLOBAL(0x23, 0))],
    [
      'constant expression required: global 0 is mutable',
      () =>
        decode(
          section(
            6,
            vector([
              [0x7f, 1, ZERO],
              [0x7f, 0, 0x23, 0, 0x0b],
            ]),
          ),
        ),
    ],
    ['unknown function 0', () => decode(section(8, 0))],
    [
      'start function must have type [] -> []',
      () => decode(section(1, vector([[0x60, 1, 0x7f, 0]])), FUNCTION, section(8, 0), CODE),
    ],
    [
      'non-empty tag result type',
      () => decode(section(1, vector([[0x60, 0, 1, 0x7f]])), section(13, vector([[0, 0]]))),
    ],
    ['unknown table 0', () => decode(section(9, vector([[0, ZERO, 0]])))],
    ['unknown memory 1', () => decode(MEMORY, section(11, vector([[2, 1, ZERO, 0]])))],
    [
      'type mismatch: element segment of externref, table 0 of funcref',
      () => decode(TABLE, section(9, vector([[6, 0, ZERO, 0x6f, 0]]))),
    ],
    ['unknown type 1', () => decode(section(1, vector([[0x5e, 0x63, 1, 0]])))],
    ['unknown type 0', () => decode(section(1, vector([[0x50, vector([0]), 0x60, 0, 0]])))],
    [
      'sub type 1 extends type 0, which is final',
      () => decode(section(1, vector([STRUCT(), [0x50, vector([0]), STRUCT()]]))),
    ],
    [
      'sub type 1 does not match its supertype 0',
      () => decode(section(1, vector([OPEN_STRUCT([0x7f, 0]), [0x50, vector([0]), STRUCT([0x7e, 0])]]))),
    ],
    [
      'sub type 2 has more than one supertype',
      () => decode(section(1, vector([OPEN_STRUCT(), OPEN_STRUCT(), [0x50, vector([0, 1]), STRUCT()]]))),
    ],
    ['sub type 64 is 64 levels deep, the limit is 63', () => decode(section(1, vector(CHAIN(65))))],
    [
      'too many fields: 10001, the limit is 10000',
      () => decode(section(1, vector([STRUCT(...new Array<Bytes>(10_001).fill([0x7f, 0]))]))),
    ],
    [
      'type mismatch: type 0 is a struct type, expected a function type',
      () => decode(section(1, vector([STRUCT()])), FUNCTION, CODE),
    ],
    [
      'type mismatch: a table of (ref func) needs an initial value',
      () => decode(section(4, vector([[0x64, 0x70, 0, 1]]))),
    ],
    [
      'too many parameters: 1001, the limit is 1000',
      () => decode(section(1, vector([[0x60, vector(new Array<number>(1001).fill(0x7f)), 0]]))),
    ],
  ])('%s', (message, run) => {
    expect(run).toThrow(CompileError);
    expect(run).toThrow(message);
  });
});

describe('types', () => {
  test('a recursion group of one plain function type is an ordinary type', () => {
    const grouped = decode(section(1, vector([[0x4e, vector([[0x4f, 0, 0x60, 0, 0]])]])));
    expect(grouped.types).toEqual(decode(TYPE).types);
  });
  test('the long spellings of funcref, externref and exnref are the same types', () => {
    const short = decode(
      section(
        4,
        vector([
          [0x70, 0, 0],
          [0x6f, 0, 0],
          [0x69, 0, 0],
        ]),
      ),
    );
    const long = decode(
      section(
        4,
        vector([
          [0x63, 0x70, 0, 0],
          [0x63, 0x6f, 0, 0],
          [0x63, 0x69, 0, 0],
        ]),
      ),
    );
    expect(long.tables).toEqual(short.tables);
  });
});

describe('limits and lies', () => {
  const lie = unsigned(2 ** 32 - 1);
  test.each<[string, readonly Bytes[]]>([
    ['function', [TYPE, section(3, lie, 0, 0, 0)]],
    ['type', [section(1, lie, 0x60, 0, 0)]],
    ['import', [section(2, lie)]],
    ['element', [section(9, 1, 1, 0, lie)]],
    ['code', [TYPE, FUNCTION, section(10, lie)]],
    ['parameter', [section(1, 1, 0x60, lie, 0x7f)]],
  ])('2^32 - 1 entries in a %s list fail at once', (_, sections) => {
    expect(() => decode(...sections)).toThrow('unexpected end of section or function');
  });

  const small = resolveLimits({ functions: 1, moduleBytes: 60, functionBytes: 2 });
  const limited = (...parts: readonly Bytes[]) => decodeModule(bytes(MAGIC, ...parts), small);
  test.each<[string, readonly Bytes[]]>([
    ['too many functions: the limit is 1', [TYPE, section(3, vector([0, 0]))]],
    ['function body of 3 bytes: the limit is 2', [TYPE, FUNCTION, section(10, vector([[3, 0, 1, 0x0b]]))]],
    ['module of 69 bytes: the limit is 60', [section(0, new Uint8Array(59))]],
  ])('%s', (message, sections) => {
    expect(() => limited(...sections)).toThrow(message);
  });
});

/** Every form of every section that we support. */
function everything(): Uint8Array {
  const m = new ModuleBuilder();
  m.importFunc('env', 'f', 'i32 -> i32');
  m.importTable('env', 't', 'funcref', 1, 2);
  m.importMemory('env', 'm', 1, 2);
  m.importGlobal('env', 'g', 'i32');
  m.importTag('env', 'e', 'i32 ->');
  const f = m.func('->', [], { export: 'run', name: 'run it' });
  const table = m.table('externref', 3);
  const memory = m.memory(0, 4, 'memory');
  m.tag('i64 f64 ->', 'tag');
  m.global('i32', false, [['global.get', 0], ['i32.const', 2], 'i32.mul'], 'sum');
  m.global('f64', true, [['f64.const', -0]]);
  m.global('funcref', false, [['ref.func', f]]);
  m.elements([0, f], { offset: 0 });
  m.elements([f]);
  m.elements([f], { declarative: true });
  m.elementExpressions('externref', [[['ref.null', 'extern']]], {
    index: table,
    offset: [['global.get', 1]],
  });
  m.elementExpressions('funcref', [[['ref.func', f]], [['ref.null', 'func']]]);
  m.elementExpressions('exnref', [], { declarative: true });
  m.data('zero', { offset: 0 });
  m.data('one', { index: memory, offset: [['i32.const', 1]] });
  m.data('passive');
  m.start(f);
  m.custom('mine', Uint8Array.of(1, 2, 3));
  return m.build();
}

describe('a module with everything', () => {
  const module = decodeModule(everything(), DEFAULT_LIMITS);

  test('index spaces hold imports first', () => {
    expect(module.imports.map(({ module, name, type }) => `${module}.${name} ${type.kind}`)).toEqual([
      'env.f func',
      'env.t table',
      'env.m memory',
      'env.g global',
      'env.e tag',
    ]);
    expect(module.functions).toHaveLength(2);
    expect(module.tables.map(({ element }) => element)).toEqual([FUNCREF, EXTERNREF]);
    expect(module.memories.map(({ min, max }) => [min, max])).toEqual([
      [1, 2],
      [0, 4],
    ]);
    expect(module.globals.map(({ type }) => type)).toEqual(['i32', 'i32', 'f64', FUNCREF]);
    expect(module.tags).toHaveLength(2);
    expect(module).toMatchObject({
      importedFunctions: 1,
      importedTables: 1,
      importedMemories: 1,
      importedGlobals: 1,
      importedTags: 1,
      start: 1,
      dataCount: 3,
    });
  });
  test('constant expressions', () => {
    expect(module.globalDefinitions[0]!.init).toEqual([
      { op: 'global.get', index: 0 },
      { op: 'i32.const', value: 2 },
      { op: 'i32.mul' },
    ]);
    expect(module.globalDefinitions[1]!.init).toEqual([{ op: 'f64.const', bits: -(2n ** 63n) }]);
  });
  test('segments', () => {
    expect(module.elements.map(({ mode, items }) => `${mode.kind} ${items.length}`)).toEqual([
      'active 2',
      'passive 1',
      'declarative 1',
      'active 1',
      'passive 2',
      'declarative 0',
    ]);
    expect(module.data.map(({ mode, bytes }) => `${mode.kind} ${bytes.length}`)).toEqual([
      'active 4',
      'active 3',
      'passive 7',
    ]);
    expect(module.data[1]!.mode).toMatchObject({ index: 1 });
    expect([...module.declaredFunctions]).toEqual([1, 0]);
  });
  test('exports, names, custom sections', () => {
    expect(module.exports.map(({ name, kind, index }) => `${name} ${kind} ${index}`)).toEqual([
      'run func 1',
      'memory memory 1',
      'tag tag 1',
      'sum global 1',
    ]);
    expect(module.functionNames.get(1)).toBe('run it');
    const mine = module.customSections.find((custom) => custom.name === 'mine')!;
    expect([...module.bytes.subarray(mine.start, mine.end)]).toEqual([1, 2, 3]);
  });
  test('a truncated copy is refused at every length, but where the rest was optional', () => {
    const all = everything();
    const complete = [1, 2, 11, 0];
    const ends = new Set([
      8,
      ...module.sections.filter(({ id }) => complete.includes(id)).map(({ end }) => end),
    ]);
    for (let length = 0; length < all.length; length++) {
      const run = () => decodeModule(all.subarray(0, length), DEFAULT_LIMITS);
      if (ends.has(length)) run();
      else expect(run, `${length} bytes`).toThrow(CompileError);
    }
  });
});

describe('the name section', () => {
  const named = (...subsections: readonly Bytes[]) =>
    decode(TYPE, FUNCTION, CODE, section(0, name('name'), ...subsections));
  const functions = section(1, vector([[0, name('main')]]));

  test('gives the module, functions and locals their names', () => {
    const locals = section(
      2,
      vector([
        [
          0,
          vector([
            [0, name('x')],
            [3, name('y')],
          ]),
        ],
      ]),
    );
    const module = named(section(0, name('app')), functions, locals);
    expect(module.name).toBe('app');
    expect(module.functionNames).toEqual(new Map([[0, 'main']]));
    expect(readLocalNames(module.bytes, module.customSections[0]!, 0)).toEqual(
      new Map([
        [0, 'x'],
        [3, 'y'],
      ]),
    );
    expect(readLocalNames(module.bytes, module.customSections[0]!, 1)).toEqual(new Map());
  });
  test('malformed, it is no error: what was read before the fault counts', () => {
    expect(named(functions, 2, 99).functionNames.get(0)).toBe('main');
    expect(named(section(1, vector([[0, 1, 0xff]])), functions).functionNames.size).toBe(0);
  });
});
