/** Lines of a table with aligned columns, for a terminal. Missing cells are shown as `-`. */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string[] {
  const cells = [headings, ...rows].map((row) =>
    headings.map((_, column) => {
      const cell = row[column];
      return cell === undefined || cell === '' ? '-' : cell;
    }),
  );
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
