/** Many exports are made one by one; nobody can tell, but for the time that it takes. */
import { expect, test } from 'vitest';
import { type ExportsObject, exportsObject } from './exports.ts';
import type { ExportDescription } from './types.ts';

function described(count: number): ExportDescription[] {
  return Array.from({ length: count }, (_, index) => ({ name: `f${index}`, kind: 'func', index }));
}

/** The same questions to an object of few and of many; `name` is one of its exports. */
const QUESTIONS: readonly ((exports: ExportsObject, name: string) => unknown)[] = [
  (exports, name) => exports[name],
  (exports, name) => [name, name].map((each) => exports[each]),
  (exports) => exports.other,
  (exports) => exports.toString,
  (exports) => (exports as never)[Symbol.iterator],
  (exports, name) => name in exports,
  (exports) => 'other' in exports,
  (exports, name) => Object.getOwnPropertyDescriptor(exports, name),
  (exports) => Object.getOwnPropertyDescriptor(exports, 'other'),
  (exports) => Object.keys(exports).slice(0, 3),
  (exports) => Object.getPrototypeOf(exports),
  (exports, name) => ({ ...exports })[name],
  (exports, name) => Reflect.set(exports, name, 1),
  (exports) => Reflect.set(exports, 'other', 1),
  (exports, name) => Reflect.deleteProperty(exports, name),
  (exports, name) => Reflect.defineProperty(exports, name, { value: 1 }),
  (exports) => Reflect.defineProperty(exports, 'other', { value: 1 }),
  (exports) => Reflect.setPrototypeOf(exports, {}),
  (exports) => Reflect.isExtensible(exports),
  (exports) => Object.isFrozen(exports),
  (exports) => Object.freeze(exports) === exports,
  (exports) => Reflect.preventExtensions(exports),
];

test.each(QUESTIONS.map((question) => [String(question), question]))('%s', (_, question) => {
  const make = (_kind: string, index: number) => ({ index });
  const few = exportsObject(described(5), make);
  const many = exportsObject(described(2000), make);
  expect(question(many, 'f3')).toEqual(question(few, 'f3'));
  // And again, when it has been asked for.
  expect(question(many, 'f3')).toEqual(question(few, 'f3'));
});

test('of many, only those are made that are asked for', () => {
  const made: number[] = [];
  const exports = exportsObject(described(2000), (_, index) => {
    made.push(index);
    return { index };
  });
  expect([exports.f7, exports.f9, exports.f7, exports.f2000]).toEqual([
    { index: 7 },
    { index: 9 },
    { index: 7 },
    undefined,
  ]);
  expect(made).toEqual([7, 9]);
  expect(Object.isFrozen(exports)).toBe(true);
  expect(made.length).toBe(2000);
});
