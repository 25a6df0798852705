/**
 * References as numbers and back: null and functions, the instance's own and those it imports. Other references (objects, values of
 * the host, functions of other instances) mean nothing outside of their process: refused by name.
 */
import type { FunctionReference } from '../abi.ts';
import { matches, resolve } from '../defined-types.ts';
import { type Environment, HostEnvironment, Reference } from '../environment.ts';
import { Exception, SnapshotError } from '../errors.ts';
import { HostValue } from '../objects.ts';
import type { RefType } from '../types.ts';
import { damaged } from './bytes.ts';
import type { ReferenceList } from './record.ts';

/** What a table of externrefs holds that the host made without saying of what. */
const UNDEFINED = 0xffff_ffff;

/** What holds references, for messages: `table 0 ("t")`. */
export type Name = () => string;

/** The references of one instance. */
export class References {
  readonly #E: Environment;
  /** Imported functions by what they are. */
  #imported: Map<unknown, number> | undefined;

  constructor(environment: Environment) {
    this.#E = environment;
  }

  toNumbers(references: readonly unknown[], name: Name): ReferenceList {
    const numbers = new Uint32Array(references.length);
    for (let i = 0; i < references.length; i++) {
      const reference = references[i];
      if (reference !== null) numbers[i] = this.toNumber(reference, name, ` at ${i}`);
    }
    return numbers;
  }

  toNumber(reference: unknown, name: Name, place = ''): number {
    if (reference === null) return 0;
    if (reference === undefined) return UNDEFINED;
    const index = this.#indexOf(reference);
    if (index !== undefined) return index + 1;
    throw new SnapshotError(`cannot take a snapshot: ${name()} holds ${this.#describe(reference)}${place}`);
  }

  #indexOf(reference: unknown): number | undefined {
    if (!(reference instanceof Reference)) return undefined;
    if (reference.env === this.#E) return reference.index;
    this.#imported ??= new Map(this.#E.I.map((each, index) => [each, index]));
    return this.#imported.get(reference);
  }

  #describe(reference: unknown): string {
    if (reference instanceof Reference) {
      const isHost = reference.env instanceof HostEnvironment;
      return isHost ? 'a function of the host' : `function ${reference.index} of another instance`;
    }
    if (typeof reference === 'number') return 'an i31';
    if (reference instanceof Exception) return 'an exception';
    const isObject = typeof reference === 'object' && 'rtt' in (reference as object);
    return isObject && !(reference instanceof HostValue)
      ? 'a garbage-collected object'
      : 'a value of the host';
  }

  /** Throws unless all numbers are references of the type. */
  check(numbers: ReferenceList, type: RefType, name: Name): void {
    const { description } = this.#E.code;
    const resolved = resolve(type, description.types);
    const count = description.functions.length;
    for (const number of numbers) {
      // Nearly all tables hold functions of any type.
      const isFunction = resolved.heap === 'func' && number <= count;
      const fits = number === 0 ? resolved.nullable : isFunction || this.#fits(number, resolved);
      if (!fits) throw damaged(`${name()} cannot hold ${textOf(number)}`);
    }
  }

  #fits(number: number, type: RefType): boolean {
    if (number === UNDEFINED) return type.heap === 'extern';
    return number <= this.#E.code.description.functions.length && matches(this.#typeOf(number), type);
  }

  #typeOf(number: number): RefType {
    const imported = this.#E.I[number - 1];
    const type = imported?.rtt ?? this.#E.defined[this.#E.code.description.functions[number - 1]!]!;
    return type.nonNull;
  }

  /** Of a number that was checked. */
  at(number: number): FunctionReference | null | undefined {
    if (number === 0) return null;
    if (number === UNDEFINED) return undefined;
    return this.#E.refs[number - 1] ?? this.#E.makeRef(number - 1);
  }
}

function textOf(number: number): string {
  if (number === UNDEFINED) return 'undefined';
  return number === 0 ? 'null' : `function ${number - 1}`;
}
