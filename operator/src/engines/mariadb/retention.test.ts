import { describe, expect, it } from '@jest/globals';
import { mariadbPositions, parseGtidList } from './gtid.ts';
import { planRetention, type DatedLogFile } from './retention.ts';

const file = (number: number, startsAfter: string | undefined): DatedLogFile => ({
  name: `binlog.${number}`,
  bytes: 100,
  startsAfter: startsAfter === undefined ? undefined : parseGtidList(startsAfter),
});
const files = [file(1, ''), file(2, '0-1-10'), file(3, '0-1-20'), file(4, '0-2-30')];
const at = (text: string) => mariadbPositions.parse(text);

describe('planRetention', () => {
  it.each([
    ['within the budget', files, [at('0-1-30')], 400, { discardedBytes: 0, remainingBytes: 400 }],
    [
      'over it',
      files,
      [at('0-2-35')],
      250,
      { discardedBytes: 200, remainingBytes: 200, keepFrom: 'binlog.3' },
    ],
    [
      'all but the newest',
      files,
      [at('0-2-35')],
      0,
      { discardedBytes: 300, remainingBytes: 100, keepFrom: 'binlog.4' },
    ],
    [
      'held by the one that is furthest behind',
      files,
      [at('0-2-35'), at('0-1-15')],
      0,
      { discardedBytes: 100, remainingBytes: 300, keepFrom: 'binlog.2', heldBy: '0-1-15' },
    ],
    [
      'exactly at a boundary',
      files,
      [at('0-1-10')],
      300,
      { discardedBytes: 100, remainingBytes: 300, keepFrom: 'binlog.2' },
    ],
    [
      'held by one that has nothing',
      files,
      [at('')],
      0,
      { discardedBytes: 0, remainingBytes: 400, heldBy: '' },
    ],
    [
      'held by one that has diverged',
      files,
      [at('0-3-10')],
      0,
      { discardedBytes: 0, remainingBytes: 400, heldBy: '0-3-10' },
    ],
    ['nobody needs any', files, [], 150, { discardedBytes: 300, remainingBytes: 100, keepFrom: 'binlog.4' }],
    [
      'a file that does not tell its start',
      [file(1, ''), file(2, undefined), file(3, '0-1-9')],
      [],
      0,
      { discardedBytes: 0, remainingBytes: 300 },
    ],
    ['no files', [], [], 0, { discardedBytes: 0, remainingBytes: 0 }],
  ])('%s', (_name, files, neededAfter, maximumBytes, expected) => {
    expect(planRetention(files, { neededAfter, maximumBytes })).toEqual(expected);
  });
});
