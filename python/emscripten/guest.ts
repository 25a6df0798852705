/** The instance of CPython as the host uses it: its exports, its memory, functions behind C pointers, and strings in its memory. */
import { PAGE } from './constants.ts';
import type { Guest, GuestExports } from './context.ts';
import type { EngineInstance } from './engine.ts';

export class BoundGuest implements Guest {
  #instance: EngineInstance['exports'] | undefined;

  bind(exports: EngineInstance['exports']): void {
    this.#instance = exports;
  }

  get #exports(): EngineInstance['exports'] {
    if (this.#instance === undefined) throw new TypeError('the guest is not bound yet');
    return this.#instance;
  }

  get exports(): GuestExports {
    return this.#exports;
  }

  get table(): {
    get(index: number): unknown;
    set(index: number, value: unknown): void;
    grow(delta: number): number;
  } {
    return this.#exports.__indirect_function_table;
  }

  get linearMemory(): unknown {
    return this.#exports.memory;
  }

  functionAt(pointer: number): (...args: number[]) => number {
    return this.table.get(pointer >>> 0) as (...args: number[]) => number;
  }

  grow(pages: number): boolean {
    try {
      this.#exports.memory.grow(pages);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  get memoryBytes(): number {
    const { memory } = this.#exports;
    return memory.pages === undefined ? memory.buffer.byteLength : memory.pages * PAGE;
  }

  /** The address that an exported C variable has. */
  address(name: string): number {
    const { value } = this.#exports[name] as { value: number };
    return value;
  }
}
