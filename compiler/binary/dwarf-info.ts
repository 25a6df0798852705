/**
 * The directory that each unit was compiled in (`DW_AT_comp_dir`), by the offset of its line table: up to version 4, line
 * tables do not have it. Only the first entry of each unit is read.
 */
import { type Cursor, debugSection, type FormValue, type Strings } from './dwarf-cursor.ts';
import type { ModuleInfo } from './module-info.ts';

const STATEMENT_LIST = 0x10;
const COMPILATION_DIRECTORY = 0x1b;
const IMPLICIT_CONST = 0x21;

export function compilationDirectories(module: ModuleInfo, strings: Strings): Map<number, string> {
  const directories = new Map<number, string>();
  const info = debugSection(module, '.debug_info');
  const abbreviations = debugSection(module, '.debug_abbrev');
  if (info === undefined || abbreviations === undefined) return directories;
  while (info.remaining > 0) {
    const { length, offsetSize } = info.unitLength();
    const unit = info.slice(length);
    const version = unit.unsigned(2);
    if (version < 2 || version > 4) continue;
    const table = abbreviations.from(unit.unsigned(offsetSize));
    const addressSize = unit.byte();
    const attributes = firstEntry(unit, table, (form) => unit.form(form, offsetSize, addressSize, strings));
    const lines = attributes.get(STATEMENT_LIST);
    const directory = attributes.get(COMPILATION_DIRECTORY);
    if (typeof lines === 'number' && typeof directory === 'string') directories.set(lines, directory);
  }
  return directories;
}

function firstEntry(
  unit: Cursor,
  table: Cursor,
  read: (form: number) => FormValue,
): ReadonlyMap<number, FormValue> {
  const attributes = new Map<number, FormValue>();
  const code = unit.uleb();
  if (code === 0) return attributes;
  for (const { attribute, form } of abbreviation(table, code)) {
    if (form !== IMPLICIT_CONST) attributes.set(attribute, read(form));
  }
  return attributes;
}

/** A unit's own entry has one of the first abbreviations; no more are looked through, however many a damaged table has. */
const FIRST_ABBREVIATIONS = 64;
const MOST_ATTRIBUTES = 128;

/** The attributes, with their forms, of entries with that code. */
function abbreviation(table: Cursor, wanted: number): { attribute: number; form: number }[] {
  for (let i = 0; i < FIRST_ABBREVIATIONS; i++) {
    const code = table.uleb();
    if (code === 0) break;
    table.uleb();
    table.byte();
    const attributes = attributesOf(table);
    if (code === wanted) return attributes;
  }
  return table.fail(`unknown abbreviation ${wanted}`);
}

function attributesOf(table: Cursor): { attribute: number; form: number }[] {
  const attributes: { attribute: number; form: number }[] = [];
  for (;;) {
    const attribute = table.uleb();
    const form = table.uleb();
    if (form === IMPLICIT_CONST) table.sleb();
    if (attribute === 0 && form === 0) return attributes;
    if (attributes.length === MOST_ATTRIBUTES) table.fail('too many attributes');
    attributes.push({ attribute, form });
  }
}
