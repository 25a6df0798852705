/**
 * The object of an instance's exports: frozen, without prototype, by name.
 *
 * An exported function is made for each (a reference, a wrapper, an entry that leads back), 1.5 µs: where there are thousands, as in
 * CPython with 8,560, that would be most of what an instance takes to make. There they are made when somebody asks, behind a proxy that
 * answers as the frozen object would.
 */
import type { ExportDescription, ExternKind } from './types.ts';

export type ExportsObject = Readonly<Record<string, unknown>>;
type Make = (kind: ExternKind, index: number) => unknown;

/** More exports than this are made when they are asked for. A proxy takes some 50 ns at every look. */
const MOST_AT_ONCE = 1000;

export function exportsObject(descriptions: readonly ExportDescription[], make: Make): ExportsObject {
  const exports = Object.create(null) as Record<string, unknown>;
  if (descriptions.length > MOST_AT_ONCE)
    return new Proxy<Record<string, unknown>>(exports, new LazyExports(descriptions, make));
  for (const { name, kind, index } of descriptions) exports[name] = make(kind, index);
  return Object.freeze(exports);
}

const byName = new WeakMap<readonly ExportDescription[], ReadonlyMap<string, ExportDescription>>();

function mapOf(descriptions: readonly ExportDescription[]): ReadonlyMap<string, ExportDescription> {
  let map = byName.get(descriptions);
  if (map === undefined) {
    map = new Map(descriptions.map((each) => [each.name, each]));
    byName.set(descriptions, map);
  }
  return map;
}

/** The target has what was asked for. It is frozen, with all of them, when somebody asks for that. */
class LazyExports implements ProxyHandler<Record<string, unknown>> {
  readonly #descriptions: ReadonlyMap<string, ExportDescription>;
  readonly #make: Make;

  constructor(descriptions: readonly ExportDescription[], make: Make) {
    this.#descriptions = mapOf(descriptions);
    this.#make = make;
  }

  get(made: Record<string, unknown>, name: string | symbol): unknown {
    const known = made[name as string];
    if (known !== undefined || typeof name === 'symbol') return known;
    const description = this.#descriptions.get(name);
    if (description === undefined) return undefined;
    const value = this.#make(description.kind, description.index);
    Object.defineProperty(made, name, { value, enumerable: true });
    return value;
  }

  has(_: object, name: string | symbol): boolean {
    return this.#descriptions.has(name as string);
  }

  ownKeys(): string[] {
    return [...this.#descriptions.keys()];
  }

  getOwnPropertyDescriptor(
    made: Record<string, unknown>,
    name: string | symbol,
  ): PropertyDescriptor | undefined {
    this.get(made, name);
    return Object.getOwnPropertyDescriptor(made, name);
  }

  isExtensible(made: Record<string, unknown>): boolean {
    return !this.preventExtensions(made);
  }

  preventExtensions(made: Record<string, unknown>): boolean {
    for (const name of this.#descriptions.keys()) this.get(made, name);
    Object.freeze(made);
    return true;
  }

  set(): boolean {
    return false;
  }

  defineProperty(made: Record<string, unknown>, name: string | symbol, wanted: PropertyDescriptor): boolean {
    this.get(made, name);
    return Object.hasOwn(made, name) && Reflect.defineProperty(made, name, wanted);
  }

  deleteProperty(): boolean {
    return false;
  }

  setPrototypeOf(): boolean {
    return false;
  }
}
