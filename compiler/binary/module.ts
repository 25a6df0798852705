/**
 * `decodeModule`: a module's bytes become a `ModuleInfo`, checked in everything but the functions' bodies, which
 * function/reader.ts decodes and validates one by one.
 */
import { quoteName } from '../../runtime/errors.ts';
import type { CompileLimits } from '../../runtime/limits.ts';
import { DEFAULT_FEATURES, type FeatureSet } from '../features.ts';
import { ByteReader } from './bytes.ts';
import { ModuleDraft } from './module-draft.ts';
import type { ModuleInfo } from './module-info.ts';
import { readNames } from './names.ts';
import { SECTIONS } from './sections.ts';

const MAGIC = 0x6d736100;
const VERSION = 1;
const CUSTOM = 0;

export function decodeModule(
  bytes: Uint8Array,
  limits: CompileLimits,
  features: FeatureSet = DEFAULT_FEATURES,
): ModuleInfo {
  const reader = new ByteReader(bytes, 0, bytes.length, '', undefined, features);
  readHeader(reader, limits);
  const draft = new ModuleDraft(bytes, limits, features);
  let position = -1;
  while (reader.offset < reader.end) {
    const offset = reader.offset;
    const id = reader.byte();
    if (id === CUSTOM) {
      readCustomSection(sectionContents(reader), draft);
      continue;
    }
    const row = SECTIONS.findIndex((section) => section.id === id);
    if (row < 0) reader.fail(`malformed section id ${id}`, offset);
    if (row <= position) outOfOrder(reader, row, position, offset);
    position = row;
    readSection(sectionContents(reader), draft, row);
  }
  requireConsistentLengths(reader, draft);
  readNameSection(draft);
  return draft;
}

function readHeader(reader: ByteReader, limits: CompileLimits): void {
  const { bytes } = reader;
  if (bytes.length === 0) reader.fail('unexpected end: the file is empty');
  if (bytes.length > limits.moduleBytes) {
    reader.fail(`module of ${bytes.length} bytes: the limit is ${limits.moduleBytes}`);
  }
  if (bytes.length >= 4 && reader.u32Raw() !== MAGIC) {
    reader.fail(`magic header not detected${hint(bytes)}`, 0);
  }
  if (bytes.length < 8) reader.fail('unexpected end', bytes.length);
  const version = reader.u32Raw();
  if (version !== VERSION) reader.fail(`unknown binary version ${version}`, 4);
}

/** What the file may be instead: people do pass the text format, or an archive. */
function hint(bytes: Uint8Array): string {
  const printable = bytes.subarray(0, 64).every((byte) => byte >= 0x20 || (byte >= 9 && byte <= 13));
  return printable
    ? ': this is a text file; if it is WebAssembly text, assemble it first'
    : ': not a WebAssembly module';
}

function sectionContents(reader: ByteReader): ByteReader {
  const start = reader.offset;
  const size = reader.u32();
  if (size > reader.end - reader.offset) reader.fail('length out of bounds', start);
  return reader.slice(size);
}

function readSection(reader: ByteReader, draft: ModuleDraft, position: number): void {
  const { id, name, read } = SECTIONS[position]!;
  const { offset: start, end } = reader;
  draft.sections.push({ id, name, start, end });
  read(reader, draft);
  if (reader.offset !== end) {
    reader.fail(`section size mismatch: the ${name} section has ${end - reader.offset} bytes too many`);
  }
}

function outOfOrder(reader: ByteReader, row: number, position: number, offset: number): never {
  const { name } = SECTIONS[row]!;
  const problem = row === position ? 'a second one' : `after the ${SECTIONS[position]!.name} section`;
  return reader.fail(`unexpected content after last section: ${name} section, ${problem}`, offset);
}

function readCustomSection(reader: ByteReader, draft: ModuleDraft): void {
  const start = reader.offset;
  const name = reader.name();
  draft.customSections.push({ name, start: reader.offset, end: reader.end });
  draft.sections.push({ id: CUSTOM, name: `custom ${quoteName(name)}`, start, end: reader.end });
}

/** Sections that speak of the same things must agree on how many there are. */
function requireConsistentLengths(reader: ByteReader, draft: ModuleDraft): void {
  const functions = draft.functions.length - draft.importedFunctions;
  const bodies = draft.bodies.length;
  if (functions !== bodies) {
    reader.fail(
      `function and code section have inconsistent lengths: ${functions} functions, ${bodies} bodies`,
    );
  }
  const announced = draft.dataCount ?? draft.data.length;
  if (announced === draft.data.length) return;
  reader.fail(
    `data count and data section have inconsistent lengths: ${announced} announced, ${draft.data.length} present`,
  );
}

function readNameSection(draft: ModuleDraft): void {
  const section = draft.customSections.find((custom) => custom.name === 'name');
  if (section === undefined) return;
  const names = readNames(draft.bytes, section);
  draft.name = names.module;
  draft.functionNames = names.functions;
}
