/**
 * Imports and exports of a module as users see them.
 */
import {
  type ExternKind,
  type ExternType,
  funcTypeAt,
  type Limits,
  type ModuleDescription,
  typeText,
} from '../runtime/types.ts';

export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: ImportExportKind;
  /** `(i32 i64) -> (f64)`, `1..2 pages`, `shared i64 1..2 pages`. */
  readonly type: string;
}
export interface ModuleExport {
  readonly name: string;
  readonly kind: ImportExportKind;
  readonly type: string;
}
/** As the standard JavaScript API names them. */
export type ImportExportKind = 'function' | Exclude<ExternKind, 'func'>;

export function importsOf(description: ModuleDescription): ModuleImport[] {
  return description.imports.map(({ module, name, type }) => {
    return { module, name, kind: kindName(type.kind), type: externText(description, type) };
  });
}

export function exportsOf(description: ModuleDescription): ModuleExport[] {
  return description.exports.map(({ name, kind, index }) => {
    const type = externText(description, externType(description, kind, index));
    return { name, kind: kindName(kind), type };
  });
}

function externType(description: ModuleDescription, kind: ExternKind, index: number): ExternType {
  const { functions, tags, tables, memories, globals } = description;
  if (kind === 'func') return { kind, typeIndex: functions[index]! };
  if (kind === 'tag') return { kind, typeIndex: tags[index]! };
  if (kind === 'table') return { kind, table: tables[index]! };
  if (kind === 'memory') return { kind, memory: memories[index]! };
  return { kind, global: globals[index]! };
}

function externText(description: ModuleDescription, type: ExternType): string {
  if (type.kind === 'func' || type.kind === 'tag') {
    const { params, results } = funcTypeAt(description.types, type.typeIndex);
    const list = (types: typeof params) => `(${types.map(typeText).join(' ')})`;
    return type.kind === 'tag' ? list(params) : `${list(params)} -> ${list(results)}`;
  }
  if (type.kind === 'global') return `${type.global.mutable ? 'mut ' : ''}${typeText(type.global.type)}`;
  if (type.kind === 'table') return `${sizeText(type.table)} ${type.table.element.text}`;
  const { shared, pageSize } = type.memory;
  const pages = pageSize === 1 ? 'bytes' : 'pages';
  return `${shared ? 'shared ' : ''}${sizeText(type.memory)} ${pages}`;
}

/** `1..2`, `i64 1`. */
function sizeText({ min, max, address }: Limits): string {
  const size = max === undefined ? `${min}` : `${min}..${max}`;
  return address === 'i64' ? `i64 ${size}` : size;
}

function kindName(kind: ExternKind): ImportExportKind {
  return kind === 'func' ? 'function' : kind;
}
