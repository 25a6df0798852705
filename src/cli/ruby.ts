/**
 * Ruby's WebAssembly build (`@ruby/…-wasm-wasi`) is a library that a JavaScript host drives, not a command: it has no
 * `_start`. This is the little host that lets `sandglass run ruby.wasm -e 'puts 1'` work as `ruby -e 'puts 1'` does. It
 * gives Ruby no bridge to JavaScript: functions of that bridge refuse by name when they are called.
 *
 * Understood are `-e code` (repeatable), a script's file name, and arguments for either; other options go to Ruby as they
 * are. Not run: `at_exit` blocks. Strings pass as `list<string>` of the interface types of 2021 that Ruby's exports
 * are named after: an array of {pointer, length} in memory that `cabi_realloc` allots.
 */
import type { ModuleDescription } from '../../runtime/types.ts';
import { CliError } from './exit-status.ts';

const INIT = 'ruby-init: func(args: list<string>) -> ()';
const EVAL = 'rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>';
const BRIDGE = ['rb-js-abi-host', 'canonical_abi'];
/** Called around every evaluation; the handles are never looked at again. */
const HARMLESS: Readonly<Record<string, () => number>> = {
  'resource_new_rb-abi-value': () => 0,
  'resource_drop_js-abi-value': () => 0,
};

type Exports = Readonly<Record<string, unknown>>;
type Call = (...args: number[]) => number;

export function isRuby({ exports }: ModuleDescription): boolean {
  return exports.some(({ name }) => name === INIT);
}

/** The imports that Ruby wants besides WASI's. */
export function rubyImports({ imports }: ModuleDescription): Record<string, Record<string, () => number>> {
  const bridge = Object.fromEntries(BRIDGE.map((module) => [module, {} as Record<string, () => number>]));
  for (const { module, name } of imports) {
    if (!BRIDGE.includes(module)) continue;
    bridge[module]![name] = HARMLESS[name] ?? (() => refuse(name));
  }
  return bridge;
}

function refuse(name: string): never {
  throw new CliError(`Ruby has no bridge to JavaScript here: ${name.split(':', 1)[0]}`);
}

/** Runs Ruby to its end, which is `proc_exit`; returns only if Ruby itself fails. */
export function runRuby(exports: Exports, args: readonly string[]): number {
  const { options, program, rest } = commandLine(args);
  const init = ['ruby', '-EUTF-8', ...options, '-e', '_=0'];
  (exports[INIT] as Call)(...list(exports, init));
  (exports[EVAL] as Call)(...string(exports, bootstrap(program, rest)));
  return 1;
}

interface Program {
  /** A Ruby expression that runs the program. */
  readonly run: string;
  readonly name: string;
}

/** Options for Ruby, then what to run, then the program's own arguments. */
function commandLine(args: readonly string[]): {
  options: string[];
  program: Program;
  rest: readonly string[];
} {
  const options: string[] = [];
  const code: string[] = [];
  let at = 0;
  for (; at < args.length && args[at]!.startsWith('-'); at++) {
    if (args[at] !== '-e') options.push(args[at]!);
    else if (++at < args.length) code.push(args[at]!);
    else throw new CliError('no code specified for -e');
  }
  if (code.length > 0) {
    const run = `TOPLEVEL_BINDING.eval(${literal(code.join('\n'))}, "-e", 1)`;
    return { options, program: { run, name: '-e' }, rest: args.slice(at) };
  }
  const file = args[at];
  if (file === undefined) throw new CliError('Ruby needs a script, or code with -e');
  return { options, program: { run: `load(${literal(file)})`, name: file }, rest: args.slice(at + 1) };
}

/** What ruby's own `main` does around a program. */
function bootstrap({ run, name }: Program, args: readonly string[]): string {
  return `lambda do
    status = 0
    $0 = ${literal(name)}
    ARGV.replace([${args.map(literal).join(',')}])
    begin
      ${run}
    rescue SystemExit => error
      status = error.status
    rescue Exception => error
      $stderr.write(error.full_message(highlight: false))
      status = 1
    end
    $stdout.flush
    exit!(status)
  end.call`;
}

/** Any text as a Ruby expression: hexadecimal needs no quoting. */
function literal(text: string): string {
  return `["${Buffer.from(text).toString('hex')}"].pack("H*").force_encoding("UTF-8")`;
}

function string(exports: Exports, text: string): [pointer: number, length: number] {
  const bytes = Buffer.from(text);
  const pointer = (exports.cabi_realloc as Call)(0, 0, 1, bytes.length);
  memoryOf(exports).set(bytes, pointer);
  return [pointer, bytes.length];
}

/** Ruby takes its arguments for C strings, so each ends in a zero byte. */
function list(exports: Exports, texts: readonly string[]): [pointer: number, count: number] {
  const entries = texts.flatMap((text) => string(exports, `${text}\0`));
  const table = Uint32Array.from(entries);
  const pointer = (exports.cabi_realloc as Call)(0, 0, 4, table.byteLength);
  memoryOf(exports).set(new Uint8Array(table.buffer), pointer);
  return [pointer, texts.length];
}

/** A fresh view: allocation may have grown the memory. */
function memoryOf({ memory }: Exports): Uint8Array {
  return new Uint8Array((memory as { readonly buffer: ArrayBuffer }).buffer);
}
