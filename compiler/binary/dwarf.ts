/**
 * DWARF line tables, versions 2 to 5 (`.debug_line`), as compilers for C, C++, Rust, Go, Swift … leave them in custom sections: a
 * program for a small machine that lists, for every stretch of code, file, line and column. Addresses count from
 * the start of the code section's contents.
 *
 * Read when somebody asks, not before. What is damaged is left out, unit by unit, with a warning. Not here: types, variables,
 * inlining (`.debug_info`), of which only the compilation directory is looked at, for files named relative to it.
 */
import { CompileError } from '../../runtime/errors.ts';
import { type Cursor, debugSection, type Strings } from './dwarf-cursor.ts';
import { compilationDirectories } from './dwarf-info.ts';
import { joinPath } from './dwarf-paths.ts';
import { LineRows, type LineSequence, LineTable } from './line-table.ts';
import type { ModuleInfo } from './module-info.ts';

/** Undefined where the module has no line table at all. */
export function readDwarfLines(module: ModuleInfo): LineTable | undefined {
  const section = debugSection(module, '.debug_line');
  const code = module.sections.find(({ id }) => id === 10);
  if (section === undefined || code === undefined) return undefined;
  const reader = new LineReader(module, code);
  reader.readAll(section);
  return new LineTable([...reader.files.keys()], reader.rows, reader.sequences, reader.warnings);
}

interface FileEntry {
  readonly name: string;
  readonly directory: number;
}

interface Header {
  readonly version: number;
  readonly addressSize: number;
  readonly minimumLength: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** How many operands each standard opcode has. */
  readonly lengths: readonly number[];
  readonly directories: readonly string[];
  readonly entries: FileEntry[];
}

/** `DW_LNCT_path` and `DW_LNCT_directory_index`. */
const PATH = 1;
const DIRECTORY = 2;
/** A damaged unit says so once; of a table that is damaged all over, the first few. */
const MOST_WARNINGS = 5;
const MOST_FILES = 2 ** 16;
const LONGEST_PATH = 1024;

class LineReader {
  readonly files = new Map<string, number>();
  readonly rows = new LineRows();
  readonly sequences: LineSequence[] = [];
  readonly warnings: string[] = [];
  readonly #codeStart: number;
  readonly #codeEnd: number;
  readonly #strings: Strings;
  readonly #directories: () => ReadonlyMap<number, string>;
  #known: ReadonlyMap<number, string> | undefined;

  constructor(module: ModuleInfo, code: { readonly start: number; readonly end: number }) {
    this.#codeStart = code.start;
    this.#codeEnd = code.end;
    this.#strings = {
      debugStr: debugSection(module, '.debug_str'),
      debugLineStr: debugSection(module, '.debug_line_str'),
    };
    this.#directories = () => {
      this.#known ??= this.#guarded(() => compilationDirectories(module, this.#strings)) ?? new Map();
      return this.#known;
    };
  }

  #guarded<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      if (this.warnings.length < MOST_WARNINGS) this.warnings.push(error.message);
      return undefined;
    }
  }

  readAll(section: Cursor): void {
    this.#guarded(() => {
      while (section.remaining > 0) {
        const at = section.offset - section.start;
        const { length, offsetSize } = section.unitLength();
        const unit = section.slice(length);
        this.#guarded(() => this.#unit(unit, offsetSize, at));
      }
    });
  }

  #unit(unit: Cursor, offsetSize: 4 | 8, at: number): void {
    const version = unit.unsigned(2);
    if (version < 2 || version > 5) unit.fail(`line table of version ${version}`);
    const addressSize = version >= 5 ? unit.byte() : 4;
    if (version >= 5) unit.byte();
    const program = unit.unsigned(offsetSize);
    const start = unit.offset + program;
    const minimumLength = unit.byte();
    // Operations per instruction, which no virtual machine has several of; whether lines are statements by default.
    unit.skip(version >= 4 ? 2 : 1);
    const lineBase = (unit.byte() << 24) >> 24;
    const lineRange = unit.byte();
    const opcodeBase = unit.byte();
    if (lineRange === 0 || opcodeBase === 0) unit.fail('line table with a range of 0');
    const lengths: number[] = [];
    for (let i = 1; i < opcodeBase; i++) lengths.push(unit.byte());
    const tables = version >= 5 ? this.#entryTables(unit, offsetSize) : this.#fileLists(unit, at);
    unit.skip(start - unit.offset);
    this.#run(unit, {
      version,
      addressSize,
      minimumLength,
      lineBase,
      lineRange,
      opcodeBase,
      lengths,
      ...tables,
    });
  }

  /** Versions 2 to 4: lists of names, counted from 1; 0 is the compilation directory. */
  #fileLists(unit: Cursor, at: number): Pick<Header, 'directories' | 'entries'> {
    const directories = [this.#directories().get(at) ?? ''];
    for (let name = unit.string(); name !== ''; name = unit.string()) directories.push(name);
    // Nothing is file 0.
    const entries: FileEntry[] = [{ name: '', directory: 0 }];
    for (let name = unit.string(); name !== ''; name = unit.string()) entries.push(fileEntry(unit, name));
    return { directories, entries };
  }

  /** Version 5: tables that describe themselves, counted from 0. */
  #entryTables(unit: Cursor, offsetSize: 4 | 8): Pick<Header, 'directories' | 'entries'> {
    const directories = this.#entries(unit, offsetSize).map(({ name }) => name);
    return { directories, entries: this.#entries(unit, offsetSize) };
  }

  #entries(unit: Cursor, offsetSize: 4 | 8): FileEntry[] {
    const formats: { content: number; form: number }[] = [];
    for (let count = unit.byte(); count > 0; count--)
      formats.push({ content: unit.uleb(), form: unit.uleb() });
    const count = unit.uleb();
    // Every entry has at least a byte.
    if (count > unit.remaining || (formats.length === 0 && count > 0)) unit.fail('too many file entries');
    const entries: FileEntry[] = [];
    for (let i = 0; i < count; i++) {
      let name = '';
      let directory = 0;
      for (const { content, form } of formats) {
        const value = unit.form(form, offsetSize, 4, this.#strings);
        if (content === PATH && typeof value === 'string') name = value;
        else if (content === DIRECTORY && typeof value === 'number') directory = value;
      }
      entries.push({ name, directory });
    }
    return entries;
  }

  // ------------------------------------------------------------------ the line number program

  #run(program: Cursor, header: Header): void {
    const fileNumber = (index: number) => this.#fileNumber(header, index);
    const machine = new LineMachine(header, this.rows, this.#codeStart, fileNumber);
    while (program.remaining > 0) {
      const sequence = machine.step(program);
      if (sequence !== undefined) this.#keep(sequence);
    }
  }

  /** Sequences of code that the linker has dropped begin at 0, or at an address that no code has. */
  #keep(sequence: LineSequence): void {
    const { first, last, start, end } = sequence;
    if (first === last || start === this.#codeStart || end > this.#codeEnd) return;
    this.sequences.push(sequence);
  }

  /** The file's number among all units' files. */
  #fileNumber({ directories, entries }: Header, index: number): number {
    const entry = entries[index];
    if (entry === undefined || entry.name === '') return -1;
    const path = joinPath(directories[0] ?? '', directories[entry.directory] ?? '', entry.name);
    let number = this.files.get(path);
    if (number === undefined) {
      if (this.files.size === MOST_FILES || path.length > LONGEST_PATH) return -1;
      number = this.files.size;
      this.files.set(path, number);
    }
    return number;
  }
}

/** A name's directory, and its time and size, which nobody wants. */
function fileEntry(unit: Cursor, name: string): FileEntry {
  const directory = unit.uleb();
  unit.uleb();
  unit.uleb();
  return { name, directory };
}

/** The state machine of DWARF 5, section 6.2.2, without what only debuggers of machine code need. */
class LineMachine {
  readonly #header: Header;
  readonly #rows: LineRows;
  readonly #codeStart: number;
  readonly #fileNumber: (index: number) => number;
  readonly #numbers = new Map<number, number>();
  /** The sequence's first row. */
  #first: number;
  #address = 0;
  #file = 1;
  #line = 1;
  #column = 0;

  constructor(header: Header, rows: LineRows, codeStart: number, fileNumber: (index: number) => number) {
    this.#header = header;
    this.#rows = rows;
    this.#codeStart = codeStart;
    this.#fileNumber = fileNumber;
    this.#first = rows.length;
  }

  /** The rows since the last sequence's end; the machine starts again. */
  #takeSequence(): LineSequence {
    const first = this.#first;
    const last = this.#rows.length;
    const start = this.#rows.offsets[first] ?? 0;
    const sequence = { first, last, start, end: this.#address + this.#codeStart };
    this.#first = last;
    this.#address = 0;
    this.#file = 1;
    this.#line = 1;
    this.#column = 0;
    return sequence;
  }

  /** Carries out one instruction; the sequence that it ends. */
  step(program: Cursor): LineSequence | undefined {
    const { opcodeBase, lineBase, lineRange, minimumLength, lengths } = this.#header;
    const opcode = program.byte();
    if (opcode >= opcodeBase) {
      const adjusted = opcode - opcodeBase;
      this.#address += Math.floor(adjusted / lineRange) * minimumLength;
      this.#line += lineBase + (adjusted % lineRange);
      this.#addRow();
      return undefined;
    }
    if (opcode === 0) return this.#extended(program);
    const known = STANDARD[opcode];
    if (known !== undefined) known.call(this, program);
    else for (let i = lengths[opcode - 1]!; i > 0; i--) program.uleb();
    return undefined;
  }

  /** By number: DW_LNS_copy, advance_pc, advance_line, set_file, set_column; const_add_pc and fixed_advance_pc. */
  static readonly standard: Readonly<Record<number, (this: LineMachine, program: Cursor) => void>> = {
    1() {
      this.#addRow();
    },
    2(program) {
      this.#address += program.uleb() * this.#header.minimumLength;
    },
    3(program) {
      this.#line += program.sleb();
    },
    4(program) {
      this.#file = program.uleb();
    },
    5(program) {
      this.#column = program.uleb();
    },
    8() {
      const { opcodeBase, lineRange, minimumLength } = this.#header;
      this.#address += Math.floor((255 - opcodeBase) / lineRange) * minimumLength;
    },
    9(program) {
      this.#address += program.unsigned(2);
    },
  };

  #extended(program: Cursor): LineSequence | undefined {
    const operands = program.slice(program.uleb());
    if (operands.remaining === 0) return undefined;
    const opcode = operands.byte();
    if (opcode === 1) return this.#takeSequence();
    if (opcode === 2) this.#address = operands.unsigned(operands.remaining);
    else if (opcode === 3) this.#header.entries.push(fileEntry(operands, operands.string()));
    return undefined;
  }

  /** A row that goes backwards, or beyond all code, is damaged, and left out. */
  #addRow(): void {
    const rows = this.#rows;
    const offset = this.#address + this.#codeStart;
    const before = rows.length > this.#first ? rows.offsets[rows.length - 1]! : 0;
    if (!(offset >= before && offset < 2 ** 32)) return;
    // Of rows at the same offset, the last counts.
    if (before === offset) rows.length--;
    const line = this.#line > 0 && this.#line < 2 ** 31 ? this.#line : 0;
    const column = this.#column < 2 ** 31 ? this.#column : 0;
    rows.push(offset, this.#fileIndex(), line, column);
  }

  #fileIndex(): number {
    let number = this.#numbers.get(this.#file);
    if (number === undefined) {
      number = this.#fileNumber(this.#file);
      this.#numbers.set(this.#file, number);
    }
    return number;
  }
}

const STANDARD = LineMachine.standard;
