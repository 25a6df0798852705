/**
 * What the wrappers at the border with the host depend on, of a function's type: the key of their text, and the
 * reference types whose conversions need the type's object.
 */
import { type FuncType, typeText, type ValueType } from './types.ts';

/** Equal for signatures that share a wrapper's text. Defined types are numbered: the text takes them from `T`. */
export function wrapperKey(type: FuncType): string {
  const references = referenceTypes(type);
  const text = (each: ValueType) => (isDefined(each) ? `@${references.indexOf(each)}` : typeText(each));
  return `${type.params.map(text).join(' ')} -> ${type.results.map(text).join(' ')}`;
}

/** Whether equal keys mean equal types, so that even the wrapper can be shared. */
export function sharesWrapper(type: FuncType): boolean {
  return !referenceTypes(type).some(isDefined);
}

function isDefined(type: ValueType): boolean {
  return typeof type === 'object' && typeof type.heap === 'object';
}

/** Of the types that need the generic conversions, the wrapper takes the objects as a list `T`. */
export function referenceTypes({ params, results }: FuncType): ValueType[] {
  return [...new Set([...params, ...results])].filter((type) => !isNumber(type));
}

export function isNumber(type: ValueType): boolean {
  return type === 'i32' || type === 'i64' || type === 'f32' || type === 'f64';
}
