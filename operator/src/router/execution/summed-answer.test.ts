import { describe, expect, it } from '@jest/globals';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import { sumAnswers, sumInserts } from './summed-answer.ts';

describe('the answer to a write of several slots', () => {
  it('adds rows, warnings and the numbers of the text', () => {
    expect(
      sumAnswers([
        { ...PLAIN_OK, affectedRows: 2n, warnings: 1, message: 'Records: 2  Duplicates: 0  Warnings: 1' },
        {
          ...PLAIN_OK,
          affectedRows: 3n,
          lastInsertId: 7n,
          message: 'Records: 3  Duplicates: 1  Warnings: 0',
        },
      ]),
    ).toEqual({
      affectedRows: 5n,
      warnings: 1,
      message: 'Records: 5  Duplicates: 1  Warnings: 1',
    });
  });

  it('counts rows of an INSERT that were alone in their slots', () => {
    const alone = { ...PLAIN_OK, affectedRows: 1n };
    const three = { ...alone, affectedRows: 3n, message: 'Records: 3  Duplicates: 0  Warnings: 0' };
    expect(sumInserts([alone, three, alone]).message).toBe('Records: 5  Duplicates: 0  Warnings: 0');
    expect(sumInserts([alone, alone]).message).toBe('Records: 2  Duplicates: 0  Warnings: 0');
    expect(
      sumInserts([
        { ...alone, affectedRows: 2n },
        { ...alone, affectedRows: 0n, warnings: 1 },
        { ...alone, affectedRows: 0n },
      ]).message,
    ).toBe('Records: 3  Duplicates: 2  Warnings: 1');
    expect(sumInserts([alone]).message).toBe('');
  });

  it('has no text where the parts tell of different things', () => {
    expect(
      sumAnswers([
        { ...PLAIN_OK, message: 'Records: 2' },
        { ...PLAIN_OK, message: 'Rows: 2' },
      ]).message,
    ).toBe('');
    expect(sumAnswers([PLAIN_OK, PLAIN_OK]).message).toBe('');
  });
});
