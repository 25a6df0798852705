/**
 * Values of command-line options, parsed strictly: what is not exactly right is wrong usage (exit status 2). And the
 * options that several commands have.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { FEATURE_NAMES, type FeatureOptions, isFeatureName } from '../../compiler/features.ts';

/** What the program may see of the host, as given. */
export interface GuestOptions {
  readonly env?: Record<string, string>;
  readonly envInherit?: true;
  readonly dir?: Record<string, string>;
}

/** What the program may see of the host: its environment, and its directories by the names it knows them by. */
export interface Guest {
  readonly env: Readonly<Record<string, string>>;
  readonly dirs: Readonly<Record<string, string>>;
}

export function addGuestOptions(command: Command): Command {
  return command
    .option('--env <name=value>', 'set an environment variable of the program (repeatable)', collectEnv)
    .option('--env-inherit', "give the program all of this process's environment; --env overrides")
    .option(
      '--dir <host[::guest]>',
      'let the program use a directory, under its own name or guest (repeatable)',
      collectDir,
    );
}

export function guestOf({ env, envInherit, dir }: GuestOptions): Guest {
  const inherited = envInherit === true ? (process.env as Record<string, string>) : {};
  return { env: { ...inherited, ...env }, dirs: dir ?? {} };
}

function natural(text: string): bigint {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return BigInt(text);
}

/** `--fuel N`: any size. */
export function parseFuel(text: string): bigint {
  return natural(text);
}

/** `--timeout MS`: whole milliseconds, from 1 to what a timer can hold (about 24 days). */
export function parseTimeout(text: string): number {
  const value = natural(text);
  if (value < 1n || value > 0x7fff_ffffn)
    throw new InvalidArgumentError('It must be from 1 to 2147483647 ms.');
  return Number(value);
}

/** `--max-memory PAGES` of 64 KiB; a 32-bit memory has at most 65,536. */
export function parsePages(text: string): number {
  const value = natural(text);
  if (value > 65536n) throw new InvalidArgumentError('It must be from 0 to 65536 pages of 64 KiB.');
  return Number(value);
}

/** `--cache-bytes N`. */
export function parseBytes(text: string): number {
  const value = natural(text);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new InvalidArgumentError('It is too large.');
  return Number(value);
}

/** Where the cache lies: `--cache`, or else the environment's `SANDGLASS_CACHE`; empty means nowhere. */
export function cacheFrom({ cache }: { readonly cache?: string }): string | undefined {
  const path = cache ?? process.env.SANDGLASS_CACHE;
  return path === '' ? undefined : path;
}

/** The option of every command that compiles. */
export function addFeatureOption(command: Command): Command {
  return command.option(
    '--features <list>',
    'switch proposals on and off: +wide-arithmetic,-multi-memory (repeatable)',
    collectFeatures,
  );
}

/** `--features +a,-b`, repeatable; a name without a sign is switched on. */
export function collectFeatures(text: string, previous: FeatureOptions = {}): FeatureOptions {
  const features: { -readonly [Name in keyof FeatureOptions]: FeatureOptions[Name] } = { ...previous };
  for (const item of text.split(',')) {
    const name = item.replace(/^[+-]/, '');
    if (!isFeatureName(name)) {
      const what = `"${name}" is no feature; there are: ${FEATURE_NAMES.join(', ')}`;
      throw new InvalidArgumentError(`It must be a list such as +simd,-threads: ${what}.`);
    }
    features[name] = !item.startsWith('-');
  }
  return features;
}

/** `--rounds N`: at least one. */
export function parseRounds(text: string): number {
  const value = natural(text);
  if (value < 1n || value > 10_000n) throw new InvalidArgumentError('It must be from 1 to 10000.');
  return Number(value);
}

/** `--func N`: an index, imports counted. */
export function parseIndex(text: string): number {
  const value = natural(text);
  if (value > 0xffff_ffffn) throw new InvalidArgumentError('It must be a function index.');
  return Number(value);
}

/** `--env K=V`, repeatable; the first `=` separates, so values may hold more of them. */
export function collectEnv(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const separator = text.indexOf('=');
  if (separator < 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  return { ...previous, [text.slice(0, separator)]: text.slice(separator + 1) };
}

/**
 * `--dir host[::guest]`, repeatable: guest path → host path. Without a guest path both are the same. A slash at its end (a
 * shell's completion adds it) is dropped: programs look for a preopened directory by the beginning of a path.
 */
export function collectDir(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const separator = text.indexOf('::');
  const host = separator < 0 ? text : text.slice(0, separator);
  const guest = (separator < 0 ? text : text.slice(separator + 2)).replace(/(?<=.)\/+$/, '');
  if (host === '' || guest === '') throw new InvalidArgumentError('It must be HOST or HOST::GUEST.');
  if (Object.hasOwn(previous, guest)) throw new InvalidArgumentError(`"${guest}" is mapped twice.`);
  return { ...previous, [guest]: host };
}
