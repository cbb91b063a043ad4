/** Lines that are shown in the place of those before. */

/** To the line above, so many times, and then clears to the end of the screen. ECMA-48: CUU, ED. */
const upAndClear = (lines: number): string => (lines === 0 ? '' : `\u001B[${lines}A\u001B[J`);

/**
 * Writes lines over the last ones at a terminal, cut at its width so that each takes one line; elsewhere below them, with
 * an empty line between.
 */
export function createRedraw(
  write: (text: string) => void,
  isTerminal: boolean,
  columns: () => number,
): (lines: readonly string[]) => void {
  let shown = 0;
  return (lines) => {
    const text = lines.map((line) => `${isTerminal ? line.slice(0, columns()) : line}\n`).join('');
    write(isTerminal ? upAndClear(shown) + text : (shown === 0 ? '' : '\n') + text);
    shown = lines.length;
  };
}
