import { describe, expect, it } from '@jest/globals';
import { decodeProgress, encodeProgress } from './progress-report.ts';
import { encodeError } from './server-error.ts';

describe('a report of progress', () => {
  it('is an error of a number that none has, with thousandths of a percent', () => {
    const payload = encodeProgress({ text: 'half', percent: 50 });
    expect([...payload]).toEqual([0xff, 0xff, 0xff, 1, 1, 1, 0x50, 0xc3, 0x00, 4, ...Buffer.from('half')]);
  });

  it.each([0, 33.333, 100])('is read as it was written: %d per cent', (percent) => {
    expect(decodeProgress(encodeProgress({ text: 'é', percent }))).toEqual({ text: 'é', percent });
  });

  it('is none of a true error, of rows or of nothing', () => {
    const error = encodeError({ errno: 1105, sqlState: 'HY000', message: 'not this one' });
    for (const payload of [
      error,
      Buffer.of(0, 0, 0, 2, 0, 0, 0, 0, 0, 0),
      Buffer.alloc(0),
      Buffer.of(0xff),
    ]) {
      expect(decodeProgress(payload)).toBeUndefined();
    }
  });
});
