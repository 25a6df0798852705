/**
 * The declarations of what a standalone file exports: it imports nothing, and neither does its `.d.ts`. What hosts use, in the
 * words of the library's own declarations; a test has the compiler compare the two.
 */
export const STANDALONE_TYPES = `\
/** Module name → name → value. */
export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface InvokeOptions {
  /** Counts if it has fired before the call, or a host function fires it during the call. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from now. */
  readonly deadlineMs?: number | undefined;
}

export interface Limits {
  /** Pages of 64 KiB, per memory. */
  readonly memoryPages: number;
  /** Per table. */
  readonly tableElements: number;
  /** Nested calls; without a limit the host's stack decides. */
  readonly callDepth: number | undefined;
  /** Parameters and locals, per function. */
  readonly locals: number;
  /** Per module. */
  readonly functions: number;
  readonly moduleBytes: number;
  readonly functionBytes: number;
  /** Bytes of all structs and arrays that a Runtime makes. */
  readonly gcBytes: number | undefined;
  /** Milliseconds that decoding and validating a module may take. */
  readonly compileMs: number | undefined;
}

export interface RuntimeOptions {
  /** Fuel to begin with; by default unlimited, and counted. */
  readonly fuel?: bigint | undefined;
  /** Where a limit on fuel is looked at. Default: \`'regions'\`. */
  readonly fuelChecks?: 'regions' | 'loops' | undefined;
  /** Asked when the fuel is used up: what it returns is granted. */
  readonly onOutOfFuel?:
    | ((info: { readonly consumed: bigint; readonly limit: bigint }) => bigint | undefined | void)
    | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Default true. Without it there is no fuel, no deadline and no interruption. */
  readonly metering?: boolean | undefined;
  /** How many cells of the thread's register file, 8 bytes each, its frames may use. */
  readonly registerCells?: number | undefined;
}

export interface InstantiateOptions extends RuntimeOptions, InvokeOptions {
  /** Instances of one Runtime share fuel and limits, and can be linked. Default: a new one, of these options. */
  readonly runtime?: Runtime | undefined;
}

export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag';
  /** \`(i32 i64) -> (f64)\`, \`1..2 pages\`. */
  readonly type: string;
}

export interface ModuleExport {
  readonly name: string;
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag';
  readonly type: string;
}

export interface PrecompiledModule {
  readonly name: string | undefined;
  readonly metering: boolean;
  readonly imports: ModuleImport[];
  readonly exports: ModuleExport[];
  /** Brings what lies in other files; of a standalone file, nothing. */
  load(limited?: boolean): Promise<void>;
}

export declare class Runtime {
  constructor(options?: RuntimeOptions);
  instantiateSync(module: PrecompiledModule, imports?: Imports, control?: InvokeOptions): Instance;
  instantiate(module: PrecompiledModule, imports?: Imports, control?: InvokeOptions): Promise<Instance>;
  /** An instance with the state of a snapshot of the same module: nothing of it runs, not even its start function. */
  restore(module: PrecompiledModule, snapshot: Snapshot, imports?: Imports): Instance;
  get fuel(): {
    readonly consumed: bigint;
    readonly limit: bigint | undefined;
    readonly remaining: bigint | undefined;
    add(amount: bigint): void;
    set(amount: bigint): void;
  };
  /** All calls that \`run\` makes are under one deadline and one signal. */
  within<Result>(options: InvokeOptions, run: () => Result): Result;
  /** Stops what runs, or runs next, with an \`AbortError\`. */
  interrupt(): void;
  /** Shared word: another thread that stores a non-zero value interrupts. */
  get interruptWord(): Int32Array<SharedArrayBuffer>;
  /** Calls into instances of a closed Runtime fail, and one that is running is interrupted. */
  close(): void;
  [Symbol.dispose](): void;
}

export declare class Instance {
  private constructor();
  /** What each is, only the module knows. */
  readonly exports: Readonly<Record<string, any>>;
  /** Whose fuel it burns. */
  readonly runtime: Runtime;
  /** Calls an exported function; several results are an array. */
  invoke(name: string, args?: readonly unknown[], options?: InvokeOptions): unknown;
  /** The same with bits: numbers as unsigned bigints, references as JavaScript values; always an array. */
  invokeRaw(name: string, args?: readonly unknown[], options?: InvokeOptions): unknown[];
  /** Its state, for \`runtime.restore\` and \`reset\`. Throws a \`SnapshotError\` for what cannot be saved. */
  snapshot(): Snapshot;
  /** Back to the state of a snapshot of the same module, in place. */
  reset(snapshot: Snapshot): void;
  /** When it is not used any more: its own memories are empty from now on. */
  close(): void;
  [Symbol.dispose](): void;
}

/** A snapshot as it is posted to another thread of the same process. */
export interface SnapshotHandle {
  readonly buffer: SharedArrayBuffer;
}

export declare class Snapshot {
  private constructor();
  /** What \`save\` answered; nobody changes the bytes as long as the snapshot is in use. */
  static load(bytes: Uint8Array): Snapshot;
  static from(handle: SnapshotHandle): Snapshot;
  get byteLength(): number;
  /** For a file, and \`load\`: a copy. */
  save(): Uint8Array<ArrayBuffer>;
  /** One copy for all threads of this process: post the handle to them. */
  share(): SnapshotHandle;
}

export declare const HOST_STATE: unique symbol;
/** What an import module object may carry under \`HOST_STATE\`. */
export interface HostState {
  readonly name: string;
  readonly version: number;
  saveState(): Uint8Array;
  /** Answers what puts the state in force. */
  restoreState(state: Uint8Array): () => void;
}

export type ReferenceTypeName =
  | 'anyfunc'
  | 'funcref'
  | 'externref'
  | 'anyref'
  | 'eqref'
  | 'i31ref'
  | 'structref'
  | 'arrayref';

export interface MemoryDescriptor {
  /** In pages, as \`maximum\`: a bigint where addresses have 64 bits. */
  readonly initial: number | bigint;
  readonly maximum?: number | bigint | undefined;
  readonly address?: 'i32' | 'i64' | undefined;
  readonly shared?: boolean | undefined;
  readonly pageSize?: number | undefined;
}

export declare class Memory {
  constructor(descriptor: MemoryDescriptor);
  readonly pageSize: number;
  get isShared(): boolean;
  get pages(): number;
  /** Of exactly the current pages, as \`bytes\`. */
  get view(): DataView;
  get bytes(): Uint8Array;
  /** The bytes themselves, not a copy; the same object until the memory grows. */
  get buffer(): ArrayBuffer | SharedArrayBuffer;
  /** Returns the previous size in pages, or throws a \`RangeError\`. */
  grow<Count extends number | bigint>(delta: Count): Count extends bigint ? bigint : number;
}

export interface TableDescriptor {
  readonly element: ReferenceTypeName;
  readonly initial: number | bigint;
  readonly maximum?: number | bigint | undefined;
  readonly address?: 'i32' | 'i64' | undefined;
}

export declare class Table {
  constructor(descriptor: TableDescriptor, value?: unknown);
  get length(): number | bigint;
  get(index: number | bigint): unknown;
  set(index: number | bigint, ...value: [value?: unknown]): void;
  grow(delta: number | bigint, value?: unknown): number | bigint;
}

export interface GlobalDescriptor {
  /** \`'i32'\`, \`'i64'\`, \`'f32'\`, \`'f64'\`, \`'v128'\` or a \`ReferenceTypeName\`. */
  readonly value: string;
  readonly mutable?: boolean | undefined;
}

export declare class Global {
  constructor(descriptor: GlobalDescriptor, initial?: unknown);
  get value(): unknown;
  set value(value: unknown);
  valueOf(): unknown;
}

export interface TagDescriptor {
  readonly parameters: Iterable<string>;
}

export declare class Tag {
  constructor(descriptor: TagDescriptor);
  toString(): string;
}

export declare class Exception {
  constructor(tag: Tag, payload: Iterable<unknown>);
  is(tag: Tag): boolean;
  getArg(tag: Tag, index: number): unknown;
  get message(): string;
}

export interface SourcePosition {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1; 0: not known. */
  readonly column: number;
}

/** One WebAssembly function on the stack when a trap struck, innermost first. */
export interface WasmFrame {
  readonly functionIndex: number;
  readonly functionName: string | undefined;
  /** Byte offset in the module, where known. */
  readonly offset: number | undefined;
  readonly source?: SourcePosition | undefined;
}

export declare function formatWasmStack(frames: readonly WasmFrame[]): string;

export declare class CompileError extends Error {}
export declare class LinkError extends Error {}
export declare class SnapshotError extends Error {}
/** A failure while WebAssembly code runs. */
export declare class RuntimeError extends Error {}
export declare class Trap extends RuntimeError {
  readonly code: TrapCode;
  wasmStack: readonly WasmFrame[];
  constructor(code: TrapCode, detail?: string | number);
}
/** The fuel is used up and nobody granted more. */
export declare class OutOfFuelError extends Error {
  readonly consumed: bigint;
  readonly limit: bigint;
  constructor(consumed: bigint, limit: bigint);
}
export declare class TimeoutError extends Error {
  readonly deadlineMs: number;
  constructor(deadlineMs: number);
}
export declare class AbortError extends Error {
  readonly reason: unknown;
  constructor(reason: unknown);
}
export declare class ExitError extends Error {
  readonly code: number;
  constructor(code: number);
}
/** A bug of Sandglass's. */
export declare class InternalError extends Error {}
`;
