/**
 * A recursion group as a text: equal exactly for equal groups. What names types outside the group is up to the caller,
 * so it serves one module (names are type indices) as well as all of them.
 */
import type { CompositeType, FieldType, HeapType, SubType, ValueType } from './types.ts';

/** The name of a type that is not abstract: `.0` for the group's first, something else for those outside. */
export type NameOf = (type: Exclude<HeapType, string>) => string;

export function groupKey(
  group: readonly Pick<SubType, 'final' | 'supertypes' | 'composite'>[],
  nameOf: NameOf,
): string {
  const keys = group.map(({ final, supertypes, composite }) => {
    const above = supertypes.map(nameOf).join(' ');
    return `${final ? '' : 'sub '}${above} ${compositeText(composite, nameOf)}`;
  });
  return keys.join('\n');
}

/** `(func (param i32) (result i64))`, `(struct (field (mut i8)))`. */
export function compositeText(type: CompositeType, nameOf: NameOf): string {
  switch (type.kind) {
    case 'func':
      return `(func${listText('param', type.func.params, nameOf)}${listText('result', type.func.results, nameOf)})`;
    case 'struct':
      return `(struct${type.fields.map((field) => ` (field ${fieldText(field, nameOf)})`).join('')})`;
    case 'array':
      return `(array ${fieldText(type.field, nameOf)})`;
  }
}

function listText(what: string, types: readonly ValueType[], nameOf: NameOf): string {
  return types.length === 0 ? '' : ` (${what} ${types.map((type) => valueText(type, nameOf)).join(' ')})`;
}

function fieldText({ type, mutable }: FieldType, nameOf: NameOf): string {
  const text = valueText(type, nameOf);
  return mutable ? `(mut ${text})` : text;
}

function valueText(type: FieldType['type'], nameOf: NameOf): string {
  if (typeof type === 'string') return type;
  const { heap, nullable } = type;
  return typeof heap === 'string' ? type.text : `(ref ${nullable ? 'null ' : ''}${nameOf(heap)})`;
}
