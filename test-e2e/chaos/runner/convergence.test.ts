import { describe, expect, it } from '@jest/globals';
import { judgeMembers } from './convergence.ts';
import { parsePositions } from './gtid.ts';

type Facts = Parameters<typeof judgeMembers>[0][number];

const primary: Facts = {
  member: 'p',
  readOnly: false,
  binlogState: '0-1-10,0-2-20',
  slave: undefined,
  semiSynchronous: true,
  acknowledgers: 2,
  checksum: 'equal',
};
const replica = (rest: Partial<Facts> = {}): Facts => ({
  ...primary,
  member: 'r',
  readOnly: true,
  slave: { receiving: true, applying: true },
  acknowledgers: 0,
  ...rest,
});
const rules = (...facts: Facts[]) => judgeMembers(facts, 'p').map(({ rule }) => rule);

describe('judgeMembers', () => {
  it('accepts a whole shard, also one with a replica that was cloned and has no log of its own', () => {
    expect(rules(replica(), replica({ binlogState: '' }), primary)).toEqual([]);
    expect(rules(replica({ binlogState: '0-3-5' }), replica(), primary)).toEqual([]);
  });

  it.each<[string, Facts, Facts, string]>([
    ['a closed primary', replica(), { ...primary, readOnly: true }, 'converged'],
    ['commits that wait for nobody', replica(), { ...primary, semiSynchronous: false }, 'semiSynchronous'],
    ['a replica that does not acknowledge', replica(), { ...primary, acknowledgers: 1 }, 'semiSynchronous'],
    ['a second open member', replica({ readOnly: false }), primary, 'oneWritableMember'],
    [
      'a replica that receives nothing',
      replica({ slave: { receiving: false, applying: true } }),
      primary,
      'converged',
    ],
    ['a replica that follows nobody', replica({ slave: undefined }), primary, 'converged'],
    ['other rows', replica({ checksum: 'other' }), primary, 'membersEqual'],
    ['a transaction of its own', replica({ binlogState: '0-1-11' }), primary, 'noErrantTransaction'],
  ])('finds %s', (_, member, leader, rule) => {
    expect(rules(member, replica(), leader)).toEqual([rule]);
  });

  it('finds that the primary does not answer', () => {
    expect(rules(replica())).toEqual(['converged']);
  });
});

describe('parsePositions', () => {
  it('reads lists as the server writes them', () => {
    expect([...parsePositions('0-1-10,0-2-3')]).toEqual([
      ['0-1', 10],
      ['0-2', 3],
    ]);
    expect([...parsePositions('')]).toEqual([]);
  });
});
