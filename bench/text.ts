/**
 * The report as text: a table per section, one of geometric means, then sentences. All of stdout; nothing else is
 * written there.
 */
import type { Report } from './results.ts';
import { heading, remarks, statements } from './summary.ts';
import { meansTable, sectionsOf, sectionTable, type Table } from './tables.ts';

export function asText(report: Report): string {
  const tables = sectionsOf(report).map(({ section, rows }) => sectionTable(section, rows, report.engines));
  const means = meansTable(report);
  const parts = [
    [heading(report)],
    ...[...tables, ...(means ? [means] : [])].map(columns),
    statements(report),
    remarks(report),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** The first column to the left, the others to the right; no blanks at line ends. */
export function columns(table: Table): string[] {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
