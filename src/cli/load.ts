/**
 * Reads a module for a command: a binary, or text that goes through an optional parser (`wat.ts`). Every way in which
 * that can fail becomes one line that names the file.
 */
import fs, { closeSync, openSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { CompileError, LinkError } from '../../runtime/errors.ts';
import { readOpenFile } from '../file-bytes.ts';
import type { Module } from '../index.ts';
import { sourceMapReader } from '../source-files.ts';
import { CliError } from './exit-status.ts';
import { parseWat } from './wat.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory',
  EACCES: 'permission denied',
  ENOTDIR: 'a part of the path is not a directory',
  ERR_FS_FILE_TOO_LARGE: 'larger than 2 GiB',
};

function read(file: string): Uint8Array {
  try {
    const descriptor = openSync(file, 'r');
    try {
      return readOpenFile(fs, descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(`${file}: ${REASONS[code ?? ''] ?? message}`);
  }
}

/** The text format by extension, or by its first characters after blanks and comments. */
export function looksLikeWat(file: string, bytes: Uint8Array): boolean {
  if (extname(file).toLowerCase() === '.wat') return true;
  const start = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  return /^\s*(;;[^\n]*\n\s*)*\(\s*module\b/.test(start);
}

/** What `sandglass compile` writes is not run here: people expect that what they run by this command is contained. */
function isJavaScript(file: string): CliError {
  const use = `import { instantiate } from './${basename(file)}' in a program`;
  return new CliError(
    `${file}: is JavaScript, not a WebAssembly module; ${use}, or name the module that it was compiled from`,
  );
}

function isBinary(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

/** The binary module in a file. */
export async function loadModule(file: string): Promise<Uint8Array> {
  const bytes = read(file);
  if (bytes.length === 0) throw new CliError(`${file}: the file is empty`);
  if (/\.[cm]?js$/i.test(file) && !isBinary(bytes)) throw isJavaScript(file);
  return looksLikeWat(file, bytes) ? await parseWat(file, bytes) : bytes;
}

/** Lets a module find the source map that it names. */
export function findSourceMap(file: string, module: Module): void {
  const url = module.sourceMapUrl;
  if (url !== undefined && !url.startsWith('data:'))
    module.provideSourceMap(() => sourceMapReader(file)(url));
}

/** Runs a step of compiling or instantiating; what is wrong with the module is then said with the file's name. */
export function naming<T>(file: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw named(file, error);
  }
}

/** The same for a step that takes a while. */
export async function namingAsync<T>(file: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw named(file, error);
  }
}

function named(file: string, error: unknown): unknown {
  const ofModule = error instanceof CompileError || error instanceof LinkError;
  // A RangeError: a memory or table over its limit.
  return ofModule || error instanceof RangeError ? new CliError(`${file}: ${error.message}`) : error;
}
