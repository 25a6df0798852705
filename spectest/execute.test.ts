import { expect, test } from 'vitest';
import type { Convert } from './convert.ts';
import type { Engine } from './engine.ts';
import { Execution } from './execute.ts';
import { parseScript } from './script.ts';
import { TextProblem } from './text-problem.ts';

class Refused extends Error {}
class Trapped extends Error {}

/** Modules are names; `bad` does not compile, and of the exports `one` returns 1 and `trap` traps. */
const engine: Engine = {
  speaksSpec: true,
  classes: { Memory: Object, Table: Object, Global: Object } as never,
  compile: (bytes) => {
    if (Buffer.from(bytes).includes('bad')) throw new Refused('type mismatch (offset 0x1)');
    return bytes;
  },
  instantiate: () => ({ exports: { one: 1, trap: 2 } }),
  invoke: async (_, field) => {
    if (field === 'trap') throw new Trapped('unreachable');
    return [1n];
  },
  get: () => 1n,
  kindOf: (error) => (error instanceof Refused ? 'compile' : error instanceof Trapped ? 'trap' : 'other'),
  close: () => undefined,
};
const convert: Convert = async (source) => {
  if (source.kind === 'text' && source.text === '(') throw new TextProblem('expected `)`');
  return Buffer.from(source.kind === 'text' ? source.text : source.bytes);
};

/** `['passed', 'failed: why', …]` */
async function outcomes(script: string, listed: Record<number, string> = {}): Promise<readonly string[]> {
  const lines = new Map(Object.entries(listed).map(([line, reason]) => [Number(line), reason]));
  const results: string[] = [];
  for await (const { status, detail } of new Execution(engine, convert, lines).run(
    parseScript(script, new Set(lines.keys())),
  )) {
    results.push(detail === '' ? status : `${status}: ${detail}`);
  }
  return results;
}

test('what does as it should passes', async () => {
  const script = `(module $a) (register "a") (invoke "one") (get $a "one")
    (assert_return (invoke "one") (i32.const 1)) (assert_trap (invoke "trap") "unreachable")
    (assert_invalid (module $bad) "type mismatch")`;
  expect(await outcomes(script)).toEqual(Array(7).fill('passed'));
});

test.each([
  ['(assert_return (invoke "one") (i32.const 2))', 'expected [i32 0x2], got [0x1]'],
  ['(assert_return (invoke "one"))', 'expected [], got [0x1]'],
  ['(assert_return (invoke "none"))', 'no export "none"'],
  ['(assert_return (invoke $none "one"))', 'no instance $none'],
  ['(assert_return (invoke "trap"))', 'Error: unreachable'],
  ['(assert_trap (invoke "one") "unreachable")', 'expected trap "unreachable", got none'],
  ['(assert_trap (invoke "trap") "undefined")', 'expected trap "undefined", got Error: unreachable'],
  ['(assert_invalid (module $good) "type mismatch")', 'expected compile "type mismatch", got none'],
  [
    '(assert_invalid (module $bad) "unknown")',
    'expected compile "unknown", got Error: type mismatch (offset 0x1)',
  ],
  ['(assert_new_thing)', 'the runner does not know (assert_new_thing …)'],
])('%s fails', async (command, detail) => {
  expect(await outcomes(`(module) ${command}`)).toEqual(['passed', `failed: ${detail}`]);
});

test.each(['assert_malformed', 'assert_malformed_custom'])('%s of a text', async (assertion) => {
  const malformed = (text: string) => outcomes(`(${assertion} (module quote "${text}") "unexpected token")`);
  // The parser refuses it, the engine refuses what it makes of it, and nobody does.
  expect(await malformed('(')).toEqual(['text: expected `)`']);
  expect(await malformed('bad')).toEqual(['passed']);
  expect(await malformed('good')).toEqual(['failed: expected compile "", got none']);
});

test('assert_invalid_custom is about the engine', async () => {
  expect(await outcomes('(assert_invalid_custom (module $bad) "type mismatch")')).toEqual(['passed']);
});

const DEPENDENT = '(module $bad)\n(invoke "one")\n(module)\n(invoke "one")\n(invoke $bad "one")';

test('a listed module is skipped together with what calls it', async () => {
  expect(await outcomes(DEPENDENT, { 1: 'gc' })).toEqual([
    'skipped: gc',
    'skipped: needs the module of line 1, which is skipped',
    'passed',
    'passed',
    'skipped: needs the module of line 1, which is skipped',
  ]);
});

test('what calls a module that failed fails', async () => {
  const failed = 'failed: needs the module of line 1, which failed';
  expect(await outcomes(DEPENDENT)).toEqual([
    'failed: Error: type mismatch (offset 0x1)',
    failed,
    'passed',
    'passed',
    failed,
  ]);
});

test('a listed command that passes, or is not there, fails', async () => {
  expect(await outcomes('(module)', { 1: 'gc', 9: 'gc' })).toEqual([
    'failed: passes, though listed as not due (gc): take it off the list',
    'failed: no command or field begins here',
  ]);
});

test('a listed field is cut out of its module, and must be what does not compile', async () => {
  const script = (name: string) => `(module\n(func)\n(func $${name}))\n(invoke "one")`;
  expect(await outcomes(script('bad'), { 3: 'gc' })).toEqual(['passed', 'passed']);
  const detail = 'compiles with lines 3, though they are listed as not due: take them off the list';
  expect(await outcomes(script('good'), { 3: 'gc' })).toEqual([
    `failed: ${detail}`,
    expect.stringContaining('failed'),
  ]);
});
