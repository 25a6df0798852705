/**
 * Values crossing between WebAssembly and JavaScript: `toHost` and `fromHost` are ToJSValue and ToWebAssemblyValue of
 * the JavaScript API, `toRaw` and `fromRaw` the bit-exact forms of `invokeRaw`.
 *
 * Not here: the wrappers around functions (`boundary.ts`), which inline the number cases.
 */
import type { FunctionReference } from './abi.ts';
import { matches } from './defined-types.ts';
import { notConvertible, notVisibleToHost, wrongType } from './errors.ts';
import { hostFunctionOf, referenceOf } from './function-reference.ts';
import { f32_from_bits, f32_to_bits, f64_from_bits, f64_to_bits } from './helpers/float.ts';
import { externalize, type GcObject, HostValue, internalize } from './objects.ts';
import { EXTERNREF, FUNCREF, type RefType, refType, typeText, type ValueType } from './types.ts';
import { type Vector, vectorFromHost, vectorToHost } from './vector.ts';

/** ToJSValue: what the host sees of an internal value. */
export function toHost(value: unknown, type: ValueType): unknown {
  if (typeof type === 'string') {
    return type === 'v128' ? vectorToHost(value as Vector) : value;
  }
  if (type.heap === 'exn' || type.heap === 'noexn') throw notVisibleToHost(type.text);
  if (value === null) return null;
  if (isFunctionType(type)) return hostFunctionOf(value as FunctionReference);
  return type.heap === 'extern' ? value : externalize(value);
}

/** ToWebAssemblyValue: coerces numbers as the JavaScript API does, refuses what does not fit with a `TypeError`. */
export function fromHost(value: unknown, type: ValueType): unknown {
  switch (type) {
    case 'i32':
      return (value as number) | 0;
    case 'i64':
      return BigInt.asIntN(64, value as bigint);
    case 'f32':
      return Math.fround(value as number);
    case 'f64':
      return +(value as number);
    case 'v128':
      return vectorFromHost(value);
    default:
      return referenceFromHost(value, type);
  }
}

function referenceFromHost(value: unknown, type: RefType): unknown {
  if (type.heap === 'exn' || type.heap === 'noexn') throw notVisibleToHost(type.text);
  if (value === null && type.nullable) return null;
  if (type.heap === 'extern' && value !== null) return value;
  const reference = isFunctionType(type) ? referenceOf(value) : internalize(value);
  if (reference === undefined || reference === null || !matches(typeOf(reference), type)) {
    throw notConvertible(value, type.text);
  }
  return reference;
}

/** The most special type that an internal reference has, or that the host can ask for. */
function typeOf(reference: unknown): RefType {
  if (typeof reference === 'number') return I31;
  return reference instanceof HostValue ? ANY : (reference as FunctionReference | GcObject).rtt.nonNull;
}

const I31 = refType(false, 'i31');
const ANY = refType(false, 'any');

/** Whether values of the type are `FunctionReference`s. */
function isFunctionType(type: RefType): boolean {
  const { heap } = type;
  return heap === 'func' || heap === 'nofunc' || (typeof heap === 'object' && heap.kind === 'func');
}

/** DefaultValue of the JavaScript API: what a missing argument stands for. */
export function defaultValue(type: ValueType): unknown {
  if (type === 'i64') return 0n;
  if (type === 'v128') return vectorFromHost(0n);
  if (typeof type === 'string') return 0;
  return type.heap === 'extern' ? undefined : fromHost(null, type);
}

/** The value's bits, unsigned, in a bigint; a reference as its JavaScript value. */
export function toRaw(value: unknown, type: ValueType): unknown {
  switch (type) {
    case 'i32':
      return BigInt.asUintN(32, BigInt(value as number));
    case 'i64':
      return BigInt.asUintN(64, value as bigint);
    case 'f32':
      return BigInt.asUintN(32, BigInt(f32_to_bits(value as number)));
    case 'f64':
      return BigInt.asUintN(64, f64_to_bits(value as number));
    default:
      // A null has no value that could not be shown, whatever its type.
      return value === null ? null : toHost(value, type);
  }
}

/** The value with these bits (higher ones are ignored); a reference from its JavaScript value. */
export function fromRaw(bits: unknown, type: ValueType): unknown {
  if (typeof type !== 'string' || type === 'v128') return fromHost(bits, type);
  if (typeof bits !== 'bigint') throw wrongType(`the bits of ${type} as a bigint`, bits);
  switch (type) {
    case 'i32':
      return Number(BigInt.asIntN(32, bits));
    case 'i64':
      return BigInt.asIntN(64, bits);
    case 'f32':
      return f32_from_bits(Number(BigInt.asIntN(32, bits)));
    case 'f64':
      return f64_from_bits(BigInt.asIntN(64, bits));
  }
}

const TYPE_NAMES: Readonly<Record<string, ValueType>> = {
  __proto__: null as never,
  i32: 'i32',
  i64: 'i64',
  f32: 'f32',
  f64: 'f64',
  v128: 'v128',
  anyfunc: FUNCREF,
  [typeText(FUNCREF)]: FUNCREF,
  [typeText(EXTERNREF)]: EXTERNREF,
  anyref: refType(true, 'any'),
  eqref: refType(true, 'eq'),
  i31ref: refType(true, 'i31'),
  structref: refType(true, 'struct'),
  arrayref: refType(true, 'array'),
};

/** The type that a string of the JavaScript API names: `'i32'`, `'anyfunc'`. */
export function parseValueType(text: unknown): ValueType {
  const type = TYPE_NAMES[String(text)];
  if (type === undefined) throw wrongType('a value type', text);
  return type;
}

/** The same for what a table may hold. */
export function parseReferenceType(text: unknown): RefType {
  const type = parseValueType(text);
  if (typeof type === 'string') throw wrongType('a reference type', text);
  return type;
}
