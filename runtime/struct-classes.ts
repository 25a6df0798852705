/**
 * The classes of structs, one per shape and process: precompiled files bring the text of theirs, the JIT makes what is
 * missing.
 */
import { InternalError } from './errors.ts';
import type { Shape } from './layout.ts';
import type { StructConstructor } from './objects.ts';

const classes = new Map<string, StructConstructor>();

/** `Struct_2_1`. */
export function shapeName({ tagged, doubles }: Shape): string {
  return `Struct_${tagged}_${doubles}`;
}

/** The class of a shape, if there is one by now. */
export function knownStruct(shape: Shape): StructConstructor | undefined {
  return classes.get(shapeName(shape));
}

/** Makes a constructor the class of its shape, by its name; the first one stays. */
export function addStruct(name: string, made: StructConstructor): void {
  if (classes.has(name)) return;
  Object.defineProperty(made, 'prototype', { value: Object.create(null), writable: false });
  classes.set(name, made);
}

/** For code that brings the classes it needs. */
export function structOf(shape: Shape): StructConstructor {
  const made = knownStruct(shape);
  if (made === undefined) throw new InternalError(`no class ${shapeName(shape)}`);
  return made;
}
