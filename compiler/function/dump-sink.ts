/**
 * The disassembler: a sink that writes a function as `.wat` text, one instruction a line, indented by block. Names come
 * from the name section. Dead code never reaches a sink; where some was left out, a note says so.
 *
 *     (func $add5 (param $x i32) (result i32)
 *       local.get $x
 *       i32.const 5
 *       i32.add
 *     )
 */
import { type FuncType, funcTypeAt, type RefType, typeText, type ValueType } from '../../runtime/types.ts';
import { ByteReader } from '../binary/bytes.ts';
import { functionName, type ModuleInfo } from '../binary/module-info.ts';
import { readLocalNames } from '../binary/names.ts';
import type { Opcode } from '../opcodes.ts';
import { naturalAlignmentOf } from './immediates.ts';
import { notingOffsets } from './offset-sink.ts';
import { readFunction } from './reader.ts';
import type { CatchClause, FunctionContext, Immediate, MemoryArgument, Sink } from './sink.ts';
import { f32Text, f64Text, identifier, identifiers, signatureText } from './wat-text.ts';

/** The text of one function; an imported one has no body. */
export function disassemble(module: ModuleInfo, functionIndex: number): string {
  return disassembly(module, functionIndex).text;
}

export interface Disassembly {
  readonly text: string;
  /** Byte offset of the instruction on each line, line 1 first; undefined: on that line stands none. */
  readonly offsets: readonly (number | undefined)[];
}

/** The same, with the offset of each line's instruction. */
export function disassembly(module: ModuleInfo, functionIndex: number): Disassembly {
  const typeIndex = module.functions[functionIndex];
  if (typeIndex === undefined) throw new RangeError(`unknown function ${functionIndex}`);
  const sink = new DumpSink(module, functionIndex);
  if (functionIndex < module.importedFunctions) {
    return { text: sink.imported(funcTypeAt(module.types, typeIndex)), offsets: [] };
  }
  const note = (offset: number) => {
    sink.offset = offset;
  };
  readFunction(module, functionIndex - module.importedFunctions, notingOffsets(sink, note));
  return { text: sink.text, offsets: sink.offsets };
}

class DumpSink implements Sink {
  private readonly module: ModuleInfo;
  private readonly index: number;
  private readonly functions: (index: number) => string;
  private readonly locals: (index: number) => string;
  private readonly lines: string[] = [];
  readonly offsets: (number | undefined)[] = [];
  /** Of the instruction being told of. */
  offset: number | undefined;
  /** Open blocks, the function included; the numbers of their labels. */
  private readonly labels: number[] = [];
  private blocks = 0;
  /** Where code begins that cannot be reached. */
  private deadFrom = 0;

  constructor(module: ModuleInfo, index: number) {
    this.module = module;
    this.index = index;
    this.functions = identifiers(module.functionNames);
    const section = module.customSections.find(({ name }) => name === 'name');
    this.locals = identifiers(section ? readLocalNames(module.bytes, section, index) : new Map());
  }

  get text(): string {
    return `${this.lines.join('\n')}\n`;
  }

  imported(type: FuncType): string {
    const entry = this.module.imports.filter(({ type: { kind } }) => kind === 'func')[this.index]!;
    const names = `${JSON.stringify(entry.module)} ${JSON.stringify(entry.name)}`;
    return `(import ${names} ${this.header(type)}))\n`;
  }

  start({ type, locals }: FunctionContext): void {
    this.lines.push(this.header(type));
    this.offsets.push(undefined);
    this.labels.push(0);
    for (let i = type.params.length; i < locals.length; i++)
      this.line(this.declaration('local', i, locals[i]!));
  }

  private header(type: FuncType): string {
    const name = this.functions(this.index);
    const id = name.startsWith('$') ? name : `(;${name}${this.exportedAs()};)`;
    const params = type.params.map((param, i) => ` ${this.declaration('param', i, param)}`).join('');
    return `(func ${id}${params}${signatureText({ params: [], results: type.results })}`;
  }

  private exportedAs(): string {
    const name = functionName(this.module, this.index);
    return name === undefined ? '' : ` ${identifier(name)}`;
  }

  private declaration(keyword: string, index: number, type: ValueType): string {
    const name = this.locals(index);
    return `(${keyword} ${name.startsWith('$') ? `${name} ` : ''}${typeText(type)})`;
  }

  instruction(row: Opcode, immediate: Immediate): void {
    const name = TEXT_NAMES[row.name] ?? row.name;
    const operands = this.immediateText(row, immediate);
    this.line(operands === '' ? name : `${name} ${operands}`);
  }

  private immediateText(row: Opcode, immediate: Immediate): string {
    switch (row.immediate) {
      case 'none':
        return '';
      case 'f32':
        return f32Text(immediate as number);
      case 'f64':
        return f64Text(immediate as bigint);
      case 'local':
        return this.locals(immediate as number);
      case 'function':
        return this.functions(immediate as number);
      case 'memory':
        return immediate === 0 ? '' : String(immediate);
      case 'memarg':
      case 'memarg atomic':
        return memoryText(row, immediate as MemoryArgument);
      case 'v128':
        return `i32x4 ${(immediate as readonly number[]).map((word) => hex(word)).join(' ')}`;
      case 'lanes':
        return (immediate as readonly number[]).join(' ');
      case 'memarg lane': {
        const argument = immediate as MemoryArgument;
        return [memoryText(row, argument), argument.lane].filter((part) => part !== '').join(' ');
      }
      case 'types':
        return `(result ${(immediate as readonly ValueType[]).map(typeText).join(' ')})`;
      case 'heaptype':
        return heapTypeText(row, (immediate as readonly RefType[])[0]!);
      case 'type field':
      case 'type count':
      case 'type data':
      case 'type element':
      case 'type type':
        return (immediate as readonly number[]).join(' ');
      case 'memory memory':
      case 'table table':
        return String(immediate) === '0,0' ? '' : (immediate as readonly number[]).join(' ');
      case 'data memory':
      case 'element table': {
        const [segment, index] = immediate as readonly [number, number];
        return index === 0 ? String(segment) : `${index} ${segment}`;
      }
      default:
        return String(immediate);
    }
  }

  block(type: FuncType): void {
    this.open('block', type);
  }
  loop(type: FuncType): void {
    this.open('loop', type);
  }
  if(type: FuncType): void {
    this.open('if', type);
  }
  try(type: FuncType): void {
    this.open('try', type);
  }
  tryTable(type: FuncType, catches: readonly CatchClause[]): void {
    const clauses = catches.map(({ kind, tag, depth }) => {
      return ` (${kind} ${tag === undefined ? '' : `${tag} `}${this.label(depth)})`;
    });
    this.open(`try_table${signatureText(type)}${clauses.join('')}`, { params: [], results: [] });
  }

  else(reachable: boolean, offset: number): void {
    this.between('else', reachable, offset);
  }
  catch(tag: number, _type: FuncType, reachable: boolean, offset: number): void {
    this.between(`catch ${tag}`, reachable, offset);
  }
  catchAll(reachable: boolean, offset: number): void {
    this.between('catch_all', reachable, offset);
  }
  end(reachable: boolean, offset: number): void {
    this.noteDeadCode(reachable, offset);
    this.labels.pop();
    this.line(this.labels.length === 0 ? ')' : 'end');
  }
  delegate(depth: number, reachable: boolean, offset: number): void {
    this.noteDeadCode(reachable, offset);
    this.labels.pop();
    this.line(`delegate ${this.label(depth)}`);
  }

  br(depth: number, offset: number): void {
    this.line(`br ${this.label(depth)}`);
    this.deadAfter(offset, 1);
  }
  brIf(depth: number): void {
    this.line(`br_if ${this.label(depth)}`);
  }
  brTable(depths: readonly number[], offset: number): void {
    this.line(`br_table ${depths.map((depth) => this.label(depth)).join(' ')}`);
    this.deadAfter(offset, depths.length + 1);
  }
  return(offset: number): void {
    this.line('return');
    this.deadAfter(offset, 0);
  }
  unreachable(offset: number): void {
    this.line('unreachable');
    this.deadAfter(offset, 0);
  }
  call(functionIndex: number): void {
    this.line(`call ${this.functions(functionIndex)}`);
  }
  callIndirect(typeIndex: number, table: number, type: FuncType): void {
    this.line(`call_indirect ${indirectText(typeIndex, table, type)}`);
  }
  returnCall(functionIndex: number, _type: FuncType, offset: number): void {
    this.line(`return_call ${this.functions(functionIndex)}`);
    this.deadAfter(offset, 1);
  }
  returnCallIndirect(typeIndex: number, table: number, type: FuncType, offset: number): void {
    this.line(`return_call_indirect ${indirectText(typeIndex, table, type)}`);
    this.deadAfter(offset, 2);
  }
  returnCallRef(typeIndex: number, _type: FuncType, offset: number): void {
    this.line(`return_call_ref ${typeIndex}`);
    this.deadAfter(offset, 1);
  }
  callRef(typeIndex: number): void {
    this.line(`call_ref ${typeIndex}`);
  }
  brOnCast(depth: number, from: RefType, to: RefType, onFail: boolean): void {
    this.line(`br_on_cast${onFail ? '_fail' : ''} ${this.label(depth)} ${from.text} ${to.text}`);
  }
  brOnNull(depth: number): void {
    this.line(`br_on_null ${this.label(depth)}`);
  }
  brOnNonNull(depth: number): void {
    this.line(`br_on_non_null ${this.label(depth)}`);
  }
  rethrow(depth: number, offset: number): void {
    this.line(`rethrow ${this.label(depth)}`);
    this.deadAfter(offset, 1);
  }
  throw(tag: number, _type: FuncType, offset: number): void {
    this.line(`throw ${tag}`);
    this.deadAfter(offset, 1);
  }
  throwRef(offset: number): void {
    this.line('throw_ref');
    this.deadAfter(offset, 0);
  }

  private line(text: string): void {
    this.lines.push('  '.repeat(this.labels.length) + text);
    this.offsets.push(text.startsWith(';;') ? undefined : this.offset);
  }

  private open(head: string, type: FuncType): void {
    this.blocks++;
    this.line(`${head}${signatureText(type)}  ;; label = @${this.blocks}`);
    this.labels.push(this.blocks);
  }

  /** A line that stands between two parts of the innermost block. */
  private between(text: string, reachable: boolean, offset: number): void {
    this.noteDeadCode(reachable, offset);
    const label = this.labels.pop()!;
    this.line(text);
    this.labels.push(label);
  }

  /** `1 (;@3;)`: the depth, and which block that is. */
  private label(depth: number): string {
    return `${depth} (;@${this.labels.at(-1 - depth)};)`;
  }

  /** Code after this instruction, with its so many index immediates, is dead. */
  private deadAfter(offset: number, indices: number): void {
    const reader = new ByteReader(this.module.bytes, offset + 1);
    for (let i = 0; i < indices; i++) reader.u32();
    this.deadFrom = reader.offset;
  }

  private noteDeadCode(reachable: boolean, offset: number): void {
    if (!reachable && offset > this.deadFrom) this.line(';; unreachable');
  }
}

function indirectText(typeIndex: number, table: number, type: FuncType): string {
  return `${table === 0 ? '' : `${table} `}(type ${typeIndex})${signatureText(type)}`;
}

function memoryText(row: Opcode, { memory, align, offset }: MemoryArgument): string {
  const parts: string[] = [];
  if (memory !== 0) parts.push(String(memory));
  if (offset !== 0) parts.push(`offset=${offset}`);
  if (align !== naturalAlignmentOf(row)) parts.push(`align=${2 ** align}`);
  return parts.join(' ');
}

function hex(word: number): string {
  return `0x${(word >>> 0).toString(16).padStart(8, '0')}`;
}

/** `ref.null` names the heap type alone. */
function heapTypeText(row: Opcode, type: RefType): string {
  return row.name === 'ref.null' ? String(type.heap) : type.text;
}

/** Where the text format writes one name for several opcodes. */
const TEXT_NAMES: Readonly<Record<string, string>> = {
  'select t': 'select',
  'ref.test_null': 'ref.test',
  'ref.cast_null': 'ref.cast',
};
