import { describe, expect, it } from '@jest/globals';
import { CountedRows } from './counted-rows.ts';
import type { MergePlan } from './merge-plan.ts';

const PLAN: MergePlan = { rows: { kind: 'concatenate' }, hidden: 0, offset: 0, limit: null };
const BATCHES = [[1, 2, 3], [4], [5, 6, 7, 8]];

describe('CountedRows', () => {
  it.each([
    [undefined, [1, 2, 3, 4, 5, 6, 7, 8]],
    [{ offset: 0, limit: 2 }, [1, 2]],
    [{ offset: 2, limit: 3 }, [3, 4, 5]],
    [{ offset: 4, limit: null }, [5, 6, 7, 8]],
    [{ offset: 7, limit: 100 }, [8]],
    [{ offset: 9, limit: 1 }, []],
    [{ offset: 0, limit: 0 }, []],
  ])('gives the client of %j the rows %j, and counts all', (counted, given) => {
    const rows = new CountedRows(counted === undefined ? PLAN : { ...PLAN, counted });
    expect(BATCHES.flatMap((batch) => rows.take(batch))).toEqual(given);
    expect(rows.count).toBe(8n);
  });
});
