import { expect, it } from '@jest/globals';
import { createRedraw } from './redraw.ts';

function shownBy(isTerminal: boolean): string {
  let shown = '';
  const redraw = createRedraw(
    (text) => void (shown += text),
    isTerminal,
    () => 4,
  );
  redraw(['first', 'b']);
  redraw(['second']);
  return shown;
}

it('writes over what it wrote before at a terminal, one line each', () => {
  expect(shownBy(true)).toBe('firs\nb\n\u001B[2A\u001B[Jseco\n');
});

it('writes below it elsewhere', () => {
  expect(shownBy(false)).toBe('first\nb\n\nsecond\n');
});
