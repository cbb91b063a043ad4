import { describe, expect, it } from '@jest/globals';
import { BlockedWatch } from './blocked-watch.ts';

const silent = { reason: 'AckersUnreachable', message: 'one does not answer' };
const parted = { reason: 'PositionsDiverged', message: 'they have parted' };

describe('a blocked promotion', () => {
  it('is told of once it lasts, in the words of now, until it is blocked no more', () => {
    const watch = new BlockedWatch();
    expect(watch.problem).toBeNull();
    const told = [
      { at: 0, problem: silent },
      { at: 1999, problem: silent },
      { at: 2000, problem: silent },
      { at: 2001, problem: parted },
      { at: 2002, problem: null },
      { at: 2003, problem: parted },
      { at: 4003, problem: parted },
    ].map(({ at, problem }) => {
      watch.note(problem, at);
      return watch.problem;
    });
    expect(told).toEqual([null, null, silent, parted, null, null, parted]);
  });
});
