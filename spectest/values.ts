/**
 * The script language's values: constants that calls are given, and the patterns that results must match.
 *
 * Numbers are raw bits in unsigned bigints, as `Instance.invokeRaw` takes and returns them, so that a comparison is bit
 * for bit. References are JavaScript values.
 */
import { F32, F64, floatBits, infinityBits, integerBits, quietBit } from './float-literals.ts';
import { type List, type Node, SyntaxProblem } from './sexpr.ts';

export type NumberType = 'i32' | 'i64' | 'f32' | 'f64';
export type Value =
  | { readonly type: NumberType; readonly bits: bigint }
  | { readonly type: 'ref'; readonly reference: HostReference | null }
  | { readonly type: 'v128'; readonly bits: bigint };

export type NanClass = 'canonical' | 'arithmetic';
export type Pattern =
  | { readonly type: NumberType; readonly bits: bigint }
  | { readonly type: 'f32' | 'f64'; readonly nan: NanClass }
  | { readonly type: 'ref'; readonly reference: HostReference | null }
  /** Any reference of that kind but null. */
  | { readonly type: 'ref'; readonly kind: string }
  | { readonly type: 'v128'; readonly bits: bigint }
  /** Lowest first; they are of one width, and some lane may be any NaN of a class. */
  | { readonly type: 'v128'; readonly lanes: readonly LanePattern[]; readonly width: number }
  | { readonly type: 'either'; readonly patterns: readonly Pattern[] };

/** Of a vector's lane. */
type LanePattern = { readonly bits: bigint } | { readonly type: 'f32' | 'f64'; readonly nan: NanClass };

/** `(ref.extern 7)`: a thing of the host that is the same thing whenever it is named. */
export class HostReference {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}
const hostReferences = new Map<number, HostReference>();

function hostReference(number: number): HostReference {
  const reference = hostReferences.get(number) ?? new HostReference(number);
  hostReferences.set(number, reference);
  return reference;
}

const NUMBERS: Readonly<Record<string, (literal: string) => bigint | undefined>> = {
  i32: (literal) => integerBits(literal, 32),
  i64: (literal) => integerBits(literal, 64),
  f32: (literal) => floatBits(literal, F32),
  f64: (literal) => floatBits(literal, F64),
};

/** `(i32.const 1)`, `(ref.null extern)`, `(ref.extern 7)` */
export function readValue(node: Node): Value {
  const pattern = readPattern(node);
  if ('nan' in pattern || 'kind' in pattern || 'lanes' in pattern || pattern.type === 'either') {
    throw notAValue(node);
  }
  return pattern;
}

/** A value, or `(f32.const nan:canonical)`, `(ref.func)`, `(either …)` */
export function readPattern(node: Node): Pattern {
  const [head, operand] = node.kind === 'list' ? node.items : [];
  const keyword = head?.kind === 'atom' ? head.text : '';
  const literal = operand?.kind === 'atom' ? operand.text : undefined;
  if (keyword === 'either' && node.kind === 'list') {
    return { type: 'either', patterns: node.items.slice(1).map(readPattern) };
  }
  if (keyword === 'v128.const' && node.kind === 'list') return vectorPattern(node);
  if (keyword === 'ref.null') return { type: 'ref', reference: null };
  if (keyword.startsWith('ref.')) {
    if (literal === undefined) return { type: 'ref', kind: keyword.slice('ref.'.length) };
    return { type: 'ref', reference: hostReference(Number(literal)) };
  }
  const type = keyword.replace(/\.const$/, '') as NumberType;
  if ((type === 'f32' || type === 'f64') && /^nan:(canonical|arithmetic)$/.test(literal ?? '')) {
    return { type, nan: literal!.slice('nan:'.length) as NanClass };
  }
  const bits = NUMBERS[type]?.(literal ?? '');
  if (bits === undefined) throw notAValue(node);
  return { type, bits };
}

/** `(v128.const f32x4 1.0 nan:canonical 0x1p3 -0)` */
function vectorPattern(node: List): Pattern {
  const [, shape, ...literals] = node.items.map((item) => (item.kind === 'atom' ? item.text : ''));
  const [type, width, count] = /^([if](\d+))x(\d+)$/.exec(shape ?? '')?.slice(1) ?? [];
  if (literals.length !== Number(count)) throw notAValue(node);
  const lanes = literals.map((literal): LanePattern => {
    const nan = /^nan:(canonical|arithmetic)$/.exec(literal)?.[1] as NanClass | undefined;
    if (nan !== undefined && (type === 'f32' || type === 'f64')) return { type, nan };
    const bits = NUMBERS[type!]?.(literal) ?? integerBits(literal, Number(width));
    if (bits === undefined) throw notAValue(node);
    return { bits };
  });
  if (lanes.some((lane) => 'nan' in lane)) return { type: 'v128', lanes, width: Number(width) };
  const whole = lanes.reduceRight(
    (bits, lane) => (bits << BigInt(width!)) | (lane as { bits: bigint }).bits,
    0n,
  );
  return { type: 'v128', bits: whole };
}

function matchesLanes({ lanes, width }: Extract<Pattern, { lanes: unknown }>, actual: bigint): boolean {
  return lanes.every((lane, i) => {
    const bits = BigInt.asUintN(width, actual >> BigInt(i * width));
    return 'nan' in lane ? isNan(lane.type, lane.nan, bits) : bits === lane.bits;
  });
}

function notAValue(node: Node): SyntaxProblem {
  return new SyntaxProblem(`line ${node.line}: not a value`);
}

/** Whether a raw result is what a script expects. */
export function matches(pattern: Pattern, actual: unknown): boolean {
  if (pattern.type === 'either') return pattern.patterns.some((each) => matches(each, actual));
  if ('bits' in pattern) return actual === pattern.bits;
  if ('lanes' in pattern) return typeof actual === 'bigint' && matchesLanes(pattern, actual);
  if ('nan' in pattern) return typeof actual === 'bigint' && isNan(pattern.type, pattern.nan, actual);
  if ('reference' in pattern) return actual === pattern.reference;
  if ('kind' in pattern) return pattern.kind === 'func' ? typeof actual === 'function' : actual != null;
  return false;
}

/** Either sign. Canonical: only the quiet bit; arithmetic: the quiet bit and whatever else. */
export function isNan(type: 'f32' | 'f64', nan: NanClass, bits: bigint): boolean {
  const format = type === 'f32' ? F32 : F64;
  const canonical = infinityBits(format) | quietBit(format);
  const magnitude = bits & (infinityBits(format) | ((1n << BigInt(format.mantissaBits)) - 1n));
  return nan === 'canonical' ? magnitude === canonical : (magnitude & canonical) === canonical;
}

/** For messages: `i32 0xffffffff`, `(ref.extern 7)`. */
export function describe(value: Pattern | unknown): string {
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  if (value === null) return 'null';
  if (value instanceof HostReference) return `(ref.extern ${value.number})`;
  if (typeof value !== 'object') return typeof value;
  if (!('type' in value)) return value.constructor?.name ?? 'object';
  const pattern = value as Pattern;
  if (pattern.type === 'either') return `either ${pattern.patterns.map(describe).join(' or ')}`;
  if ('bits' in pattern) return `${pattern.type} ${describe(pattern.bits)}`;
  if ('nan' in pattern) return `${pattern.type} nan:${pattern.nan}`;
  if ('lanes' in pattern) {
    return `v128 ${pattern.lanes.map((lane) => ('nan' in lane ? `nan:${lane.nan}` : describe(lane.bits))).join(' ')}`;
  }
  if ('reference' in pattern) return describe(pattern.reference);
  return `ref.${pattern.kind}`;
}
