import { describe, expect, it } from '@jest/globals';
import { refuseClone, type CloneOffer } from './clone-permission.ts';
import { aFollowing, aMember, anEntry, OTHER_REPLICA, PRIMARY, REPLICA } from './testing/observations.ts';

const replica = aMember({ role: { kind: 'replica', following: aFollowing() } });
const offer = (change: Partial<CloneOffer>): CloneOffer => ({
  pod: REPLICA,
  shard: { kind: 'known', shard: anEntry() },
  member: replica,
  isFitForReads: true,
  isCloning: false,
  ...change,
});

describe('refuseClone', () => {
  it.each([
    ['a replica that is up to date', offer({}), undefined],
    ['the primary', offer({ pod: PRIMARY, member: aMember(), isFitForReads: false }), undefined],
    ['a replica that lags', offer({ isFitForReads: false }), 'NotReady'],
    ['a member whose server is down', offer({ member: null }), 'NotReady'],
    ['a member that is being cloned', offer({ isCloning: true }), 'NotReady'],
    ['a replica that was just booted', offer({ member: aMember() }), 'NotReady'],
    ['a member that cannot read the map', offer({ shard: { kind: 'unreadable', reason: 'x' } }), 'NotReady'],
    [
      'a shard without a database on record',
      offer({
        pod: PRIMARY,
        member: aMember(),
        shard: { kind: 'known', shard: anEntry({ initialised: false }) },
      }),
      'NotReady',
    ],
    [
      'a stranger',
      offer({ shard: { kind: 'known', shard: anEntry({ replicas: [REPLICA] }) } }),
      'NotAuthorised',
    ],
  ])('asked of %s', (_source, given, code) => {
    expect(refuseClone(given, OTHER_REPLICA)?.code).toBe(code);
  });
});
