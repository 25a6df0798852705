/**
 * The functions at the border with the host, one text per signature: no argument arrays, every value coerced as the
 * JavaScript API says. They bind the names of `BOUNDARY` (runtime/boundary.ts).
 *
 * Strings, not nodes: there are only a few, they are read whole, and nothing in them comes from a module.
 */
import { type FuncType, typeText, type ValueType } from '../../runtime/types.ts';

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

function isNumber(type: ValueType): boolean {
  return type === 'i32' || type === 'i64' || type === 'f32' || type === 'f64';
}

/** Cells in which the results lie that are not the return value, as expressions after the call. */
function storedResults(results: readonly ValueType[]): { type: ValueType; cell: string }[] {
  const stored: { type: ValueType; cell: string }[] = [];
  let references = 0;
  results.forEach((type, i) => {
    if (i === 0 && type !== 'i64') return;
    const n = stored.length;
    if (type === 'i64') stored.push({ type, cell: `R[sp + ${n}]` });
    else if (type === 'i32') stored.push({ type, cell: `RL[2 * sp + ${2 * n}]` });
    else if (type === 'f32' || type === 'f64') stored.push({ type, cell: `RD[sp + ${n}]` });
    else stored.push({ type, cell: `RR[rp + ${references++}]` });
  });
  return stored;
}

class Conversions {
  readonly #types: readonly ValueType[];

  constructor(type: FuncType) {
    this.#types = referenceTypes(type);
  }

  fromHost(type: ValueType, value: string): string {
    if (type === 'i32') return `${value} | 0`;
    if (type === 'i64') return `BigInt.asIntN(64, ${value})`;
    if (type === 'f32') return `Math.fround(${value})`;
    if (type === 'f64') return `+${value}`;
    return `fromHost(${value}, T[${this.#types.indexOf(type)}])`;
  }

  toHost(type: ValueType, value: string): string {
    return isNumber(type) ? value : `toHost(${value}, T[${this.#types.indexOf(type)}])`;
  }
}

const REMEMBER = 'const sp = S.sp, rp = S.rp, depth = S.depth;';
const RESTORE = 'S.sp = sp; S.rp = rp; S.depth = depth;';
const REFUEL = 'if (S.fuel < 0) store.account.refuel();';

/** `cells` of the register file, from the first free one. */
function fits(cells: number): string {
  return cells > 0 ? `if (sp + ${cells} > S.limit) exhaustedAtBoundary();` : '';
}

/** `(reference, store) => exported function`, with `T`, `BOUNDARY`'s names bound. */
export function exportWrapperText(type: FuncType): string {
  const { params, results } = type;
  const convert = new Conversions(type);
  const names = params.map((_, i) => `a${i}`);
  const cells = params.filter((each) => each === 'i64').length;
  let cell = 0;
  const lines = [
    'if (store.closed) closed();',
    ...params.map((each, i) => `a${i} = ${convert.fromHost(each, `a${i}`)};`),
    'const outer = store.enter();',
    REMEMBER,
    'let result;',
    'try {',
    fits(cells),
    ...params.map((each, i) => (each === 'i64' ? `R[sp + ${cell++}] = a${i};` : '')),
    `result = reference.code(${['reference.env', ...names.filter((_, i) => params[i] !== 'i64')].join(', ')});`,
    REFUEL,
    `} catch (error) { ${RESTORE} S.tail = null; if (outer !== undefined) outer.enter(); throw outgoing(error, reference); }`,
    'if (outer !== undefined) outer.enter();',
    exportResult(results, convert),
  ];
  return `(reference, store) => (${names.join(', ')}) => {\n${lines.filter(Boolean).join('\n')}\n}`;
}

function exportResult(results: readonly ValueType[], convert: Conversions): string {
  const stored = storedResults(results);
  const values = stored.map(({ type, cell }) => convert.toHost(type, cell));
  const [first] = results;
  if (first !== undefined && first !== 'i64') values.unshift(convert.toHost(first, 'result'));
  if (results.length === 0) return '';
  return results.length === 1 ? `return ${values[0]};` : `return [${values.join(', ')}];`;
}

/** `(H, …) => result`: code whose environment holds the host function. */
export function importWrapperText(type: FuncType): string {
  const { params, results } = type;
  const convert = new Conversions(type);
  const names: string[] = [];
  let cell = 0;
  const args = params.map((each, i) => {
    if (each === 'i64') return `R[sp + ${cell++}]`;
    names.push(`a${i}`);
    return convert.toHost(each, `a${i}`);
  });
  const stored = storedResults(results);
  const reserve = Math.max(cell, stored.length);
  const lines = [
    'const store = H.S, fn = H.fn;',
    REMEMBER,
    fits(reserve),
    REFUEL,
    'let result;',
    'try {',
    `result = fn(${args.join(', ')});`,
    ...importResults(results, convert),
    `} catch (error) { ${RESTORE} throw incoming(error); }`,
    ...stored.map(({ cell: place }, i) => `${place} = stored${i};`),
    results.length > 0 && results[0] !== 'i64' ? 'return result;' : '',
  ];
  const variables = stored.map((_, i) => `stored${i}`);
  const declared = variables.length > 0 ? `let ${variables.join(', ')};\n` : '';
  return `function (${['H', ...names].join(', ')}) {\n${declared}${lines.filter(Boolean).join('\n')}\n}`;
}

function importResults(results: readonly ValueType[], convert: Conversions): string[] {
  if (results.length === 0) return [];
  if (results.length === 1) {
    const target = results[0] === 'i64' ? 'stored0' : 'result';
    return [`${target} = ${convert.fromHost(results[0]!, 'result')};`];
  }
  let n = 0;
  const lines = [`const list = resultList(result, ${results.length});`];
  results.forEach((type, i) => {
    const target = i === 0 && type !== 'i64' ? 'result' : `stored${n++}`;
    lines.push(`${target} = ${convert.fromHost(type, `list[${i}]`)};`);
  });
  return lines;
}
