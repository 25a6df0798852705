/**
 * Matching: which types stand where others are expected (chapter "Matching" of the specification). One algorithm for
 * the validator, whose defined types are type indices of a module, and for the runtime, whose are `DefinedType`s.
 *
 * Not here: matching of limits (link.ts) and of the types in a type section (compiler/binary/recursion-groups.ts).
 */
import type { AbstractHeapType, CompositeType, HeapType, RefType, SubType, ValueType } from './types.ts';

export type Kind = CompositeType['kind'];

/** What has to be known of defined types. */
export interface Definitions {
  kindOf(type: HeapType): Kind;
  /** `found` is `expected`, or declares it as a supertype, be it through others. Both are defined types. */
  extends(found: HeapType, expected: HeapType): boolean;
}

/** By abstract heap type: the abstract types above it, itself first. The bottoms of a hierarchy are below its defined types too. */
const ABOVE: Readonly<Record<AbstractHeapType, readonly AbstractHeapType[]>> = {
  any: ['any'],
  eq: ['eq', 'any'],
  i31: ['i31', 'eq', 'any'],
  struct: ['struct', 'eq', 'any'],
  array: ['array', 'eq', 'any'],
  none: ['none', 'i31', 'struct', 'array', 'eq', 'any'],
  func: ['func'],
  nofunc: ['nofunc', 'func'],
  extern: ['extern'],
  noextern: ['noextern', 'extern'],
  exn: ['exn'],
  noexn: ['noexn', 'exn'],
};

function isAbstract(type: HeapType): type is AbstractHeapType {
  return typeof type === 'string';
}

export function matchesHeap(found: HeapType, expected: HeapType, definitions: Definitions): boolean {
  if (found === expected) return true;
  if (isAbstract(expected)) {
    return ABOVE[isAbstract(found) ? found : definitions.kindOf(found)].includes(expected);
  }
  if (isAbstract(found)) return found === bottomOf(expected, definitions);
  return definitions.extends(found, expected);
}

export function matchesRef(found: RefType, expected: RefType, definitions: Definitions): boolean {
  if (found === expected) return true;
  if (found.nullable && !expected.nullable) return false;
  return matchesHeap(found.heap, expected.heap, definitions);
}

export function matchesValue(found: ValueType, expected: ValueType, definitions: Definitions): boolean {
  if (typeof found === 'string' || typeof expected === 'string') return found === expected;
  return matchesRef(found, expected, definitions);
}

/** The abstract type at the top of a heap type's hierarchy. */
export function topOf(type: HeapType, definitions: Definitions): AbstractHeapType {
  return ABOVE[isAbstract(type) ? type : definitions.kindOf(type)].at(-1)!;
}

/** The abstract type below everything of a heap type's hierarchy. */
export function bottomOf(type: HeapType, definitions: Definitions): AbstractHeapType {
  return BOTTOMS[topOf(type, definitions)]!;
}

const BOTTOMS: Readonly<Partial<Record<AbstractHeapType, AbstractHeapType>>> = {
  any: 'none',
  func: 'nofunc',
  extern: 'noextern',
  exn: 'noexn',
};

/** A module's types, by index. */
export class ModuleDefinitions implements Definitions {
  readonly #types: readonly SubType[];

  constructor(types: readonly SubType[]) {
    this.#types = types;
  }

  kindOf(type: HeapType): Kind {
    return this.#types[type as number]!.composite.kind;
  }

  extends(found: HeapType, expected: HeapType): boolean {
    const { chain } = this.#types[expected as number]!;
    return this.#types[found as number]!.chain[chain.length - 1] === expected;
  }
}
