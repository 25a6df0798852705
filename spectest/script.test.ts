import { expect, test } from 'vitest';
import { parseScript } from './script.ts';

const command = (text: string) => parseScript(text)[0];

test('modules come as they were written', () => {
  expect(command('(module $m (func))')).toEqual({
    line: 1,
    kind: 'module',
    name: '$m',
    source: { kind: 'text', text: '(module $m (func))' },
  });
  expect(command('\n(module definition $m (func))')).toMatchObject({
    line: 2,
    kind: 'definition',
    source: { text: '(module $m (func))' },
  });
  expect(command('(module instance $i $m)')).toMatchObject({
    kind: 'instance',
    name: '$i',
    definition: '$m',
  });
  expect(command('(module binary "\\00a" "sm")')).toMatchObject({
    source: { kind: 'binary', bytes: Buffer.from('\0asm') },
  });
  expect(command('(module quote "(func" ")")')).toMatchObject({
    source: { text: '(func)' },
  });
});

test('a script may be the fields of one module', () => {
  expect(parseScript('(func) (memory 0)')).toMatchObject([
    { kind: 'module', source: { text: '(module (func) (memory 0)\n)' } },
  ]);
});

test('actions and assertions', () => {
  expect(command('(register "M" $m)')).toMatchObject({ kind: 'register', as: 'M', instance: '$m' });
  expect(command('(assert_return (invoke $m "\\u{feff}é" (i32.const 1)) (i64.const 2))')).toMatchObject({
    kind: 'assert_return',
    action: { kind: 'invoke', instance: '$m', field: '\ufeffé', args: [{ type: 'i32', bits: 1n }] },
    expected: [{ type: 'i64', bits: 2n }],
  });
  expect(command('(assert_return (get "g") (ref.func))')).toMatchObject({ action: { kind: 'get' } });
  expect(command('(assert_trap (invoke "f") "unreachable")')).toMatchObject({
    kind: 'assert_trap',
    text: 'unreachable',
  });
  expect(command('(assert_trap (module (func)) "unreachable")')).toMatchObject({
    kind: 'assert_uninstantiable',
  });
  expect(command('(assert_invalid (module) "no")')).toMatchObject({ kind: 'assert_invalid', text: 'no' });
  expect(command('(assert_new_thing)')).toMatchObject({ kind: 'unknown', keyword: 'assert_new_thing' });
});

test('what is no command is refused by line', () => {
  expect(() => parseScript('\nmodule')).toThrow('line 2: expected a list, found module');
  expect(() => parseScript('(assert_trap (invoke "f"))')).toThrow('line 1: the list ends too early');
  expect(() => parseScript('(assert_return (call "f"))')).toThrow('line 1: unknown action call');
});

test('fields on listed lines are cut out', () => {
  const text = '(module $m\n (func $a)\n (func $b (nop)) (memory 0)\n (func $c))\n(module (func))';
  const [first, second] = parseScript(text, new Set([3, 4, 5]));
  expect(first).toMatchObject({
    source: {
      text: '(module $m\n (func $a)\n  \n )',
      cut: { lines: [3, 3, 4], uncut: text.slice(0, text.lastIndexOf('\n')) },
    },
  });
  expect(second).toMatchObject({ source: { text: '(module (func))' } });
});
