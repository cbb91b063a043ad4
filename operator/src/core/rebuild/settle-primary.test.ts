import { describe, expect, it } from '@jest/globals';
import type { MemberWord } from './evidence.ts';
import { type PrimaryInput, settlePrimary } from './settle-primary.ts';

function word(ordinal: number, change: Partial<MemberWord> = {}): MemberWord {
  return {
    pod: `s-${ordinal}`,
    epoch: 5,
    recordedEpoch: 5,
    isPrimary: false,
    isWritable: false,
    isAcknowledged: false,
    isUntouched: false,
    ...change,
  };
}

const LEADER = word(0, { isPrimary: true, isWritable: true, isAcknowledged: true });
const STOPPED = { recordedEpoch: null } as const;
const FRESH = { epoch: 0, recordedEpoch: null, isUntouched: true } as const;

function settle(members: readonly MemberWord[], change: Partial<PrimaryInput> & { silent?: string[] } = {}) {
  const { silent = [], ...rest } = change;
  return settlePrimary({ shard: 's', evidence: { members, silent }, record: null, instances: 3, ...rest });
}

describe('settlePrimary', () => {
  it.each<[string, ReturnType<typeof settlePrimary>, object]>([
    [
      'who takes writes leads',
      settle([LEADER, word(1), word(2)]),
      { kind: 'leads', primary: 's-0', epoch: 5 },
    ],
    [
      'a record that is older is passed',
      settle([LEADER, word(1), word(2)], { record: { epoch: 4, primary: 's-2' } }),
      { kind: 'leads', primary: 's-0', epoch: 5 },
    ],
    [
      'somebody is silent, and the record and an acknowledged primary agree',
      settle([LEADER, word(1)], { silent: ['s-2'], record: { epoch: 5, primary: 's-0' } }),
      { kind: 'leads', primary: 's-0', epoch: 5 },
    ],
    [
      'somebody is silent, and nobody acknowledges',
      settle([{ ...LEADER, isAcknowledged: false }], {
        silent: ['s-1'],
        record: { epoch: 5, primary: 's-0' },
      }),
      { kind: 'uncertain', message: expect.stringContaining('s-1') },
    ],
    [
      'somebody is silent, and the record is older',
      settle([LEADER, word(1)], { silent: ['s-2'], record: { epoch: 4, primary: 's-1' } }),
      { kind: 'uncertain', message: expect.stringContaining('s-2') },
    ],
    [
      'the record names another in the same epoch',
      settle([LEADER, word(1), word(2)], { record: { epoch: 5, primary: 's-1' } }),
      { kind: 'uncertain', message: expect.stringContaining('s-1') },
    ],
    [
      'two take writes',
      settle([LEADER, { ...LEADER, pod: 's-1' }]),
      { kind: 'uncertain', message: expect.stringContaining('s-1') },
    ],
    [
      'the record knows a later epoch than whoever takes writes',
      settle([LEADER, word(1), word(2)], { record: { epoch: 6, primary: 's-1' } }),
      { kind: 'recorded' },
    ],
    [
      'a promotion was under way: nobody leads in the epoch that all have read',
      settle([{ ...LEADER, epoch: 6 }, word(1, { epoch: 6 }), word(2, { epoch: 6 })], {
        record: { epoch: 5, primary: 's-0' },
      }),
      { kind: 'elect', epoch: 7 },
    ],
    [
      'the same, and somebody is not heard who may have been promoted',
      settle([word(1, { epoch: 6 }), word(2, { epoch: 6 })], {
        silent: ['s-0'],
        record: { epoch: 5, primary: 's-0' },
      }),
      { kind: 'uncertain', message: expect.stringContaining('s-0') },
    ],
    [
      'everything has stopped, and the record is as new as what members have read',
      settle([word(0, STOPPED), word(1, STOPPED)], { record: { epoch: 5, primary: 's-1' } }),
      { kind: 'recorded' },
    ],
    [
      'everything has stopped, and nothing is on record',
      settle([word(0, STOPPED), word(1, STOPPED), word(2, STOPPED)]),
      { kind: 'elect', epoch: 6 },
    ],
    [
      'the same, and a pod is not there',
      settle([word(0, STOPPED), word(1, STOPPED)]),
      { kind: 'uncertain', message: expect.stringContaining('all 3') },
    ],
    [
      'nobody ever had a database',
      settle([word(0, FRESH), word(1, FRESH), word(2, FRESH)]),
      { kind: 'untouched', epoch: 1 },
    ],
    ['nobody is heard', settle([], { silent: ['s-0'] }), { kind: 'unheard' }],
  ])('%s', (_, verdict, expected) => {
    expect(verdict).toEqual(expected);
  });
});
