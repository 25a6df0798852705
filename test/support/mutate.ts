/**
 * Seeded damage to module binaries: flipped bits, bytes put in or taken out, truncation, sections swapped, doubled or
 * dropped, numbers written longer than needed. Most results are invalid; many are valid and mean something else.
 */

import { bytes } from './leb.ts';
import type { Random } from './random.ts';
import { MAGIC } from './wasm-builder.ts';

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

/** The sections of a well-formed module; undefined for what is damaged beyond that. */
function split(wasm: Uint8Array): Section[] | undefined {
  const sections: Section[] = [];
  let at = 8;
  while (at < wasm.length) {
    const id = wasm[at++]!;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80 || shift > 28) break;
    }
    if (at + size > wasm.length) return undefined;
    sections.push({ id, content: wasm.subarray(at, at + size) });
    at += size;
  }
  return sections;
}

/** A LEB128 number of at least `width` bytes. */
function padded(value: number, width: number): number[] {
  const out: number[] = [];
  for (let rest = value; out.length < width || rest > 0; rest = Math.floor(rest / 128))
    out.push((rest % 128) | 0x80);
  out[out.length - 1]! &= 0x7f;
  return out;
}

function join(sections: readonly Section[], width = 1): Uint8Array {
  return bytes(
    MAGIC,
    sections.map(({ id, content }) => [id, padded(content.length, width), content]),
  );
}

type Mutation = (wasm: Uint8Array, random: Random) => Uint8Array;

function bySection(change: (sections: Section[], random: Random) => Section[]): Mutation {
  return (wasm, random) => {
    const sections = split(wasm);
    return sections === undefined || sections.length === 0
      ? flip(wasm, random)
      : join(change(sections, random));
  };
}

const flip: Mutation = (wasm, random) => {
  const copy = wasm.slice();
  if (copy.length > 0) copy[random.int(copy.length)]! ^= 1 << random.int(8);
  return copy;
};

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flip,
  replace: (wasm, random) => {
    const copy = wasm.slice();
    if (copy.length > 0)
      copy[random.int(copy.length)] = random.chance(0.5)
        ? random.int(256)
        : random.pick([0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x40, 0xfc, 0xfd]);
    return copy;
  },
  insert: (wasm, random) => {
    const at = random.int(wasm.length + 1);
    return bytes(
      wasm.subarray(0, at),
      Array.from({ length: random.between(1, 4) }, () => random.int(256)),
      wasm.subarray(at),
    );
  },
  remove: (wasm, random) => {
    const at = random.int(wasm.length + 1);
    return bytes(wasm.subarray(0, at), wasm.subarray(at + random.between(1, 4)));
  },
  truncate: (wasm, random) => wasm.slice(0, random.int(wasm.length + 1)),
  swap: bySection((sections, random) => {
    const [a, b] = [random.int(sections.length), random.int(sections.length)];
    const swapped = [...sections];
    [swapped[a], swapped[b]] = [sections[b]!, sections[a]!];
    return swapped;
  }),
  double: bySection((sections, random) => {
    const at = random.int(sections.length);
    return sections.toSpliced(at, 0, sections[at]!);
  }),
  drop: bySection((sections, random) => sections.toSpliced(random.int(sections.length), 1)),
  widenSizes: (wasm, random) => join(split(wasm) ?? [], random.between(2, 6)),
  widenCount: bySection((sections, random) => {
    const at = random.int(sections.length);
    const { id, content } = sections[at]!;
    if (id === 0 || content.length === 0 || content[0]! >= 0x80) return sections;
    const wider = { id, content: bytes(padded(content[0]!, random.between(2, 6)), content.subarray(1)) };
    return sections.with(at, wider);
  }),
};

/** One to three kinds of damage. Bytes inside the larger sections, where code lies, are hit most. */
export function mutate(wasm: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let result = wasm;
  for (
    let count = random.weighted({ '1': 6, '2': 2, '3': 1 });
    Number(count) > 0;
    count = String(Number(count) - 1) as never
  ) {
    const kind = random.weighted({
      flip: 8,
      replace: 6,
      insert: 2,
      remove: 2,
      truncate: 1,
      swap: 1,
      double: 1,
      drop: 1,
      widenSizes: 1,
      widenCount: 2,
    });
    result = MUTATIONS[kind]!(result, random);
  }
  return new Uint8Array(result);
}
