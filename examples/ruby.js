/**
 * Runs Ruby: `node examples/ruby.js path/to/ruby+stdlib.wasm -e 'puts (1..10).map { |x| x * x }.inspect'`
 *
 * The builds of npm's `@ruby/3.4-wasm-wasi` are libraries, not commands: they have no `_start`, but functions like
 * `rb-eval-string-protect: func(str: string) -> …`, to be called by a host that also offers Ruby a bridge to JavaScript. This host offers
 * the WASI functions and the handle table that the library cannot do without, and of the bridge nothing.
 */
import { readFileSync } from 'node:fs';
import { Runtime } from 'sandglass';
import { Wasi } from 'sandglass/wasi';

const [file, flag, program] = process.argv.slice(2);
if (file === undefined || flag !== '-e' || program === undefined) {
  console.error("usage: node examples/ruby.js <ruby+stdlib.wasm> -e 'program'");
  process.exit(2);
}

/** Handles by number for values of Ruby's, as the library's "canonical ABI" wants them. */
const handles = [];
const handleTable = {
  'resource_new_rb-abi-value': (value) => handles.push(value) - 1,
  'resource_get_rb-abi-value': (handle) => handles[handle],
};

const runtime = new Runtime();
const module = runtime.compileSync(readFileSync(file));
const wasi = new Wasi({ args: ['ruby'] });
const instance = runtime.instantiateSync(module, importsOf(module));
wasi.initialize(instance);

call('ruby-init', listOf(['ruby.wasm', '-EUTF-8', '-e_=0']), 3);
call('ruby-init-loadpath');
// Errors are printed in Ruby: here they would only be a handle.
const result = call('rb-eval-string-protect', ...stringOf(guarded(program)));
process.exitCode = view().getInt32(result + 4, true) === 0 ? 0 : 1;

function guarded(text) {
  return `begin
  eval(${JSON.stringify(text).replaceAll('#', '\\#')}, TOPLEVEL_BINDING, '-e')
rescue Exception => error
  $stderr.puts error.full_message unless error.is_a?(SystemExit)
  raise
ensure
  $stdout.flush
end`;
}

function importsOf({ imports }) {
  const all = { ...wasi.imports, canonical_abi: handleTable };
  for (const { module, name } of imports) {
    all[module] ??= {};
    all[module][name] ??= () => {
      throw new Error(`not offered to Ruby: ${name}`);
    };
  }
  return all;
}

/** Calls the export whose name begins with `name`: the rest is its signature. */
function call(name, ...args) {
  const full = Object.keys(instance.exports).find((key) => key.startsWith(`${name}:`));
  return instance.exports[full](...args);
}

function view() {
  return new DataView(instance.exports.memory.buffer);
}

function stringOf(text) {
  const bytes = new TextEncoder().encode(text);
  const pointer = instance.exports.cabi_realloc(0, 0, 1, bytes.length);
  new Uint8Array(instance.exports.memory.buffer).set(bytes, pointer);
  return [pointer, bytes.length];
}

function listOf(texts) {
  const strings = texts.map((text) => stringOf(`${text}\0`));
  const pointer = instance.exports.cabi_realloc(0, 0, 4, strings.length * 8);
  strings.flat().forEach((word, index) => {
    view().setUint32(pointer + index * 4, word, true);
  });
  return pointer;
}
