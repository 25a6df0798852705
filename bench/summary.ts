/**
 * From measurements to statements: ratios to native, their geometric means per section, what metering costs, how Sandglass
 * compares with its peers. Text and charts (`text.ts`, `html.ts`) show what is computed here.
 */
import type { EngineName } from './engines/engine.ts';
import { WITHOUT_SIMD } from './kernels.ts';
import { type Cell, cellOf, type Report, type Row, SECTIONS, type Section } from './results.ts';
import { geometricMean, median } from './statistics.ts';

/** A first round so many times longer than the median. */
const STILL_WARMING_UP = 1.5;

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
  const goals = (section: Section) => of(section).filter(({ tags }) => tags.includes('goal'));
  const tagged = (tag: string) => rows.filter(({ tags }) => tags.includes(tag));
  const all = [
    { title: SECTIONS.kernels, rows: of('kernels') },
    { title: 'i64 kernels', rows: tagged('i64') },
    { title: 'all C programs', rows: of('kernels', 'programs') },
    { title: SECTIONS.simd, rows: of('simd') },
    { title: SECTIONS.scalar, rows: of('scalar') },
    { title: 'CPython 3.12 loop, fib, str, dict, json', rows: goals('cpython') },
    { title: 'all of CPython 3.12', rows: of('cpython') },
    { title: 'CPython 3.14 loop, fib, str, dict, json', rows: goals('cpython314') },
    { title: 'all of CPython 3.14', rows: of('cpython314') },
    { title: SECTIONS.ruby, rows: of('ruby') },
  ];
  // A group that a filter has made equal to an earlier one says nothing new.
  const ids = all.map((group) => group.rows.map(({ id }) => id).join());
  return all.filter(({ rows }, i) => rows.length > 1 && ids.indexOf(ids[i]!) === i);
}

/** Sentences about the groups. */
export function statements(report: Report): string[] {
  return [
    ...meteringCost(report),
    ...worst(report),
    ...againstScalar(report),
    ...againstPeers(report),
    ...starts(report),
  ];
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
  if (kernels.length < 2 || slowest === undefined || slowest.value === 0) return [];
  return [`The slowest C kernel, metered: ${slowest.id}, ${slowest.value.toFixed(2)} times native.`];
}

/** What SIMD brings where it is scalars. */
function againstScalar({ rows }: Report): string[] {
  const gains = rows
    .filter(({ section }) => section === 'simd')
    .flatMap((row) => {
      const twin = rows.find(({ id }) => id === `${row.id}${WITHOUT_SIMD}`);
      const [time, without] = [row, twin].map((each) => each && timeOf(cellOf(each, 'metered')));
      return time === undefined || without === undefined ? [] : [`${(without / time).toFixed(2)} ${row.id}`];
    });
  return gains.length === 0 ? [] : [`Times as fast as the same without SIMD, metered: ${gains.join(', ')}.`];
}

function againstPeers(report: Report): string[] {
  const has = (engine: EngineName) => report.engines.includes(engine);
  const ours = (['metered', 'unmetered'] as const).filter(has);
  return (['polywasm', 'wasm2js'] as const).filter(has).flatMap((peer) => {
    const parts = groups(report).flatMap(({ title, rows }) => {
      const means = ours.map((engine) => meanRatio(rows, peer, engine)).filter((mean) => mean !== undefined);
      if (means.length === 0) return [];
      const { counted, of } = means[0]!;
      const scope = counted === of ? title : `${counted} of ${of} of ${title}`;
      return [`${means.map(({ value }) => value.toFixed(2)).join(' / ')} over ${scope}`];
    });
    return parts.length === 0 ? [] : [`Times as fast as ${peer}, ${ours.join(' / ')}: ${parts.join(', ')}.`];
  });
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

/** Under what all this was measured. */
export function heading({ node, v8, platform, cpu, rounds }: Report): string {
  const times = rounds === 1 ? '1 round' : `${rounds} rounds`;
  return `Node ${node} (V8 ${v8}) on ${platform}, ${cpu}; median of ${times} after one warm-up call`;
}

/** What a reader has to know before believing the numbers: a busy machine, results that are missing, unfinished warm-up. */
export function remarks({ rows, notes, rounds, loadBefore, cores }: Report): string[] {
  const busy = loadBefore > cores / 2;
  const load = `the machine was busy before the run began: load ${loadBefore.toFixed(1)} on ${cores} cores; times are noisy`;
  const lines = rows.flatMap(({ id, section, cells }) =>
    cells.flatMap(({ engine, outcome, reason, times }) => {
      if (outcome === 'wrong' || outcome === 'fails' || outcome === 'cut')
        return [`${id}: ${engine} ${outcome}: ${reason}`];
      if (outcome !== 'ok' || section === 'startup' || rounds < 3) return [];
      const excess = times[0]! / median(times);
      const still = `${id}: ${engine} took ${excess.toFixed(1)} times its median in the first round: still warming up, or disturbed`;
      return excess > STILL_WARMING_UP ? [still] : [];
    }),
  );
  return [...(busy ? [load] : []), ...lines, ...notes];
}
