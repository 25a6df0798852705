/**
 * The class of structs of one shape (runtime/layout.ts), as text:
 *
 *   function Struct_2_1(rtt, f0, f1, d0) { this.rtt = rtt; this.f0 = f0; this.f1 = f1; this.d0 = d0; }
 */
import type { Shape } from '../../runtime/layout.ts';
import { shapeName } from '../../runtime/struct-classes.ts';

/** The shape that a name in generated code stands for; undefined for other names. */
export function shapeOf(name: string): Shape | undefined {
  const match = /^Struct_(\d+)_(\d+)$/.exec(name);
  return match === null ? undefined : { tagged: Number(match[1]), doubles: Number(match[2]) };
}

export function shapeText(shape: Shape): string {
  const slots = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i}`);
  const names = ['rtt', ...slots('f', shape.tagged), ...slots('d', shape.doubles)];
  const stores = names.map((name) => `this.${name} = ${name};`);
  return `function ${shapeName(shape)}(${names.join(', ')}) { ${stores.join(' ')} }`;
}
