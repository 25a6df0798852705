/**
 * The text of precompiled files (docs/ABI.md shows one): parts with the functions of a range of indices, and the wrappers
 * at the border with the host. What a function's text is, is none of this file's business: it is the same as at run time
 * (module.ts), only what stands around differs.
 *
 *   (function (H, F, T) {
 *   const { exhausted, _S } = H;                             the library (runtime/library.ts)
 *   let f900_other;                                          functions of other parts
 *   function f12_mix(E, l0) { … }
 *   return {
 *     functions: [f12_mix, …], tails: { 14: f14_even$tail },
 *     link() { f900_other = F[900]; }, ends: [() => new Error(), () => new Error()],
 *   };
 *   })
 */
import { BOUNDARY } from '../../runtime/boundary.ts';
import { type DefinedType, defineTypes } from '../../runtime/defined-types.ts';
import { layoutOf } from '../../runtime/layout.ts';
import { wrapperKey } from '../../runtime/signatures.ts';
import { shapeName } from '../../runtime/struct-classes.ts';
import type { FuncType } from '../../runtime/types.ts';
import type { ModuleInfo } from '../binary/module-info.ts';
import type { EmitOptions } from './function-emitter.ts';
import { bindings, emitGroup, functionName } from './module.ts';
import { type Position, print } from './print.ts';
import { shapeText } from './shapes.ts';
import { tailName } from './tail-calls.ts';
import { exportWrapperText, importWrapperText } from './wrappers.ts';

export interface PartLayout {
  readonly indent?: boolean;
  /** Where instructions that may trap land, line and column counted from the start of the part's text. */
  readonly positions?: Position[];
}

/** The functions from one defined index to another (not included). */
export function partText(
  module: ModuleInfo,
  from: number,
  to: number,
  options: EmitOptions,
  { indent = false, positions }: PartLayout = {},
): string {
  const members = Array.from({ length: to - from }, (_, i) => from + i);
  const { parts, uses, callees, tails, outerOf } = emitGroup(module, members, options, () => false, true);
  const name = (defined: number) => functionName(module, defined + module.importedFunctions);
  const forms = new Set(parts.map((part) => part.name));
  const hasForm = (defined: number) => forms.has(tailName(name(defined)));
  const outer = [...callees];
  const head = [
    '(function (H, F, T) {',
    'const first = () => new Error();',
    print(bindings(uses, options.target === 'jitless'), indent).trimEnd(),
    listed('let', [
      ...outer.map(name),
      ...outer.filter((each) => tails.has(each)).map((each) => tailName(name(each))),
    ]),
    // A tail call of a function without a tail form is an ordinary one.
    ...members
      .filter((each) => tails.has(each) && !hasForm(each))
      .map((each) => `const ${tailName(name(each))} = ${name(each)};`),
  ].filter((line) => line !== '');
  const offsets: Position[] = [];
  const declarations = parts.map(({ declaration }) => declaration);
  const body = print(declarations, indent, positions === undefined ? undefined : offsets);
  const headText = `${head.join('\n')}\n`;
  const lines = headText.split('\n').length - 1;
  for (const each of offsets) positions!.push({ ...each, line: each.line + lines });
  const links = outer.flatMap((each) => [
    `${name(each)} = F[${each}];`,
    ...(tails.has(each) ? [`${tailName(name(each))} = T[${each}];`] : []),
  ]);
  const forked = members.filter(hasForm).map((each) => `${each}: ${tailName(name(each))}`);
  const foot = [
    'return {',
    `functions: [${members.map(outerOf).join(', ')}],`,
    `tails: {${forked.join(', ')}},`,
    `link() {${links.join(' ')}},`,
    'ends: [first, () => new Error()],',
    '};',
    '})',
  ];
  return `${headText}${body}${foot.join('\n')}`;
}

function listed(keyword: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `${keyword} ${names.join(', ')};`;
}

/**
 * `(B) => ({ exports, imports, structs })`: the functions at the border, by the key of their signature. Exported ones for all
 * types of functions that the host can come to see, imported ones for those of imports.
 */
export function wrappersText(module: ModuleInfo): string {
  const types = defineTypes(module.types);
  const typesOf = (functions: Iterable<number>) =>
    new Set(Array.from(functions, (index) => types[module.functions[index]!]!));
  const visible = typesOf([...module.declaredFunctions, ...exportedFunctions(module)]);
  const imported = typesOf(Array.from({ length: module.importedFunctions }, (_, i) => i));
  const text = [
    'return {',
    `exports: {${bySignature([...visible, ...imported], exportWrapperText)}},`,
    `imports: {${bySignature(imported, importWrapperText)}},`,
    `structs: {${structClasses(types)}},`,
    '};',
    '}',
  ].join('\n');
  const words = new Set(text.match(/\w+/g));
  const bound = Object.keys(BOUNDARY).filter((name) => words.has(name));
  return `(B) => {\n${bound.length > 0 ? `const { ${bound.join(', ')} } = B;\n` : ''}${text}`;
}

function exportedFunctions({ exports }: ModuleInfo): number[] {
  return exports.filter(({ kind }) => kind === 'func').map(({ index }) => index);
}

/** `"i32 -> i32": (T) => …`, each signature once. */
function bySignature(types: Iterable<DefinedType>, text: (type: FuncType) => string): string {
  const found = new Map<string, string>();
  for (const { func } of types) {
    const key = wrapperKey(func);
    if (!found.has(key)) found.set(key, `${JSON.stringify(key)}: (T) => ${text(func)}`);
  }
  return [...found.values()].map((entry) => `\n${entry},`).join('');
}

function structClasses(types: readonly DefinedType[]): string {
  const found = new Map<string, string>();
  for (const type of types) {
    if (type.kind !== 'struct') continue;
    const shape = layoutOf(type.fields);
    found.set(shapeName(shape), shapeText(shape));
  }
  return [...found].map(([name, text]) => `${name}: ${text},`).join('\n');
}
