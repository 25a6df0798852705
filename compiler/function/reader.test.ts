import { describe, expect, test } from 'vitest';
import { CompileError } from '../../runtime/errors.ts';
import { DEFAULT_LIMITS, resolveLimits } from '../../runtime/limits.ts';
import { instructions } from '../../test/support/flat-text.ts';
import { bytes, unsigned } from '../../test/support/leb.ts';
import { code, type Instruction, ModuleBuilder } from '../../test/support/wasm-builder.ts';
import { decodeModule } from '../binary/module.ts';
import { validateBodies } from '../validate.ts';
import { readFunction } from './reader.ts';
import type { Sink } from './sink.ts';

/** What a module has besides the function under test, by name. */
const SURROUNDINGS = {
  none: () => {},
  memory: (m) => m.memory(1),
  table: (m) => m.table('funcref', 1),
  'two tables': (m) => {
    m.table('funcref', 1);
    m.table('externref', 1);
  },
  tag: (m) => m.tag('i32 ->'),
  data: (m) => {
    m.memory(1);
    m.data('x');
  },
  'immutable global': (m) => m.global('i32', false, [['i32.const', 0]]),
} as const satisfies Record<string, (m: ModuleBuilder) => unknown>;
type Surroundings = keyof typeof SURROUNDINGS;

interface Shape {
  readonly type?: string;
  readonly locals?: readonly string[];
  readonly among?: Surroundings;
  /** Types with the first indices, for blocks. */
  readonly types?: readonly string[];
}

function build(body: string | readonly Instruction[], shape: Shape = {}): Uint8Array {
  const m = new ModuleBuilder();
  for (const type of shape.types ?? []) m.type(type);
  SURROUNDINGS[shape.among ?? 'none'](m);
  const items = typeof body === 'string' ? instructions(body) : body;
  m.func(shape.type ?? '->', items, { locals: shape.locals ?? [], name: 'f' });
  return m.build();
}
const decode = (wasm: Uint8Array) => decodeModule(wasm, DEFAULT_LIMITS);
const validate = (wasm: Uint8Array) => validateBodies(decode(wasm));

describe('invalid bodies are refused in the words of the specification', () => {
  test.each<[message: string, body: string, shape?: Shape]>([
    // operands
    ['type mismatch: i32.add expected i32, found nothing', 'i32.const 1; i32.add'],
    ['type mismatch: i32.add expected i32, found f64', 'f64.const 1; i32.const 1; i32.add'],
    ['type mismatch: end expected i32, found nothing', '', { type: '-> i32' }],
    ['type mismatch: end expected nothing more, found 1 more value on the stack', 'i32.const 1'],
    ['type mismatch: drop expected a value, found nothing', 'drop'],
    ['type mismatch: i32.eqz expected i32, found nothing', 'i32.const 1; block; i32.eqz; drop; end; drop'],
    ['type mismatch: i64.eqz expected i64, found i32', 'unreachable; i32.const 1; i64.eqz; drop'],
    // parametric
    ['type mismatch: select expected i32, found f32', 'i32.const 1; f32.const 1; i32.const 1; select; drop'],
    [
      'type mismatch: select expected numbers, found funcref',
      'ref.null func; i32.const 1; i32.const 1; select',
    ],
    ['invalid result arity 0', 'select t'],
    ['invalid result arity 2', 'select t i32 i32'],
    ['type mismatch: ref.is_null expected a reference, found i32', 'i32.const 1; ref.is_null; drop'],
    // indices
    ['unknown local 7', 'local.get 7; drop'],
    ['unknown global 0', 'global.get 0; drop'],
    ['immutable global 0', 'i32.const 1; global.set 0', { among: 'immutable global' }],
    ['unknown function 1', 'call 1'],
    ['unknown type 9', 'i32.const 0; call_indirect 9 0', { among: 'table' }],
    ['unknown table 0', 'i32.const 0; call_indirect 0 0'],
    ['unknown label 1', 'br 1'],
    ['unknown label 2', 'i32.const 0; br_table 0 2 0'],
    ['unknown tag 0', 'throw 0'],
    ['unknown memory 0', 'i32.const 0; i32.load; drop'],
    ['unknown memory 1', 'i32.const 0; i32.load memory=1; drop', { among: 'memory' }],
    ['unknown data segment 1', 'data.drop 1', { among: 'data' }],
    ['unknown elem segment 0', 'elem.drop 0'],
    ['unknown type 4', 'block 4; end'],
    ['undeclared function reference 0', 'ref.func 0; drop'],
    ['data count section required', 'data.drop 0', { among: 'memory' }],
    ['unknown function 1', 'return_call 1'],
    ['unknown type 9', 'i32.const 0; return_call_indirect 9 0', { among: 'table' }],
    [
      'type mismatch: return_call_indirect expected a callee with 1 results, found 0',
      'i32.const 0; return_call_indirect 0 0',
      { type: '-> i32', types: ['->'], among: 'table' },
    ],
    // memories and tables
    [
      'alignment must not be larger than natural: 2^3 for i32.load',
      'i32.const 0; i32.load align=3; drop',
      { among: 'memory' },
    ],
    [
      'alignment must not be larger than natural: 2^1 for i64.store8',
      'i32.const 0; i64.const 0; i64.store8 align=1',
      { among: 'memory' },
    ],
    ['offset out of range: 4294967296', 'i32.const 0; i32.load offset=4294967296; drop', { among: 'memory' }],
    ['malformed memop flags', 'i32.const 0; bytes 0x28 0x80 1 0; drop', { among: 'memory' }],
    [
      'type mismatch: call_indirect expected a table of funcref, found externref',
      'i32.const 0; call_indirect 0 1',
      { among: 'two tables' },
    ],
    [
      'type mismatch: table.copy expected funcref, found a table of externref',
      'i32.const 0; i32.const 0; i32.const 0; table.copy 0 1',
      { among: 'two tables' },
    ],
    [
      'type mismatch: table.set expected externref, found funcref',
      'i32.const 0; ref.null func; table.set 1',
      { among: 'two tables' },
    ],
    // blocks
    ['type mismatch: end expected an else', 'i32.const 1; if i32; i32.const 1; end; drop'],
    ['END opcode expected: else without if', 'block; else; end'],
    [
      'type mismatch: br_if expected i32, found f32',
      'block i32; f32.const 1; i32.const 1; br_if 0; end; drop',
    ],
    [
      'type mismatch: br_table expected 0 values, found 1 at label 0',
      'block i32; i32.const 1; i32.const 1; br_table 0 1; end; drop',
    ],
    ['section size mismatch: the function body goes on after its end', 'end; nop'],
    ['type mismatch: return expected i32, found nothing', 'return', { type: '-> i32' }],
    ['malformed block type', 'bytes 0x02 0xff 0x7f; end'],
    ['malformed value type', 'bytes 0x02 0x41; end'],
    // exceptions
    ['type mismatch: throw expected i32, found nothing', 'throw 0', { among: 'tag' }],
    ['type mismatch: throw_ref expected exnref, found i32', 'i32.const 0; throw_ref'],
    [
      'type mismatch: try_table expected label 0 to take what catch gives',
      'try_table void catch/0/0; end',
      { among: 'tag' },
    ],
    ['unknown label 1', 'try_table void catch_all/1; end'],
    ['malformed catch clause', 'bytes 0x1f 0x40 1 9 0; end'],
    ['invalid rethrow label 0', 'rethrow 0'],
    ['invalid rethrow label 1', 'block; try; catch_all; rethrow 1; end; end'],
    ['END opcode expected: catch without try', 'block; catch 0; drop; end', { among: 'tag' }],
    ['END opcode expected: catch_all without try', 'try; catch_all; catch_all; end'],
    ['END opcode expected: delegate without try', 'block; delegate 0'],
    ['unknown label 1', 'try; delegate 1'],
    // opcodes
    ['illegal opcode ff', 'unreachable; bytes 0xff'],
    ['illegal opcode fc 7f', 'bytes 0xfc 0x7f'],
    ['illegal opcode fd 9a', 'bytes 0xfd 0x9a 0x01'],
    ['invalid lane index 8', 'v128.const 0; i16x8.extract_lane_u 8; drop'],
    ['invalid lane index 32', 'v128.const 0; v128.const 0; bytes 0xfd 13 32'],
    ['type mismatch: i32x4.add expected v128, found i32', 'v128.const 0; i32.const 1; i32x4.add'],
  ])('%s', (message, body, shape) => {
    const run = () => validate(build(body, shape));
    expect(run).toThrow(CompileError);
    expect(run).toThrow(message);
  });

  test('errors name the function and the offset', () => {
    const wasm = build('nop; drop');
    const [body] = decode(wasm).bodies;
    const offset = body!.start + 2;
    expect(() => validate(wasm)).toThrow(`found nothing (func 0 "f", offset 0x${offset.toString(16)})`);
    expect(() => validate(wasm)).toThrow(
      expect.objectContaining({ offset, functionIndex: 0, functionName: 'f' }),
    );
  });
  test('without a name section, the export names the function', () => {
    const m = new ModuleBuilder();
    m.func('->', ['drop'], { export: 'mix' });
    expect(() => validate(m.build())).toThrow('(func 0 "mix", offset 0x');
  });

  test('a missing end is reported as the specification does: by what follows', () => {
    const m = new ModuleBuilder();
    m.memory(1);
    m.func('->', []);
    m.func('->', []);
    const alone = m.build();
    m.data('x');
    const followed = m.build();
    const withoutEnd = (wasm: Uint8Array, index: number) => {
      const { end } = decode(wasm).bodies[index]!;
      return () => validate(wasm.slice().fill(1, end - 1, end));
    };
    expect(withoutEnd(followed, 0)).toThrow('END opcode expected');
    expect(withoutEnd(followed, 1)).toThrow('section size mismatch');
    expect(withoutEnd(alone, 1)).toThrow('unexpected end of section or function');
  });
});

describe('valid bodies', () => {
  test.each<[what: string, body: string, shape?: Shape]>([
    ['unreachable code is polymorphic', 'unreachable; i32.add; drop'],
    ['select of unknown operands', 'unreachable; select; i64.eqz; drop'],
    [
      'br_table over unknown operands',
      'block i32; block i64; unreachable; br_table 0 1 1; end; drop; i32.const 0; end; drop',
    ],
    ['typed select of references', 'ref.null extern; ref.null extern; i32.const 1; select t externref; drop'],
    [
      'a block that takes and gives several',
      'i32.const 1; i64.const 2; block 0; i64.eqz; i32.add; i64.const 3; end; drop; drop',
      { types: ['i32 i64 -> i32 i64'] },
    ],
    [
      'an if without else that passes its parameter on',
      'i32.const 1; i32.const 1; if 0; end; drop',
      { types: ['i32 -> i32'] },
    ],
    [
      'a loop takes its parameters from branches',
      'i32.const 9; loop 0; br 0; end; drop',
      { types: ['i32 -> i32'] },
    ],
    [
      'table instructions',
      'i32.const 0; table.get 0; i32.const 1; table.grow 0; drop; table.size 1; drop',
      { among: 'two tables' },
    ],
    [
      'memory instructions',
      'i32.const 0; i32.const 0; i32.const 0; memory.init 0 0; data.drop 0; memory.size 0; memory.grow 0; drop',
      { among: 'data' },
    ],
    [
      'every kind of catch',
      `block i32; block 0; block exnref; block;
       try_table void catch/0/3 catch_ref/0/2 catch_all_ref/1 catch_all/0;
       end; end; return; end; throw_ref; end; throw_ref; end; drop`,
      { types: ['-> i32 exnref'], among: 'tag' },
    ],
    [
      'legacy exceptions',
      `try i32; i32.const 1; catch 0; catch_all; rethrow 0; end; drop;
       try; try; delegate 0; catch_all; end;
       try; i32.const 2; throw 0; delegate 0`,
      { among: 'tag' },
    ],
  ])('%s', (_, body, shape) => {
    validate(build(body, shape));
  });
});

describe('what the sink is told', () => {
  /** Methods called, as text; dead ends are marked. */
  function events(body: string, shape?: Shape): string {
    const told: string[] = [];
    const sink = new Proxy({} as Sink, {
      get:
        (_, method: string) =>
        (...args: readonly unknown[]) => {
          if (method === 'start') return;
          const name = method === 'instruction' ? (args[0] as { name: string }).name : method;
          told.push(args.includes(false) ? `${name}-dead` : name);
        },
    });
    readFunction(decode(build(body, shape)), 0, sink);
    return told.join(' ');
  }

  test.each<[expected: string, body: string, shape?: Shape]>([
    ['nop end', 'nop'],
    ['br end-dead', 'br 0; nop; i32.const 1; drop'],
    ['block br end-dead nop end', 'block; br 0; loop; nop; br 1; end; end; nop'],
    ['i32.const if return else-dead nop end end', 'i32.const 1; if; return; nop; else; nop; end'],
    ['unreachable end-dead', 'unreachable; i32.const 1; if; nop; else; nop; end; try; catch_all; end'],
    [
      'try i32.const throw catch-dead drop catchAll rethrow end-dead end',
      'try; i32.const 1; throw 0; catch 0; drop; catch_all; rethrow 0; end',
      { among: 'tag' },
    ],
    [
      'try try i32.const throw delegate-dead catchAll end end',
      'try; try; i32.const 1; throw 0; delegate 0; catch_all; end',
      { among: 'tag' },
    ],
  ])('%s', (expected, body, shape) => {
    expect(events(body, shape)).toBe(expected);
  });
});

describe('large bodies', () => {
  const many = (count: number, text: string) => bytes(new Array(count).fill(code(...instructions(text))));

  test('100,000 nested blocks', () => {
    validate(build([many(100_000, 'block'), many(100_000, 'end')]));
  });
  test('20,000 nested legacy trys', () => {
    validate(build([many(20_000, 'try'), many(20_000, 'catch_all; end')]));
  });
  test('a br_table of 100,000 targets', () => {
    validate(build([['i32.const', 0], bytes(0x0e, unsigned(100_000), new Uint8Array(100_001))]));
  });
  test('50,000 locals, and not one more', () => {
    const locals = new Array<string>(50_000).fill('i64');
    validate(build('local.get 49999; drop', { locals }));
    const run = () => validate(build('', { locals: [...locals, 'i32'] }));
    expect(run).toThrow('too many locals: 50001, the limit is 50000');
  });
  test('2^32 - 1 locals are refused before they are made', () => {
    const wasm = build([many(12, 'nop')]);
    const { start } = decode(wasm).bodies[0]!;
    wasm.set(bytes(1, unsigned(2 ** 32 - 1), 0x7f), start);
    expect(() => validate(wasm)).toThrow('too many locals: 4294967295');
  });
  test('a br_table that lies about its length', () => {
    const run = () => validate(build([['i32.const', 0], bytes(0x0e, unsigned(2 ** 32 - 1))]));
    expect(run).toThrow('unexpected end of section or function');
  });
  test('compile time can be limited', () => {
    const m = new ModuleBuilder();
    for (let i = 0; i < 20; i++) m.func('->', [many(100_000, 'nop')]);
    const limits = resolveLimits({ compileMs: 1 });
    const run = () => validateBodies(decodeModule(m.build(), limits));
    expect(run).toThrow('compile time exceeds the limit of 1 ms');
  });
});
