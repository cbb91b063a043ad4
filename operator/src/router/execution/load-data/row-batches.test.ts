import { describe, expect, it } from '@jest/globals';
import { RowBatches } from './row-batches.ts';

describe('RowBatches', () => {
  it('takes the batch with the most bytes first, and knows what still waits', () => {
    const batches = new RowBatches();
    batches.add(1, Buffer.from('a'), Buffer.from('\n'));
    batches.add(2, Buffer.from('bb\n'));
    batches.add(1, Buffer.from('ccc\n'));
    expect(batches.bytes).toBe(9);
    const largest = batches.takeLargest();
    expect(largest).toMatchObject({ target: 1, rows: 2 });
    expect(largest?.bytes.toString()).toBe('a\nccc\n');
    expect(batches.bytes).toBe(3);
    expect(batches.takeLargest()?.bytes.toString()).toBe('bb\n');
    expect(batches.takeLargest()).toBeUndefined();
    expect(batches.bytes).toBe(0);
  });

  it('grows for long rows, and copies them', () => {
    const batches = new RowBatches();
    const row = Buffer.alloc(10_000, 'x');
    batches.add(7, row);
    batches.add(7, row);
    row.fill('y');
    expect(batches.takeLargest()?.bytes.equals(Buffer.alloc(20_000, 'x'))).toBe(true);
  });
});
