/**
 * Recursion groups of the type section: decoded, made one with an equal earlier group, and their subtypes checked
 * against their supertypes.
 *
 *   (rec (type $a (sub (struct))) (type $b (sub $a (struct (field i32)))))
 */
import { groupKey } from '../../runtime/group-key.ts';
import { ModuleDefinitions, matchesValue } from '../../runtime/subtyping.ts';
import type { CompositeType, FieldType, SubType, ValueType } from '../../runtime/types.ts';
import type { ByteReader } from './bytes.ts';
import type { ModuleDraft } from './module-draft.ts';
import { type Declared, readSubType } from './types.ts';

const RECURSIVE = 0x4e;
/** The JavaScript interface's implementation limits. */
const MAX_TYPES = 1_000_000;
const MAX_DEPTH = 63;

/** `draft.types` grows by one recursion group. */
export function readRecursionGroup(reader: ByteReader, draft: ModuleDraft): void {
  const offset = reader.offset;
  const first = draft.types.length;
  const recursive = reader.bytes[offset] === RECURSIVE;
  if (recursive) reader.byte();
  const size = recursive ? reader.u32() : 1;
  if (first + size > MAX_TYPES)
    reader.fail(`too many types: ${first + size}, the limit is ${MAX_TYPES}`, offset);
  if (size > 1) reader.requires('gc', `recursion group of ${size} types`, offset);
  const scope = { types: draft.types, typeCount: first + size };
  const declared: Declared[] = [];
  const offsets: number[] = [];
  for (let i = 0; i < size; i++) {
    offsets.push(reader.offset);
    declared.push(readSubType(reader, scope));
  }
  const key = groupKey(declared, (type) =>
    Number(type) >= first ? `.${Number(type) - first}` : String(type),
  );
  const existing = draft.recursionGroups.get(key);
  if (existing !== undefined) {
    for (let i = 0; i < size; i++) draft.types.push(draft.types[existing + i]!);
    return;
  }
  draft.recursionGroups.set(key, first);
  declared.forEach((type, i) => {
    draft.types.push(
      placed(reader, draft.types, type, { group: first, groupSize: size, offset: offsets[i]! }),
    );
  });
  for (let i = 0; i < size; i++) requireSubtype(reader, draft.types, first + i, offsets[i]!);
}

/** A type in its place, behind all its supertypes. */
function placed(
  reader: ByteReader,
  types: readonly SubType[],
  declared: Declared,
  { group, groupSize, offset }: { group: number; groupSize: number; offset: number },
): SubType {
  const index = types.length;
  const { supertypes } = declared;
  if (supertypes.length > 1) reader.fail(`sub type ${index} has more than one supertype`, offset);
  const [above] = supertypes;
  if (above !== undefined && above >= index) reader.fail(`unknown type ${above}`, offset);
  const chain = above === undefined ? [index] : [...types[above]!.chain, index];
  if (chain.length - 1 > MAX_DEPTH) {
    reader.fail(`sub type ${index} is ${chain.length - 1} levels deep, the limit is ${MAX_DEPTH}`, offset);
  }
  return { ...declared, index, group, groupSize, chain };
}

function requireSubtype(reader: ByteReader, types: readonly SubType[], index: number, offset: number): void {
  const { supertypes, composite } = types[index]!;
  for (const above of supertypes) {
    const supertype = types[above]!;
    if (supertype.final) reader.fail(`sub type ${index} extends type ${above}, which is final`, offset);
    if (!compositeMatches(composite, supertype.composite, new ModuleDefinitions(types))) {
      reader.fail(`sub type ${index} does not match its supertype ${above}`, offset);
    }
  }
}

function compositeMatches(
  found: CompositeType,
  expected: CompositeType,
  definitions: ModuleDefinitions,
): boolean {
  const all = (a: readonly ValueType[], b: readonly ValueType[]) =>
    a.length === b.length && a.every((type, i) => matchesValue(type, b[i]!, definitions));
  if (found.kind === 'func' && expected.kind === 'func') {
    return all(expected.func.params, found.func.params) && all(found.func.results, expected.func.results);
  }
  if (found.kind === 'struct' && expected.kind === 'struct') {
    const { fields } = found;
    return expected.fields.every(
      (field, i) => i < fields.length && fieldMatches(fields[i]!, field, definitions),
    );
  }
  if (found.kind === 'array' && expected.kind === 'array')
    return fieldMatches(found.field, expected.field, definitions);
  return false;
}

/** What can be written must be the same; what is only read may be more special. */
function fieldMatches(found: FieldType, expected: FieldType, definitions: ModuleDefinitions): boolean {
  if (found.mutable !== expected.mutable) return false;
  if (found.type === expected.type) return true;
  if (found.mutable || isPacked(found) || isPacked(expected)) return false;
  return matchesValue(found.type as ValueType, expected.type as ValueType, definitions);
}

function isPacked({ type }: FieldType): boolean {
  return type === 'i8' || type === 'i16';
}
