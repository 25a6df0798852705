/** The module that docs/ABI.md explains. */
import { ModuleBuilder } from './wasm-builder.ts';

export function abiExample(): Uint8Array {
  const m = new ModuleBuilder();
  const log = m.importFunc('env', 'log', 'i32 ->');
  m.memory(1);
  const sum = m.func(
    'i32 i32 -> i32',
    [
      ['loop'],
      ['local.get', 2],
      ['local.get', 0],
      ['i32.load', 2, 0],
      'i32.add',
      ['local.set', 2],
      ['local.get', 0],
      ['i32.const', 4],
      'i32.add',
      ['local.set', 0],
      ['local.get', 1],
      ['i32.const', 1],
      'i32.sub',
      ['local.tee', 1],
      ['br_if', 0],
      'end',
      ['local.get', 2],
    ],
    { locals: ['i32'] },
  );
  m.nameFunc(sum, 'sum');
  const report = m.func(
    'i32 i32 -> i64',
    [
      ['local.get', 0],
      ['local.get', 1],
      ['call', sum],
      ['local.tee', 0],
      ['call', log],
      ['local.get', 0],
      'i64.extend_i32_s',
    ],
    { export: 'report' },
  );
  m.nameFunc(report, 'report');
  return m.build();
}
