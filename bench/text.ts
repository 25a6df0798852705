/**
 * The report as text: a table per section, one of geometric means, then sentences. All of stdout; nothing else is
 * written there.
 */
import type { EngineName } from './engines/engine.ts';
import { type Cell, cellOf, type Report, type Row, SECTIONS, type Section } from './results.ts';
import { median, spread } from './statistics.ts';
import { fifthToFirst, groups, meanRatio, ratio, statements } from './summary.ts';

export function asText(report: Report): string {
  const sections = (Object.keys(SECTIONS) as Section[]).flatMap((section) => {
    const rows = report.rows.filter((row) => row.section === section);
    if (rows.length === 0) return [];
    return [
      section === 'startup' ? startupTable(rows, report.engines) : ratioTable(section, rows, report.engines),
    ];
  });
  const parts = [[heading(report)], ...sections, meansTable(report), statements(report), remarks(report)];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

export function heading({ node, v8, platform, cpu, rounds }: Report): string {
  const times = rounds === 1 ? '1 round' : `${rounds} rounds`;
  return `Node ${node} (V8 ${v8}) on ${platform}, ${cpu}; median of ${times} after one warm-up call`;
}

/** Columns: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

const others = (engines: readonly EngineName[]) => engines.filter((engine) => engine !== 'native');

function ratioTable(section: Section, rows: readonly Row[], engines: readonly EngineName[]): string[] {
  const header = [SECTIONS[section], 'native ms', ...others(engines), 'fuel'];
  const body = rows.map((row) => [
    row.id,
    milliseconds(cellOf(row, 'native')),
    ...others(engines).map((engine) => ratioText(row, engine)),
    grouped(cellOf(row, 'metered')?.fuel),
  ]);
  const means = others(engines).map((engine) => meanText(rows, engine));
  return table([header, ...body, ...(rows.length > 1 ? [['geometric mean', '', ...means, '']] : [])]);
}

function meansTable(report: Report): string[] {
  const engines = others(report.engines);
  const body = groups(report).map(({ title, rows }) => [
    title,
    ...engines.map((each) => meanText(rows, each)),
  ]);
  return body.length === 0 ? [] : table([['Geometric means to native', ...engines], ...body]);
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

function startupTable(rows: readonly Row[], engines: readonly EngineName[]): string[] {
  const cold = rows.find(({ id }) => id === 'startup/cold');
  const warm = rows.find(({ id }) => id === 'startup/warm');
  const lines = [[`${SECTIONS.startup}, ms`, ...engines]];
  if (cold)
    lines.push(['cold: print(1), whole process', ...engines.map((each) => milliseconds(cellOf(cold, each)))]);
  if (cold) lines.push(['  to native', ...engines.map((each) => ratio(cold, each)?.toFixed(2) ?? '-')]);
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
  return table(lines);
}

/** What is wrong, fails, was cut short or is absent. */
function remarks({ rows, notes, rounds }: Report): string[] {
  const lines = rows.flatMap(({ id, section, cells }) =>
    cells.flatMap(({ engine, outcome, reason, times }) => {
      if (outcome === 'wrong' || outcome === 'fails') return [`${id}: ${engine} ${outcome}: ${reason}`];
      if (outcome === 'ok' && section !== 'startup' && times.length < rounds)
        return [`${id}: ${engine} is so slow that it took part in ${times.length} of ${rounds} rounds`];
      return [];
    }),
  );
  return [...lines, ...notes];
}
