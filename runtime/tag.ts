/**
 * Exception tags: an identity, and the types of what an exception of that tag carries.
 */
import { enforceUint32 } from './addresses.ts';
import { type DefinedType, defineFunction } from './defined-types.ts';
import { outOfRange, wrongPayloadLength } from './errors.ts';
import { type FuncType, typeText } from './types.ts';
import { fromHost, parseValueType, toHost } from './values.ts';

export interface TagDescriptor {
  /** `'i32'`, `'i64'`, `'f32'`, `'f64'`, `'v128'` or a `ReferenceTypeName`. */
  readonly parameters: Iterable<string>;
}

export class Tag {
  readonly definedType: DefinedType;

  constructor(descriptor: TagDescriptor) {
    const params = Array.from(descriptor.parameters, parseValueType);
    this.definedType = defineFunction({ params, results: [] });
  }

  /** A module's own tag. */
  static define(definedType: DefinedType): Tag {
    return Object.assign(new Tag({ parameters: [] }), { definedType });
  }

  get type(): FuncType {
    return this.definedType.func;
  }

  /** An exception's payload out of the host's values. */
  payloadFromHost(values: readonly unknown[]): unknown[] {
    const { params } = this.type;
    if (values.length !== params.length) throw wrongPayloadLength(params.length, values.length);
    return params.map((type, i) => fromHost(values[i], type));
  }

  /** One value of an exception's payload as the host sees it. */
  argumentToHost(payload: readonly unknown[], index: number): unknown {
    const integer = enforceUint32(index, 'index');
    const type = this.type.params[integer];
    if (type === undefined) throw outOfRange('index', integer, 0, this.type.params.length - 1);
    return toHost(payload[integer], type);
  }

  /** `(i32 i64)`. */
  toString(): string {
    return `(${this.type.params.map(typeText).join(' ')})`;
  }
}
