/**
 * From measurements to statements: ratios to native, their geometric means per section, what metering costs, how Sandglass
 * compares with its peers. Text and charts (`text.ts`, `html.ts`) show what is computed here.
 */
import type { EngineName } from './engines/engine.ts';
import { type Cell, cellOf, type Report, type Row, SECTIONS, type Section } from './results.ts';
import { geometricMean, median } from './statistics.ts';

/** The engine's median time in relation to native's; undefined where either has no right result. */
export function ratio(row: Row, engine: EngineName, to: EngineName = 'native'): number | undefined {
  const [time, reference] = [engine, to].map((name) => timeOf(cellOf(row, name)));
  return time === undefined || reference === undefined ? undefined : time / reference;
}

function timeOf(cell: Cell | undefined): number | undefined {
  return cell?.outcome === 'ok' ? median(cell.times) : undefined;
}

export interface Mean {
  readonly value: number;
  /** How many rows it is over, and how many there are: a wrong or missing result is in no mean. */
  readonly counted: number;
  readonly of: number;
}

/** Undefined if no row counts. */
export function meanRatio(
  rows: readonly Row[],
  engine: EngineName,
  to: EngineName = 'native',
): Mean | undefined {
  const ratios = rows.map((row) => ratio(row, engine, to)).filter((value) => value !== undefined);
  if (ratios.length === 0) return undefined;
  return { value: geometricMean(ratios), counted: ratios.length, of: rows.length };
}

/** Rows that a mean is taken over. */
export interface Group {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** The groups of the closing table: sections, and what the goals are about. Those without rows are left out. */
export function groups({ rows }: Report): Group[] {
  const of = (...sections: Section[]) => rows.filter(({ section }) => sections.includes(section));
  const tagged = (tag: string) => rows.filter(({ tags }) => tags.includes(tag));
  const all = [
    { title: SECTIONS.kernels, rows: of('kernels') },
    { title: 'i64 kernels', rows: tagged('i64') },
    { title: 'all C programs', rows: of('kernels', 'programs') },
    { title: 'CPython loop, fib, str, dict, json', rows: tagged('goal') },
    { title: 'all of CPython', rows: of('cpython') },
    { title: SECTIONS.ruby, rows: of('ruby') },
  ];
  return all.filter(({ rows }) => rows.length > 1);
}

/** Sentences about the groups. */
export function statements(report: Report): string[] {
  return [...meteringCost(report), ...worst(report), ...againstPeers(report), ...starts(report)];
}

function meteringCost(report: Report): string[] {
  const parts = groups(report).flatMap(({ title, rows }) => {
    const mean = meanRatio(rows, 'metered', 'unmetered');
    return mean === undefined ? [] : [`${mean.value.toFixed(2)} over ${title}`];
  });
  return parts.length === 0 ? [] : [`Metering, metered to unmetered: ${parts.join(', ')}.`];
}

function worst({ rows }: Report): string[] {
  const kernels = rows.filter(({ section }) => section === 'kernels');
  const slowest = kernels
    .map((row) => ({ id: row.id, value: ratio(row, 'metered') ?? 0 }))
    .sort((a, b) => b.value - a.value)[0];
  if (slowest === undefined || slowest.value === 0) return [];
  return [`The slowest C kernel, metered: ${slowest.id}, ${slowest.value.toFixed(2)} times native.`];
}

function againstPeers(report: Report): string[] {
  const ours = (['metered', 'unmetered'] as const).filter((engine) => report.engines.includes(engine));
  const peers = (['polywasm', 'wasm2js'] as const).filter((engine) => report.engines.includes(engine));
  return peers.flatMap((peer) =>
    groups(report).flatMap(({ title, rows }) => {
      const parts = ours.flatMap((engine) => {
        const mean = meanRatio(rows, peer, engine);
        return mean === undefined ? [] : [{ text: `${mean.value.toFixed(2)} ${engine}`, mean }];
      });
      if (parts.length === 0) return [];
      const { counted, of } = parts[0]!.mean;
      const scope =
        counted === of ? `over ${title}` : `over the ${counted} of ${of} that it runs right (${title})`;
      return [`Times as fast as ${peer}, ${scope}: ${parts.map(({ text }) => text).join(', ')}.`];
    }),
  );
}

function starts({ rows, engines }: Report): string[] {
  const cold = rows.find(({ id }) => id === 'startup/cold');
  const against = cold && engines.includes('polywasm') ? ratio(cold, 'metered', 'polywasm') : undefined;
  const lines =
    against === undefined ? [] : [`Cold start of CPython, metered to polywasm: ${against.toFixed(2)}.`];
  const warm = rows.find(({ id }) => id === 'startup/warm');
  const shares = engines.flatMap((engine) => {
    const share = warm && fifthToFirst(cellOf(warm, engine));
    return share === undefined ? [] : [`${share.toFixed(2)} ${engine}`];
  });
  if (shares.length > 0) lines.push(`The fifth instance of CPython to the first: ${shares.join(', ')}.`);
  return lines;
}

/** Of the row `startup/warm`, whose times are those of five instances. */
export function fifthToFirst(cell: Cell | undefined): number | undefined {
  return cell?.outcome === 'ok' ? cell.times.at(-1)! / cell.times[0]! : undefined;
}
