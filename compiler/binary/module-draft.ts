/**
 * A module while its sections are being read: `ModuleInfo` with its lists still growing.
 */
import type { DataSegment } from '../../runtime/data-segment.ts';
import type { CompileLimits } from '../../runtime/limits.ts';
import type {
  ElementSegment,
  ExportDescription,
  GlobalDefinition,
  GlobalType,
  ImportDescription,
  MemoryType,
  SubType,
  TableDefinition,
  TableType,
} from '../../runtime/types.ts';
import type { FeatureSet } from '../features.ts';
import type { CodeBody, CustomSection, ModuleInfo, SectionInfo } from './module-info.ts';
import { TailCalls } from './tail-calls.ts';

export class ModuleDraft implements ModuleInfo {
  readonly bytes: Uint8Array;
  readonly limits: CompileLimits;
  readonly features: FeatureSet;
  readonly types: SubType[] = [];
  /** Where each recursion group first stands, by its key. */
  readonly recursionGroups = new Map<string, number>();
  readonly imports: ImportDescription[] = [];
  readonly functions: number[] = [];
  readonly tables: TableType[] = [];
  readonly memories: MemoryType[] = [];
  readonly globals: GlobalType[] = [];
  readonly tags: number[] = [];
  importedFunctions = 0;
  importedTables = 0;
  importedMemories = 0;
  importedGlobals = 0;
  importedTags = 0;
  readonly tableDefinitions: TableDefinition[] = [];
  readonly globalDefinitions: GlobalDefinition[] = [];
  readonly exports: ExportDescription[] = [];
  start: number | undefined = undefined;
  readonly elements: ElementSegment[] = [];
  readonly data: DataSegment[] = [];
  name: string | undefined = undefined;
  functionNames: Map<number, string> = new Map();
  readonly bodies: CodeBody[] = [];
  readonly customSections: CustomSection[] = [];
  readonly sections: SectionInfo[] = [];
  dataCount: number | undefined = undefined;
  readonly declaredFunctions: Set<number> = new Set();
  readonly tailCalls: TailCalls = new TailCalls();

  constructor(bytes: Uint8Array, limits: CompileLimits, features: FeatureSet) {
    this.bytes = bytes;
    this.limits = limits;
    this.features = features;
  }
}
