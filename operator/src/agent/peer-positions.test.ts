import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import type { Position } from '../engines/position.ts';
import { createPeerPositions } from './peer-positions.ts';
import { replicaState } from './testing/agent-states.ts';
import { aMember } from './testing/observations.ts';

describe('createPeerPositions', () => {
  it('remembers where each peer was last seen, also while it does not answer', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    let isReachable = true;
    const positions = createPeerPositions({
      peers: () => ['a', 'b'],
      fetchState: async (pod) => {
        if (pod === 'b' || !isReachable) {
          throw new Error('no answer');
        }
        return replicaState({ member: aMember({ applied: '0-1-7' as Position }) });
      },
      clock,
      logger: silentLogger,
    });
    const running = positions.run(stop.signal);
    await clock.advance(100);
    expect([positions.position('a'), positions.position('b')]).toEqual(['0-1-7', null]);
    isReachable = false;
    await clock.advance(60_000);
    expect(positions.position('a')).toBe('0-1-7');
    stop.abort(new Error('done'));
    await running;
  });
});
