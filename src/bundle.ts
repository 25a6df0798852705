/**
 * What esbuild does for precompiled files: the runtime as one text, for files that import nothing, and smaller text.
 */
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { type Marks, movedMarks } from '../compiler/emit/marks.ts';

/** What a standalone file exports beside its module, since nothing else could give its users these. */
export const STANDALONE_EXPORTS = [
  'AbortError',
  'CompileError',
  'Exception',
  'ExitError',
  'formatWasmStack',
  'Global',
  'HOST_STATE',
  'Instance',
  'InternalError',
  'LinkError',
  'Memory',
  'OutOfFuelError',
  'Runtime',
  'RuntimeError',
  'Snapshot',
  'SnapshotError',
  'Table',
  'Tag',
  'TimeoutError',
  'Trap',
];

/** Beside this file, as source or built. */
const RUNTIME = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './runtime.ts' : './runtime.js', import.meta.url),
);

/** Statements that declare `precompiled` and export the rest. Names of the bundle stay in a function of its own. */
export async function bundledRuntime(minify: boolean): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { precompiled, ${STANDALONE_EXPORTS.join(', ')} } from ${JSON.stringify(RUNTIME)};`,
      resolveDir: '/',
    },
    bundle: true,
    format: 'iife',
    globalName: 'sandglass',
    platform: 'neutral',
    target: 'es2022',
    charset: 'utf8',
    minify,
    write: false,
    logLevel: 'silent',
  });
  const text = outputFiles[0]!.text;
  return `${text}const { precompiled } = sandglass;\nexport const { ${STANDALONE_EXPORTS.join(', ')} } = sandglass;\n`;
}

/** A text, and where instructions landed in it, if that is wanted. */
export interface MarkedText {
  readonly text: string;
  readonly marks: Marks | undefined;
}

/**
 * An expression in less text, with the names of functions as they are: stack traces are read by them. `names`: with others,
 * where nobody reads them.
 */
export async function minifiedExpression({ text, marks }: MarkedText, names = false): Promise<MarkedText> {
  const options = { minifyWhitespace: true, minifySyntax: true, target: 'es2022', charset: 'utf8' } as const;
  const { code, map } = await transform(VALUE + text, {
    ...options,
    minifyIdentifiers: names,
    format: 'esm',
    logLevel: 'silent',
    ...(marks && { sourcemap: 'external' }),
  });
  const shorter = code.slice(VALUE.length).replace(/;\s*$/, '');
  return { text: shorter, marks: marks && movedMarks(marks, map, VALUE.length) };
}

/** Stands before an expression: a statement, not a declaration; it stays as it is. */
const VALUE = 'v=';
