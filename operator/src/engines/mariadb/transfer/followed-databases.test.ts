import { describe, expect, it } from '@jest/globals';
import type { Position } from '../../position.ts';
import { formatGtidList, parseGtidList } from '../gtid.ts';
import { FollowedDatabases } from './followed-databases.ts';

function followed(after: Readonly<Record<string, string>>): FollowedDatabases {
  return new FollowedDatabases(
    Object.entries(after).map(([database, position]) => ({
      moveId: `move-${database}`,
      database,
      after: position as Position,
    })),
  );
}

describe('FollowedDatabases', () => {
  it.each([
    [{ a: '0-1-5' }, '0-1-5'],
    [{ a: '0-1-5', b: '0-2-3' }, '0-2-3'],
    [{ a: '0-1-5,7-1-1', b: '0-2-9,7-1-3' }, '0-1-5,7-1-1'],
    [{ a: '0-1-5,7-1-1', b: '0-2-9' }, '0-1-5'],
    [{ a: '', b: '0-2-9' }, ''],
  ])('begins a stream for %o behind %s', (after, expected) => {
    expect(formatGtidList(followed(after).start())).toBe(expected);
  });

  it('wants of each database what it has not yet', () => {
    const databases = followed({ a: '0-1-5', b: '0-1-7' });
    const wanted = (sequence: number) =>
      ['a', 'b', 'c'].filter((database) =>
        databases.wants(database, { domain: 0, server: 9, sequence: BigInt(sequence) }),
      );
    expect([5, 6, 8].map(wanted)).toEqual([[], ['a'], ['a', 'b']]);
  });

  it('records a database under the name that it has here', () => {
    const here = { database: 'whole', rows: null };
    const databases = new FollowedDatabases([
      { moveId: 'move-a', database: 'a', here, after: '0-1-5' as Position },
      { moveId: 'move-b', database: 'b', here, after: '0-1-5' as Position },
    ]);
    expect(databases.takeRecorded(new Map()).map(({ moveId, database }) => [moveId, database])).toEqual([
      ['move-a', 'whole'],
      ['move-b', 'whole'],
    ]);
    expect([...databases.others().keys()]).toEqual(['a', 'b']);
  });

  it('goes on where the record is, and begins one where there is none', () => {
    const databases = followed({ a: '0-1-5', b: '0-1-5' });
    const missing = databases.takeRecorded(new Map([['move-a', '0-1-9' as Position]]));
    expect(missing).toEqual([{ moveId: 'move-b', database: 'b', after: '0-1-5' }]);
    expect(databases.position('move-a')).toBe('0-1-9');
    expect(databases.stepsTo(parseGtidList('0-1-10'))).toEqual([
      { moveId: 'move-a', from: '0-1-9', to: '0-1-10' },
    ]);
  });

  it('records databases with rows, or all that are behind', () => {
    const databases = followed({ a: '0-1-5', b: '0-1-5', c: '0-1-20' });
    const start = new Map(['a', 'b'].map((name) => [`move-${name}`, '0-1-5' as Position]));
    databases.takeRecorded(start.set('move-c', '0-1-20' as Position));
    const reached = parseGtidList('0-1-8');
    expect(databases.stepsTo(reached, new Set(['a'])).map(({ moveId }) => moveId)).toEqual(['move-a']);
    const steps = databases.stepsTo(reached);
    expect(steps.map(({ moveId }) => moveId)).toEqual(['move-a', 'move-b']);
    expect([...databases.advance(reached, steps)]).toEqual([
      ['move-a', '0-1-8'],
      ['move-b', '0-1-8'],
    ]);
    expect(databases.stepsTo(reached)).toEqual([]);
    expect([...databases.advance(reached, [])]).toEqual([]);
    expect([databases.isPast(reached), databases.isPast(parseGtidList('0-1-20'))]).toEqual([true, false]);
  });

  it('forgets a database', () => {
    const databases = followed({ a: '0-1-5' });
    expect(databases.remove('a')).toBe('move-a');
    expect([databases.names(), databases.position('move-a'), databases.remove('a')]).toEqual([
      [],
      undefined,
      undefined,
    ]);
  });
});
