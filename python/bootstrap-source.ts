/**
 * The text that turns a booted CPython into the guest of a sandbox: the modules of `bootstrap/`, in the order in which
 * they need each other, behind `boot.py`, which builds them. Needed once per image, never when one is restored.
 */
import { readFileSync } from 'node:fs';

/** Each imports only those before it. */
const MODULES = [
  'wire',
  'tracing',
  'calls',
  'names',
  'errors',
  'loop',
  'repl',
  'streams',
  'entropy',
  'reducers',
  'state',
  'run',
  'serve',
  'common',
] as const;

const read = (name: string) => readFileSync(new URL(`./bootstrap/${name}.py`, import.meta.url), 'utf8');

/** JSON strings of ASCII are Python literals, too. */
const literal = (value: unknown) =>
  JSON.stringify(value).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** What tracebacks would call the text below, if they ever showed a frame of it. */
export const BOOTSTRAP_FILENAME = '<sandglass>/boot.py';

/** One Python text that defines `call`, the function that `Guest` speaks to. */
export function bootstrapSource(): string {
  const sources = Object.fromEntries(MODULES.map((name) => [name, read(name)]));
  return `SOURCES = ${literal(sources)}\nORDER = ${literal(MODULES)}\n${read('boot')}`;
}
