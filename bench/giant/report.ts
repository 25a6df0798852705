/** What `bytecode.ts` found, as text for people. Computes no more than sums, ranks and ratios. */
import { basename } from 'node:path';
import type { Mode } from './emitted.ts';
import { largest, type MeasuredPart, type Scan, tooLong } from './scan.ts';
import { LIMIT } from './v8-bytecode.ts';

const KIB = 1024;
/** Upper ends of the ranges of bytecode length. */
const RANGES = [0.25, 1, 4, 8, 16, 32, 48, 60, Infinity].map((kib) => kib * KIB);
/** Functions with less bytecode say nothing about the estimator. */
const ESTIMATED_FROM = 2 * KIB;

export const LARGEST = 10;

export function reportText(file: string, mode: Mode, scan: Scan): string {
  const { functions, parts, refusals } = scan;
  const regions = parts.filter(({ name }) => name.includes('$')).length;
  const over = tooLong(parts);
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  return [
    `${basename(file)}, ${mode}: ${functions} functions → ${parts.length} generated, of which ${regions} regions; ` +
      `${total} bytes of bytecode`,
    `  the longest: ${largest(parts, 1)[0]?.length ?? 0} bytes of ${LIMIT} that V8 optimises; over: ${over.length}`,
    ...over.map((part) => `    over: ${partText(part)}, ${part.length - LIMIT} too many`),
    ...refusals.map(({ index, message }) => `    not compiled: function ${index}: ${message}`),
    `  lengths: ${distribution(parts)}`,
    `  the ${LARGEST} longest:`,
    ...largest(parts, LARGEST).map((part) => `    ${partText(part)}`),
    `  the emitter's estimate: ${estimatorText(parts)}`,
  ].join('\n');
}

const partText = ({ name, index, length, weight }: MeasuredPart) =>
  `${name} (function ${index}): ${length} bytes, ${weight} estimated`;

function distribution(parts: readonly MeasuredPart[]): string {
  let from = 0;
  return RANGES.map((to) => {
    const count = parts.filter(({ length }) => length >= from && length < to).length;
    const range = to === Infinity ? `≥ ${from / KIB} KiB` : `< ${to / KIB} KiB`;
    from = to;
    return `${range}: ${count}`;
  }).join(', ');
}

function estimatorText(parts: readonly MeasuredPart[]): string {
  const ratios = parts
    .filter(({ length }) => length >= ESTIMATED_FROM)
    .map(({ length, weight }) => length / weight)
    .sort((a, b) => a - b);
  const at = (share: number) => (ratios[Math.ceil(share * ratios.length) - 1] ?? 0).toFixed(3);
  const ranks = `p1 ${at(0.01)}, median ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`;
  return `bytes of bytecode to bytes estimated, ${ratios.length} functions of ${ESTIMATED_FROM / KIB} KiB or more: ${ranks}`;
}
