/** A table in Markdown. Bars in cells are escaped, line breaks become spaces. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [renderLine(headings), renderLine(headings.map(() => '---')), ...rows.map(renderLine)].join('\n');
}

function renderLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')).join(' | ')} |`;
}
