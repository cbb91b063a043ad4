import { describe, expect, it } from '@jest/globals';
import { findTransfer } from './by-agents.ts';

const at = (second: number, fields: object) => ({
  time: `2026-01-01T00:00:${second}.000Z`,
  message: '',
  ...fields,
});
const begins = at(10, { message: 'clone begins', source: 'a-1' });
const prepares = at(14, { message: 'clone goes on', step: 'prepare', bytes: 400 });

describe('findTransfer', () => {
  it('takes the time between begin and preparation', () => {
    expect(findTransfer([at(9, { message: 'attached' }), begins, prepares])).toEqual({
      bytes: 400,
      milliseconds: 4000,
      source: 'a-1',
    });
  });

  it('leaves an attempt out that came to nothing', () => {
    const former = { ...begins, time: '2026-01-01T00:00:01.000Z', source: 'a-0' };
    expect(findTransfer([former, begins, prepares])).toMatchObject({ source: 'a-1', milliseconds: 4000 });
  });

  it.each([
    ['nothing has begun', []],
    ['it goes on', [begins]],
    ['another step is told of', [begins, at(15, { message: 'clone goes on', step: 'finish' })]],
  ])('knows nothing while %s', (_name, lines) => expect(findTransfer(lines)).toBeUndefined());
});
