/**
 * Rewrites a module so that any engine counts its fuel: an exported mutable i64 global, raised at the start of every
 * straight-line region, so that native WebAssembly can testify about totals. Independent of the compiler's metering.
 *
 *     loop            loop
 *       local.get 0     (fuel += 4)
 *       …        →      local.get 0 …
 *
 * A false `if` without `else` gets an `else` that counts its `end`; bulk operations and growth add ⌊n/64⌋ afterwards.
 */
import { type Body, type Decoded, type DecodedModule, decode } from './decode.ts';
import { type Bytes, bytes, name, unsigned, vector } from './leb.ts';
import { constantExpressions, regionsOf } from './regions.ts';
import { code, type Instruction, MAGIC, section } from './wasm-builder.ts';

/** Name of the counter's export. */
export const COUNTER = 'fuel of the reference';

/** The order of sections in a binary. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

export function instrument(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const module = decode(wasm);
  const counter = module.globals.length + module.imports.filter((entry) => entry.kind === 'global').length;
  const constants = constantExpressions(module).reduce((sum, expression) => sum + expression.length, 0);
  const rewritten = new Map<number, Bytes>([
    [6, appended(module, 6, [0x7e, 1, code(['i64.const', constants]), 0x0b])],
    [7, appended(module, 7, [name(COUNTER), 3, unsigned(counter)])],
    [10, vector(module.bodies.map((body, i) => functionBody(module, body, i, counter)))],
  ]);
  const original = (id: number): Bytes => {
    const found = module.sections.find((entry) => entry.id === id);
    return found === undefined ? [] : wasm.subarray(found.start, found.end);
  };
  const hasBodies = module.bodies.length > 0;
  const sections = ORDER.map((id): Bytes => {
    const content = id === 10 && !hasBodies ? undefined : rewritten.get(id);
    return content === undefined ? original(id) : section(id, content);
  });
  return bytes(MAGIC, sections) as Uint8Array<ArrayBuffer>;
}

/** A section's vector with one more entry. */
function appended(module: DecodedModule, id: number, entry: Bytes): Bytes {
  const found = module.sections.find((candidate) => candidate.id === id);
  if (found === undefined) return vector([entry]);
  const count = (id === 6 ? module.globals : module.exports).length;
  const start = found.contentStart + countWidth(module.bytes, found.contentStart);
  return [unsigned(count + 1), module.bytes.subarray(start, found.end), entry];
}

function countWidth(wasm: Uint8Array, at: number): number {
  let width = 1;
  while (wasm[at + width - 1]! >= 0x80) width++;
  return width;
}

function functionBody(module: DecodedModule, body: Body, index: number, counter: number): Bytes {
  const imported = module.functions.length - module.bodies.length;
  const { params } = module.types[module.functions[imported + index]!]!;
  const scratch = params.length + body.locals.length;
  const locals = [...body.locals.map((type): Bytes => [1, localType(type)]), [2, 0x7f]];
  const content = bytes(vector(locals), instructions(module, body.code, counter, scratch));
  return [unsigned(content.length), content];
}

const LOCAL_TYPES: Readonly<Record<string, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  funcref: 0x70,
  externref: 0x6f,
  exnref: 0x69,
};
function localType(type: string): number {
  return LOCAL_TYPES[type]!;
}

/** `fuel += units`, where units leave an i64 on the stack. */
function raise(counter: number, units: readonly Instruction[]): Uint8Array {
  return code(['global.get', counter], ...units, 'i64.add', ['global.set', counter]);
}

function instructions(
  module: DecodedModule,
  body: readonly Decoded[],
  counter: number,
  scratch: number,
): Bytes {
  const costs = new Map(regionsOf(body).map((region) => [region.start, region.cost]));
  return body.map((next, i): Bytes => {
    const cost = costs.get(i);
    const charge = cost === undefined ? [] : raise(counter, [['i64.const', cost]]);
    const original = module.bytes.subarray(next.start, next.end);
    const opener = body[next.opener];
    if (next.name === 'end' && opener?.name === 'if' && opener.elseAt < 0) {
      return [charge, 0x05, raise(counter, [['i64.const', 1]]), original];
    }
    return [charge, withExtra(next.name, original, counter, scratch)];
  });
}

/** Instructions whose topmost operand is an amount, and what they cost beyond 1 (`shift` as in n * 2^shift). */
const EXTRA: Readonly<Record<string, number>> = {
  'memory.fill': -6,
  'memory.copy': -6,
  'memory.init': -6,
  'table.fill': -6,
  'table.copy': -6,
  'table.init': -6,
  'memory.grow': 10,
  'table.grow': -6,
};

function withExtra(instruction: string, original: Uint8Array, counter: number, scratch: number): Bytes {
  const shift = EXTRA[instruction];
  if (shift === undefined) return original;
  const amount: Instruction[] = [
    ['local.get', scratch],
    'i64.extend_i32_u',
    ['i64.const', Math.abs(shift)],
    shift < 0 ? 'i64.shr_u' : 'i64.shl',
  ];
  const grows = instruction.endsWith('grow');
  const succeeded: Instruction[] = [
    ['local.get', scratch + 1],
    ['i32.const', -1],
    'i32.ne',
    'i64.extend_i32_u',
    'i64.mul',
  ];
  return [
    code(['local.tee', scratch]),
    original,
    grows ? code(['local.tee', scratch + 1]) : [],
    raise(counter, grows ? [...amount, ...succeeded] : amount),
  ];
}
