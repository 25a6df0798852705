/**
 * Which memories or tables an instruction names, as far as its signature depends on them: their address types (32 or 64
 * bits), and what a table holds. Signatures with such placeholders stand in the opcode table, see `SUBJECT` there.
 */
import type { ModuleDescription } from '../../runtime/types.ts';
import { isAccess, PLAIN_SUBJECT, type Subject } from '../opcodes/row.ts';
import type { ImmediateKind } from '../opcodes.ts';
import type { Immediate, MemoryArgument } from './sink.ts';

type Spaces = Pick<ModuleDescription, 'memories' | 'tables'>;

/** `immediate` has been checked: what it names exists. */
export function subjectOf(module: Spaces, kind: ImmediateKind, immediate: Immediate): Subject {
  if (isAccess(kind)) return ofMemory(module, (immediate as MemoryArgument).memory);
  return SUBJECTS[kind]?.(module, immediate as never) ?? PLAIN_SUBJECT;
}

const SUBJECTS: Readonly<Partial<Record<ImmediateKind, (module: Spaces, immediate: never) => Subject>>> = {
  memory: ofMemory,
  'data memory': (module, [, memory]: readonly [number, number]) => ofMemory(module, memory),
  'memory memory': (module, [to, from]: readonly [number, number]) => {
    return { ...ofMemory(module, to), from: module.memories[from]!.address };
  },
  table: ofTable,
  'element table': (module, [, table]: readonly [number, number]) => ofTable(module, table),
  'table table': (module, [to, from]: readonly [number, number]) => {
    return { ...ofTable(module, to), from: module.tables[from]!.address };
  },
};

const WIDE_SUBJECT: Subject = { ...PLAIN_SUBJECT, at: 'i64' };

function ofMemory({ memories }: Spaces, index: number): Subject {
  return memories[index]!.address === 'i64' ? WIDE_SUBJECT : PLAIN_SUBJECT;
}

function ofTable({ tables }: Spaces, index: number): Subject {
  const { address, element } = tables[index]!;
  return { at: address, from: address, element };
}
