import { describe, expect, it } from '@jest/globals';
import type { Position } from '../../position.ts';
import { advanceStatement, recordStartStatement } from './move-progress.ts';

const step = (moveId: string) => ({ moveId, from: '0-1-5' as Position, to: '0-1-8' as Position });

describe('advanceStatement', () => {
  it('moves each record on only from where it is expected to be', () => {
    expect(advanceStatement([step('m-1'), step('m-2')])).toBe(
      'UPDATE shardwright.move_progress SET position = ' +
        "CASE move_id WHEN 'm-1' THEN '0-1-8' WHEN 'm-2' THEN '0-1-8' END" +
        " WHERE (move_id, position) IN (('m-1', '0-1-5'), ('m-2', '0-1-5'))",
    );
  });

  it.each(["x'y", 'x\\'])('refuses the name %s, which could end the string', (moveId) => {
    expect(() => advanceStatement([step(moveId)])).toThrow(
      expect.objectContaining({ code: 'InvalidPosition' }),
    );
  });
});

describe('recordStartStatement', () => {
  it('records where nothing is recorded', () => {
    expect(recordStartStatement('m-1', 'app$single', '0-1-5' as Position)).toBe(
      'INSERT IGNORE INTO shardwright.move_progress (move_id, database_name, position)' +
        " VALUES ('m-1', 'app$single', '0-1-5')",
    );
  });
});
