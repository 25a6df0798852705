/**
 * The text format, through `parse` of `@bytecodealliance/jco-transpile/wasm-tools`: an optional peer dependency, looked
 * for beside this package first, then from the current directory. It is itself a WebAssembly program, so it needs the
 * engine's `WebAssembly` object; Sandglass does not.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CliError } from './exit-status.ts';

const PACKAGE = '@bytecodealliance/jco-transpile';

interface WasmTools {
  parse(wat: string): Promise<Uint8Array>;
}

/** The parser's module, or undefined if the package cannot be found from `base`. */
async function importFrom(base: string): Promise<WasmTools | undefined> {
  try {
    const path = createRequire(base).resolve(`${PACKAGE}/wasm-tools`);
    return (await import(pathToFileURL(path).href)) as WasmTools;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined;
    throw error;
  }
}

export async function parseWat(file: string, bytes: Uint8Array): Promise<Uint8Array> {
  if (!('WebAssembly' in globalThis)) {
    throw new CliError(
      `${file}: the parser of the text format needs WebAssembly, which this engine lacks; convert the file elsewhere`,
    );
  }
  const tools =
    (await importFrom(import.meta.url)) ?? (await importFrom(join(process.cwd(), 'package.json')));
  if (tools === undefined) {
    throw new CliError(`${file}: the text format needs an optional package: npm install ${PACKAGE}`);
  }
  try {
    return await tools.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new CliError(`${file}: ${watMessage(error)}`);
  }
}

/** The parser's complaint is a Rust structure in debug print; what it says and where is taken out of it. */
function watMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [, reason] = /.*\bkind: \w+\("((?:[^"\\]|\\.)*)"\)/s.exec(text) ?? [];
  const [, line, column] = /\bText \{ line: (\d+), col: (\d+)/.exec(text) ?? [];
  const message = reason?.replace(/\\(.)/g, '$1') ?? 'syntax error';
  return line === undefined ? message : `${message} (line ${Number(line) + 1}, column ${Number(column) + 1})`;
}
