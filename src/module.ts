/**
 * A compiled module: decoded and validated once, instantiated as often as one likes. Its generated code depends on a
 * Runtime's options (metering, costs, call depth); Runtimes with equal options share it.
 */
import { decodeModule } from '../compiler/binary/module.ts';
import type { ModuleInfo } from '../compiler/binary/module-info.ts';
import type { EmitOptions } from '../compiler/emit/function-emitter.ts';
import type { EmittedGroup } from '../compiler/emit/module.ts';
import type { FeatureSet } from '../compiler/features.ts';
import { validateBodies } from '../compiler/validate.ts';
import type { CompileLimits } from '../runtime/limits.ts';
import { type ExternKind, type ExternType, funcTypeAt, type Limits, typeText } from '../runtime/types.ts';
import { JitCode } from './jit.ts';

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

export interface ModuleStats {
  /** Functions that the module defines. */
  readonly functions: number;
  /** Of these, how many have become JavaScript. */
  readonly compiled: number;
  readonly groups: number;
  /** Characters of generated text. */
  readonly bytes: number;
}

export class Module {
  readonly info: ModuleInfo;
  readonly #variants = new Map<string, JitCode>();
  readonly #options: EmitOptions;
  /** Features with which the module is known to be valid. */
  readonly #allowed: Set<FeatureSet>;
  /** The variant last asked for: what `stats` and `textOf` tell of. */
  #latest: JitCode | undefined;

  /** Use `runtime.compile`. */
  constructor(
    bytes: Uint8Array,
    options: EmitOptions,
    limits: CompileLimits,
    validate: 'eager' | 'lazy',
    features: FeatureSet,
  ) {
    this.info = decodeModule(bytes, limits, features);
    if (validate === 'eager') validateBodies(this.info);
    this.#options = options;
    this.#allowed = new Set([features]);
  }

  /** Refuses what the module uses and a Runtime with other features does not allow. */
  requireFeatures(features: FeatureSet): void {
    if (this.#allowed.has(features)) return;
    const { bytes, limits, features: known } = this.info;
    if (![...known].every((feature) => features.has(feature)))
      validateBodies(decodeModule(bytes, limits, features));
    this.#allowed.add(features);
  }

  /** The code for a Runtime's options. */
  codeFor(options: EmitOptions): JitCode {
    const { costs, checkEveryRegion, countDepth, countAllocation, target, outline } = options;
    const counted = [checkEveryRegion, countDepth, countAllocation];
    const key = JSON.stringify([costs ?? null, ...counted, target, outline]);
    let code = this.#variants.get(key);
    if (code === undefined) {
      code = new JitCode(this.info, options, (other) => this.codeFor(other));
      this.#variants.set(key, code);
    }
    this.#latest = code;
    return code;
  }

  get imports(): ModuleImport[] {
    return this.info.imports.map(({ module, name, type }) => {
      return { module, name, kind: kindName(type.kind), type: this.#typeText(type) };
    });
  }

  get exports(): ModuleExport[] {
    return this.info.exports.map(({ name, kind, index }) => {
      return { name, kind: kindName(kind), type: this.#typeText(this.#externType(kind, index)) };
    });
  }

  /** Contents of the custom sections with this name. */
  customSections(name: string): ArrayBuffer[] {
    return this.info.customSections
      .filter((section) => section.name === name)
      .map(({ start, end }) => this.info.bytes.slice(start, end).buffer as ArrayBuffer);
  }

  get stats(): ModuleStats {
    return (this.#latest ?? this.codeFor(this.#options)).stats;
  }

  /** The generated JavaScript of a function, by index in the function index space. */
  textOf(functionIndex: number): string {
    return this.emitted(functionIndex).text;
  }

  /** The same with what the emitter knows about it. */
  emitted(functionIndex: number): EmittedGroup {
    return (this.#latest ?? this.codeFor(this.#options)).emitted(functionIndex);
  }

  #externType(kind: ExternKind, index: number): ExternType {
    const { functions, tags, tables, memories, globals } = this.info;
    if (kind === 'func') return { kind, typeIndex: functions[index]! };
    if (kind === 'tag') return { kind, typeIndex: tags[index]! };
    if (kind === 'table') return { kind, table: tables[index]! };
    if (kind === 'memory') return { kind, memory: memories[index]! };
    return { kind, global: globals[index]! };
  }

  #typeText(type: ExternType): string {
    if (type.kind === 'func' || type.kind === 'tag') {
      const { params, results } = funcTypeAt(this.info.types, type.typeIndex);
      const list = (types: typeof params) => `(${types.map(typeText).join(' ')})`;
      return type.kind === 'tag' ? list(params) : `${list(params)} -> ${list(results)}`;
    }
    if (type.kind === 'global') return `${type.global.mutable ? 'mut ' : ''}${typeText(type.global.type)}`;
    if (type.kind === 'table') return `${sizeText(type.table)} ${type.table.element.text}`;
    const { shared, pageSize } = type.memory;
    const pages = pageSize === 1 ? 'bytes' : 'pages';
    return `${shared ? 'shared ' : ''}${sizeText(type.memory)} ${pages}`;
  }
}

/** `1..2`, `i64 1`. */
function sizeText({ min, max, address }: Limits): string {
  const size = max === undefined ? `${min}` : `${min}..${max}`;
  return address === 'i64' ? `i64 ${size}` : size;
}

function kindName(kind: ExternKind): ImportExportKind {
  return kind === 'func' ? 'function' : kind;
}
