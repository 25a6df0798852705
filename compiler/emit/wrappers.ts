/**
 * The functions at the border with the host, one text per signature: no argument arrays, every value coerced as the
 * JavaScript API says. They bind the names of `BOUNDARY` (runtime/boundary.ts).
 *
 * Strings, not nodes: there are only a few, they are read whole, and nothing in them comes from a module.
 */
import { isNumber, referenceTypes } from '../../runtime/signatures.ts';
import { cellsOf, EXTERNREF, type FuncType, type ValueType } from '../../runtime/types.ts';

/** Cells in which the results lie that are not the return value, as expressions after the call. */
function storedResults(results: readonly ValueType[]): { type: ValueType; cell: string }[] {
  const stored: { type: ValueType; cell: string }[] = [];
  let references = 0;
  let n = 0;
  results.forEach((type, i) => {
    if (i === 0 && cellsOf(type) === 0) return;
    if (type === 'i64') stored.push({ type, cell: `R[sp + ${n}]` });
    else if (type === 'i32') stored.push({ type, cell: `RL[2 * sp + ${2 * n}]` });
    else if (type === 'f32' || type === 'f64') stored.push({ type, cell: `RD[sp + ${n}]` });
    else if (type === 'v128') stored.push({ type, cell: vectorAt(n) });
    else stored.push({ type, cell: `RR[rp + ${references++}]` });
    n += cellsOf(type) || 1;
  });
  return stored;
}

/** The words of a v128 that begins at cell `n`, as a copy. */
function vectorAt(n: number): string {
  return `RL.slice(2 * sp + ${2 * n}, 2 * sp + ${2 * n + 4})`;
}

/** Writes an i64 or a v128 where the callee, or the caller, looks for it. */
function storeAt(type: ValueType, cell: string, value: string, n: number): string {
  return type === 'v128' ? `RL.set(${value}, 2 * sp + ${2 * n});` : `${cell} = ${value};`;
}

/** For each type, the cell in which it begins if it lies in cells; and how many there are in all. */
function cellLayout(types: readonly ValueType[]): { starts: number[]; size: number } {
  let size = 0;
  const starts = types.map((type) => {
    const start = size;
    size += cellsOf(type);
    return start;
  });
  return { starts, size };
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
    // Any value of the host is one, as it is.
    if (type === EXTERNREF) return value;
    return `fromHost(${value}, T[${this.#types.indexOf(type)}])`;
  }

  toHost(type: ValueType, value: string): string {
    return isNumber(type) || type === EXTERNREF ? value : `toHost(${value}, T[${this.#types.indexOf(type)}])`;
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
  const { starts, size: cells } = cellLayout(params);
  const lines = [
    'if (store.closed) closed();',
    ...params.map((each, i) => `a${i} = ${convert.fromHost(each, `a${i}`)};`),
    'const outer = store.enter();',
    REMEMBER,
    'let result;',
    'try {',
    fits(cells),
    ...params.map((each, i) =>
      cellsOf(each) > 0 ? storeAt(each, `R[sp + ${starts[i]}]`, `a${i}`, starts[i]!) : '',
    ),
    `result = reference.code(${['reference.env', ...names.filter((_, i) => cellsOf(params[i]!) === 0)].join(', ')});`,
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
  if (first !== undefined && cellsOf(first) === 0) values.unshift(convert.toHost(first, 'result'));
  if (results.length === 0) return '';
  return results.length === 1 ? `return ${values[0]};` : `return [${values.join(', ')}];`;
}

/** `(H, …) => result`: code whose environment holds the host function. */
export function importWrapperText(type: FuncType): string {
  const { params, results } = type;
  const convert = new Conversions(type);
  const names: string[] = [];
  const { starts, size } = cellLayout(params);
  const args = params.map((each, i) => {
    if (each === 'i64') return `R[sp + ${starts[i]}]`;
    if (each === 'v128') return convert.toHost(each, vectorAt(starts[i]!));
    names.push(`a${i}`);
    return convert.toHost(each, `a${i}`);
  });
  const stored = storedResults(results);
  const reserve = Math.max(size, 2 * stored.length);
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
    ...storedLines(stored),
    results.length > 0 && cellsOf(results[0]!) === 0 ? 'return result;' : '',
  ];
  const variables = stored.map((_, i) => `stored${i}`);
  const declared = variables.length > 0 ? `let ${variables.join(', ')};\n` : '';
  return `function (${['H', ...names].join(', ')}) {\n${declared}${lines.filter(Boolean).join('\n')}\n}`;
}

function importResults(results: readonly ValueType[], convert: Conversions): string[] {
  if (results.length === 0) return [];
  if (results.length === 1) {
    const target = cellsOf(results[0]!) > 0 ? 'stored0' : 'result';
    return [`${target} = ${convert.fromHost(results[0]!, 'result')};`];
  }
  let n = 0;
  const lines = [`const list = resultList(result, ${results.length});`];
  results.forEach((type, i) => {
    const target = i === 0 && cellsOf(type) === 0 ? 'result' : `stored${n++}`;
    lines.push(`${target} = ${convert.fromHost(type, `list[${i}]`)};`);
  });
  return lines;
}

function storedLines(stored: readonly { type: ValueType; cell: string }[]): string[] {
  let n = 0;
  return stored.map(({ type, cell }, i) => {
    const line = storeAt(type, cell, `stored${i}`, n);
    n += cellsOf(type) || 1;
    return line;
  });
}
