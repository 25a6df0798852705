/**
 * Defined types at run time. Types of different modules that are equal are one object here, so that functions, tables
 * and objects can pass between modules: one per process, for as long as anyone uses it.
 *
 * Recursion groups are equal as wholes. A group is known by a text (group-key.ts) in which its own types are `.0`,
 * `.1`, …, and types outside are the numbers they have here:
 *
 *   (rec (type $a (sub (struct (field (ref $b))))) (type $b (array i8)))      →      sub  (struct (field (ref .1))) …
 */
import { compositeText, groupKey } from './group-key.ts';
import { type Definitions, type Kind, matchesRef, matchesValue } from './subtyping.ts';
import type { CompositeType, FieldType, FuncType, HeapType, RefType, SubType, ValueType } from './types.ts';

let numbers = 0;
const LONGEST_TEXT = 200;

export class DefinedType {
  /** Different from all others', for ever. */
  readonly number: number;
  readonly final: boolean;
  /** `host`: the type of what came from the host, which is not a defined one (objects.ts). */
  readonly kind: Kind | 'host';
  /** Supertypes from the root on, then itself. */
  readonly chain: readonly DefinedType[];
  /** The first of them: a cast compares one of these fields, which all types have. See `FIRST_SUPERTYPES`. */
  readonly s0: DefinedType | undefined;
  readonly s1: DefinedType | undefined;
  readonly s2: DefinedType | undefined;
  readonly s3: DefinedType | undefined;
  readonly s4: DefinedType | undefined;
  readonly s5: DefinedType | undefined;
  readonly s6: DefinedType | undefined;
  readonly s7: DefinedType | undefined;
  readonly nullable: RefType;
  readonly nonNull: RefType;
  /** All types of its recursion group: one keeps the others, and what they refer to. */
  readonly group: readonly DefinedType[];
  /** Set when the whole group is there. */
  composite!: CompositeType;

  constructor(
    final: boolean,
    kind: Kind | 'host',
    above: DefinedType | undefined,
    group: readonly DefinedType[],
  ) {
    this.number = numbers++;
    this.final = final;
    this.kind = kind;
    this.chain = [...(above?.chain ?? []), this];
    [this.s0, this.s1, this.s2, this.s3, this.s4, this.s5, this.s6, this.s7] = this.chain;
    this.nullable = new DefinedRefType(true, this);
    this.nonNull = new DefinedRefType(false, this);
    this.group = group;
  }

  extends(type: DefinedType): boolean {
    return this.chain[type.chain.length - 1] === type;
  }

  /** Of a function type. */
  get func(): FuncType {
    if (this.composite.kind !== 'func') throw new Error(`${this.text} is no function type`);
    return this.composite.func;
  }

  /** Of a struct type. */
  get fields(): readonly FieldType[] {
    if (this.composite.kind !== 'struct') throw new Error(`${this.text} is no struct type`);
    return this.composite.fields;
  }

  /** Of an array type. */
  get element(): FieldType {
    if (this.composite.kind !== 'array') throw new Error(`${this.text} is no array type`);
    return this.composite.field;
  }

  /** For messages: `(struct (field i32) (field (ref struct)))`. Defined types inside show their kind; a long text is cut. */
  get text(): string {
    const text = compositeText(this.composite, (type) =>
      typeof type === 'object' ? type.kind : String(type),
    );
    return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…)` : text;
  }
}

class DefinedRefType implements RefType {
  readonly nullable: boolean;
  readonly heap: DefinedType;

  constructor(nullable: boolean, heap: DefinedType) {
    this.nullable = nullable;
    this.heap = heap;
  }

  get text(): string {
    return `(ref ${this.nullable ? 'null ' : ''}${this.heap.text})`;
  }
}

/** For matching (subtyping.ts). */
export const DEFINED: Definitions = {
  kindOf: (type) => (type as DefinedType).kind as Kind,
  extends: (found, expected) => (found as DefinedType).extends(expected as DefinedType),
};

/** Whether a value of one type may stand where another is expected; both as they are at run time. */
export function matches(found: ValueType, expected: ValueType): boolean {
  return matchesValue(found, expected, DEFINED);
}

export function matchesReference(found: RefType, expected: RefType): boolean {
  return matchesRef(found, expected, DEFINED);
}

// -------------------------------------------------------------------- one object for equal types

const groups = new Map<string, WeakRef<readonly DefinedType[]>>();
const forgotten = new FinalizationRegistry<string>((key) => {
  if (groups.get(key)?.deref() === undefined) groups.delete(key);
});
const defined = new WeakMap<readonly SubType[], readonly DefinedType[]>();

/** What a module's type indices mean. */
export function defineTypes(types: readonly SubType[]): readonly DefinedType[] {
  let made = defined.get(types);
  if (made === undefined) {
    made = resolveAll(types);
    defined.set(types, made);
  }
  return made;
}

function resolveAll(types: readonly SubType[]): readonly DefinedType[] {
  const resolved: DefinedType[] = [];
  for (let i = 0; i < types.length; i++) {
    const { index, group, groupSize } = types[i]!;
    if (index < i) resolved[i] = resolved[index]!;
    else if (group === i) resolved.push(...defineGroup(types.slice(i, i + groupSize), group, resolved));
  }
  return resolved;
}

/** `before`: the types that the group refers to by indices below `first`. */
function defineGroup(
  group: readonly SubType[],
  first: number,
  before: readonly DefinedType[],
): readonly DefinedType[] {
  const key = groupKey(group, (type) => {
    if (typeof type === 'object') return `#${type.number}`;
    return type >= first ? `.${type - first}` : `#${before[type]!.number}`;
  });
  const existing = groups.get(key)?.deref();
  if (existing !== undefined) return existing;
  const made: DefinedType[] = [];
  const at = (index: number) => (index >= first ? made[index - first]! : before[index]!);
  for (const { final, composite, supertypes } of group) {
    const [above] = supertypes;
    made.push(new DefinedType(final, composite.kind, above === undefined ? undefined : at(above), made));
  }
  group.forEach(({ composite }, i) => {
    made[i]!.composite = resolveComposite(composite, at);
  });
  groups.set(key, new WeakRef(made));
  forgotten.register(made, key);
  return made;
}

/** A function type that nobody declared: that of a tag which the host makes. */
export function defineFunction(func: FuncType): DefinedType {
  const composite: CompositeType = { kind: 'func', func };
  const alone = { final: true, supertypes: [], composite, index: 0, group: 0, groupSize: 1, chain: [0] };
  return defineGroup([alone], 0, [])[0]!;
}

type At = (index: number) => DefinedType;

function resolveComposite(type: CompositeType, at: At): CompositeType {
  const field = (each: FieldType): FieldType => ({ ...each, type: resolveWith(each.type, at) });
  switch (type.kind) {
    case 'func': {
      const { params, results } = type.func;
      const list = (types: readonly ValueType[]) => types.map((each) => resolveWith(each, at));
      return { kind: 'func', func: { params: list(params), results: list(results) } };
    }
    case 'struct':
      return { kind: 'struct', fields: type.fields.map(field) };
    case 'array':
      return { kind: 'array', field: field(type.field) };
  }
}

function resolveWith<Type extends FieldType['type']>(type: Type, at: At): Type {
  if (typeof type === 'string' || typeof type.heap !== 'number') return type;
  const { nullable, nonNull } = at(type.heap);
  return (type.nullable ? nullable : nonNull) as Type;
}

/** A type of a module's description as it is at run time. */
export function resolve<Type extends ValueType>(type: Type, types: readonly SubType[]): Type {
  if (typeof type === 'string' || typeof type.heap !== 'number') return type;
  return resolveWith(type, (index) => defineTypes(types)[index]!) as Type;
}

export function resolveHeap(type: HeapType, types: readonly SubType[]): HeapType {
  return typeof type === 'number' ? defineTypes(types)[type]! : type;
}
