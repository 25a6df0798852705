/**
 * The report's tables, as text in cells; how they look on a page or a terminal is decided in `html.ts` and `text.ts`.
 */
import type { EngineName } from './engines/engine.ts';
import { type Cell, cellOf, type Report, type Row, SECTIONS, type Section } from './results.ts';
import { median, spread } from './statistics.ts';
import { fifthToFirst, groups, meanRatio, ratio } from './summary.ts';

/** Rows of cells: the first row is the header, the first column names what the row is about. */
export type Table = readonly (readonly string[])[];

/** The sections that have rows, in order. */
export function sectionsOf({ rows }: Report): { section: Section; rows: readonly Row[] }[] {
  return (Object.keys(SECTIONS) as Section[])
    .map((section) => ({ section, rows: rows.filter((row) => row.section === section) }))
    .filter(({ rows }) => rows.length > 0);
}

export function sectionTable(section: Section, rows: readonly Row[], engines: readonly EngineName[]): Table {
  return section === 'startup' ? startupTable(rows, engines) : ratioTable(section, rows, engines);
}

const others = (engines: readonly EngineName[]) => engines.filter((engine) => engine !== 'native');

function ratioTable(section: Section, rows: readonly Row[], engines: readonly EngineName[]): Table {
  const header = [SECTIONS[section], 'native ms', ...others(engines), 'fuel'];
  const body = rows.map((row) => [
    row.id,
    milliseconds(cellOf(row, 'native')),
    ...others(engines).map((engine) => ratioText(row, engine)),
    grouped(cellOf(row, 'metered')?.fuel),
  ]);
  // As wide as a ratio with its spread, so that the points stand below each other.
  const means = others(engines).map((engine) => meanText(rows, engine).replace(/^\S+$/, '$&     '));
  return [header, ...body, ...(rows.length > 1 ? [['geometric mean', '', ...means, '']] : [])];
}

/** Undefined if there is nothing to take a mean of. */
export function meansTable(report: Report): Table | undefined {
  const engines = others(report.engines);
  const body = groups(report).map(({ title, rows }) => [
    title,
    ...engines.map((each) => meanText(rows, each)),
  ]);
  return body.length === 0 ? undefined : [['Geometric means to native', ...engines], ...body];
}

function meanText(rows: readonly Row[], engine: EngineName): string {
  const mean = meanRatio(rows, engine);
  if (mean === undefined) return '-';
  return mean.counted === mean.of
    ? mean.value.toFixed(2)
    : `${mean.value.toFixed(2)} (${mean.counted} of ${mean.of})`;
}

/** `1.24 ±2%`, or what else became of it. */
export function ratioText(row: Row, engine: EngineName): string {
  const cell = cellOf(row, engine);
  const value = ratio(row, engine);
  if (value !== undefined) return `${value.toFixed(2)} ${percent(cell!)}`;
  if (cell?.outcome === 'cut') return 'cut';
  return cell === undefined || cell.outcome === 'absent' ? '-' : cell.outcome === 'ok' ? '?' : cell.outcome;
}

function milliseconds(cell: Cell | undefined): string {
  if (cell?.outcome !== 'ok') return cell?.outcome === 'absent' || cell === undefined ? '-' : cell.outcome;
  return `${median(cell.times).toFixed(1)} ${percent(cell)}`;
}

const percent = ({ times }: Cell) => `±${(spread(times) * 100).toFixed(0)}%`.padStart(4);

/** `12,345,678` */
function grouped(count: string | undefined): string {
  return count?.replace(/\B(?=(\d{3})+$)/g, ',') ?? '';
}

function startupTable(rows: readonly Row[], engines: readonly EngineName[]): Table {
  const warm = rows.find(({ id }) => id === 'startup/warm');
  const lines = [[`${SECTIONS.startup}, ms`, ...engines]];
  for (const [name, title] of [
    ['cold', 'cold: print(1), whole process'],
    ['cached', 'cached: the same from a cache'],
  ] as const) {
    const row = rows.find(({ id }) => id === `startup/${name}`);
    if (row === undefined) continue;
    lines.push([title, ...engines.map((each) => milliseconds(cellOf(row, each)))]);
    lines.push(['  to native', ...engines.map((each) => ratio(row, each)?.toFixed(2) ?? '-')]);
  }
  for (const [instance, title] of [
    [0, 'warm: first instance'],
    [4, '  fifth instance'],
  ] as const) {
    if (warm)
      lines.push([title, ...engines.map((each) => cellOf(warm, each)?.times[instance]?.toFixed(0) ?? '-')]);
  }
  if (warm)
    lines.push([
      '  fifth to first',
      ...engines.map((each) => fifthToFirst(cellOf(warm, each))?.toFixed(2) ?? '-'),
    ]);
  return lines;
}
