/**
 * The custom section "name": names of the module, its functions and their locals. A malformed name section is no error
 * (the specification forbids custom sections to make a module invalid): what was read before the fault counts.
 */
import { CompileError } from '../../runtime/errors.ts';
import { ByteReader } from './bytes.ts';
import type { CustomSection } from './module-info.ts';

export interface Names {
  module: string | undefined;
  readonly functions: Map<number, string>;
}

const MODULE = 0;
const FUNCTIONS = 1;
const LOCALS = 2;

export function readNames(bytes: Uint8Array, section: CustomSection): Names {
  const names: Names = { module: undefined, functions: new Map() };
  eachSubsection(bytes, section, (id, reader) => {
    if (id === MODULE) names.module = reader.name();
    if (id === FUNCTIONS) readNameMap(reader, names.functions);
  });
  return names;
}

/** Names of one function's parameters and locals. Read on demand: few ask. */
export function readLocalNames(
  bytes: Uint8Array,
  section: CustomSection,
  functionIndex: number,
): Map<number, string> {
  const locals = new Map<number, string>();
  eachSubsection(bytes, section, (id, reader) => {
    if (id !== LOCALS) return;
    reader.vector(() => {
      const wanted = reader.u32() === functionIndex;
      readNameMap(reader, wanted ? locals : new Map());
    });
  });
  return locals;
}

function eachSubsection(
  bytes: Uint8Array,
  section: CustomSection,
  read: (id: number, reader: ByteReader) => void,
): void {
  const reader = new ByteReader(bytes, section.start, section.end);
  try {
    while (reader.offset < reader.end) {
      const id = reader.byte();
      read(id, reader.slice(reader.u32()));
    }
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
  }
}

function readNameMap(reader: ByteReader, names: Map<number, string>): void {
  reader.vector(() => names.set(reader.u32(), reader.name()));
}
