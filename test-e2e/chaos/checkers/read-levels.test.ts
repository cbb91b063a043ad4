import { describe, expect, it } from '@jest/globals';
import type { Append, ConsistencyLevel, ReadLatest } from '../history/operation.ts';
import { checkReadLevels } from './read-levels.ts';

const PAST = 500;
const facts = { process: 'w', via: 'router', member: null, start: 0, outcome: 'ok' } as const;
/** Acknowledged at 10, 20, 30. */
const appends = [1, 2, 3].map((id): Append => ({ ...facts, kind: 'append', id, end: id * 10 }));
const read = (id: number, start: number, level?: ConsistencyLevel, process = 'r'): ReadLatest => ({
  ...facts,
  kind: 'readLatest',
  writer: 'w',
  process,
  id,
  start,
  end: start + 5,
  ...(level === undefined ? {} : { level }),
});
const rules = (...reads: ReadLatest[]): string[] =>
  checkReadLevels([...appends, ...reads], PAST).violations.map(({ rule }) => rule);

describe('checkReadLevels', () => {
  it('accepts a strong read that lacks only what was not acknowledged before it', () => {
    expect(rules(read(2, 25, 'Strong'), read(3, 25), read(2, 30))).toEqual([]);
  });

  it('finds a strong read of the past, also of a client without a router', () => {
    expect(rules(read(2, 31, 'Strong'))).toEqual(['strongReads']);
    expect(rules({ ...read(2, 31), via: 'shardMap' })).toEqual(['strongReads']);
  });

  it('finds a client that does not read its own writes', () => {
    expect(rules(read(3, 40, 'ReadYourWrites', 'w'))).toEqual([]);
    expect(rules(read(2, 40, 'ReadYourWrites', 'w'))).toEqual(['readYourWrites']);
  });

  it('allows any replica to be behind for a while, and tells how far', () => {
    const within = checkReadLevels([...appends, read(1, 400, 'Eventual')], PAST);
    expect(within).toEqual({ violations: [], eventual: { count: 1, oldestMilliseconds: 380 } });
    expect(rules(read(1, 521, 'Eventual'))).toEqual(['boundedStaleness']);
  });

  it('does not judge those to whom nothing is promised', () => {
    expect(rules({ ...read(0, 400), via: 'sameNode' })).toEqual([]);
    expect(rules({ ...read(0, 400), via: 'primaryService', writable: false })).toEqual([]);
    expect(rules({ ...read(0, 400), outcome: 'indeterminate', id: null })).toEqual([]);
  });
});
