import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { BrokenReplication } from './broken-replication.ts';
import { aFollowing, aMember } from './testing/observations.ts';

const error = { number: 1236, message: 'purged' };
const running = aMember({ role: { kind: 'replica', following: aFollowing() } });
const failed = aMember({
  role: { kind: 'replica', following: aFollowing({ receiving: { kind: 'failed', error } }) },
});
const connecting = aMember({
  role: { kind: 'replica', following: aFollowing({ receiving: { kind: 'connecting', error } }) },
});

describe('BrokenReplication', () => {
  it('finds nothing in a replica at work, one that connects, and a primary', () => {
    const broken = new BrokenReplication(new FakeClock());
    for (const member of [running, connecting, aMember(), null]) {
      broken.look(member, null);
      expect(broken.found).toBeNull();
    }
  });

  it('tells since when it has been so, attempts to go on included', async () => {
    const clock = new FakeClock();
    const broken = new BrokenReplication(clock);
    broken.look(failed, null);
    await clock.advance(10_000);
    broken.look(running, null);
    await clock.advance(4000);
    broken.look(failed, null);
    await clock.advance(1000);
    broken.look(null, null);
    expect(broken.found).toEqual({
      reason: 'receiving failed with error 1236: purged',
      forMilliseconds: 15_000,
    });
  });

  it('is over once replication has run for a while', async () => {
    const clock = new FakeClock();
    const broken = new BrokenReplication(clock);
    broken.look(failed, null);
    broken.look(running, null);
    await clock.advance(5000);
    broken.look(running, null);
    expect(broken.found).toBeNull();
  });

  it('counts what was tried in vain to get it going, unless it has gone on since', () => {
    const broken = new BrokenReplication(new FakeClock());
    broken.look(running, 'following failed: 1201');
    expect(broken.found).toBeNull();
    broken.look(aMember(), 'following failed: 1201');
    expect(broken.found?.reason).toBe('following failed: 1201');
    broken.reset();
    expect(broken.found).toBeNull();
  });
});
