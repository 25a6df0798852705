/**
 * Text in columns, for what commands print. Knows nothing of what the cells mean.
 */

/** Rows with their columns aligned to the left, or to the right from column `numbers` on; no blanks at line ends. */
export function columns(rows: readonly (readonly string[])[], numbers = Infinity): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const fit = (cell: string, column: number) =>
    column < numbers ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map((row) => row.map(fit).join('  ').trimEnd());
}
