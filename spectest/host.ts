/** The module `spectest` that the suite's modules import from: printers that print nothing, globals, a table, a memory. */
import type { Convert } from './convert.ts';
import type { Engine } from './engine.ts';

const PRINTERS: Readonly<Record<string, string>> = {
  print: '',
  print_i32: 'i32',
  print_i64: 'i64',
  print_f32: 'f32',
  print_f64: 'f64',
  print_i32_f32: 'i32 f32',
  print_f64_f64: 'f64 f64',
};

export async function spectestModule(
  engine: Engine,
  convert: Convert,
): Promise<Readonly<Record<string, unknown>>> {
  const { Memory, Table, Global } = engine.classes;
  return {
    ...(await printers(engine, convert)),
    global_i32: new Global({ value: 'i32', mutable: false }, 666),
    global_i64: new Global({ value: 'i64', mutable: false }, 666n),
    global_f32: new Global({ value: 'f32', mutable: false }, 666.6),
    global_f64: new Global({ value: 'f64', mutable: false }, 666.6),
    table: new Table({ element: 'anyfunc', initial: 10, maximum: 20 }),
    ...(engine.speaksSpec && {
      shared_memory: new Memory({ initial: 1, maximum: 2, shared: true }),
      table64: new Table({ element: 'anyfunc', initial: 10n, maximum: 20n, address: 'i64' }),
    }),
    memory: new Memory({ initial: 1, maximum: 2 }),
  };
}

/** JavaScript functions have no types to check an import against; passed through a module, they have. */
async function printers(engine: Engine, convert: Convert): Promise<Readonly<Record<string, unknown>>> {
  const fields = Object.entries(PRINTERS).map(
    ([name, types]) => `(func (export "${name}") (import "host" "print") (param ${types}))`,
  );
  const bytes = await convert({ kind: 'text', text: `(module ${fields.join('\n')})` });
  return engine.instantiate(await engine.compile(bytes), { host: { print: () => undefined } }).exports;
}
