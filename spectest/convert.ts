/**
 * Text modules → binary modules, by a third-party parser of the text format that lives in this folder's own
 * `node_modules`. Sandglass has no text parser, so what the parser refuses says nothing about Sandglass.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spectestHome } from './home.ts';
import { flattenTries } from './legacy-text.ts';
import type { ModuleSource } from './script.ts';
import { TextProblem } from './text-problem.ts';

export type Convert = (source: ModuleSource) => Promise<Uint8Array>;

/** A complaint about the set-up, for the user. */
export class SetupProblem extends Error {}

const PARSER = '@bytecodealliance/jco-transpile/wasm-tools';

/** Loads the parser: some 30 ms. */
export async function loadConverter(): Promise<Convert> {
  const { parse } = await loadParser();
  return async (source) => {
    if (source.kind === 'binary') return source.bytes;
    try {
      return await parse(flattenTries(escapeBidirectional(source.text)));
    } catch (error) {
      throw new TextProblem(reasonOf(error));
    }
  };
}

async function loadParser(): Promise<{ parse(text: string): Promise<Uint8Array> }> {
  const path = resolveParser() ?? installParser();
  if (path === undefined)
    throw new SetupProblem(`spectest: ${PARSER} could not be installed: try npm ci --prefix spectest`);
  return import(pathToFileURL(path).href);
}

function resolveParser(): string | undefined {
  try {
    return createRequire(join(spectestHome(), 'package.json')).resolve(PARSER);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** At the first run. What npm says goes to stderr: stdout is the run's. */
function installParser(): string | undefined {
  console.error('spectest: installing the parser of the text format: npm ci --prefix spectest');
  const args = ['ci', '--prefix', spectestHome(), '--no-audit', '--no-fund', '--loglevel=error'];
  spawnSync('npm', args, { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  return resolveParser();
}

/** The parser refuses characters that could make a text look like another; as escapes, in strings, it takes them. */
function escapeBidirectional(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u206f]/g, (char) => `\\u{${char.charCodeAt(0).toString(16)}}`);
}

/** The parser's errors are a dump of its data: `… line: 3, col: 8 … Custom("unknown operator") …` */
function reasonOf(error: unknown): string {
  const dump = String(error);
  return /Custom\("((?:[^"\\]|\\.)*)"\)/.exec(dump)?.[1] ?? dump.slice(0, 200);
}
