import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import type { Position } from '../engines/position.ts';
import { createPeerPositions } from './peer-positions.ts';
import type { MoveReport } from './protocol/move-report.ts';
import { replicaState } from './testing/agent-states.ts';
import { aMember } from './testing/observations.ts';

describe('createPeerPositions', () => {
  it('remembers where each peer was last seen, also while it does not answer', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    let isReachable = true;
    const positions = createPeerPositions({
      peers: () => ['a', 'b'],
      following: () => [],
      fetchOther: () => Promise.reject(new Error('not in this test')),
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

  it('remembers how far moves have come that follow this shard, and forgets those that have ended', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    let following = [
      { id: 'begun', shard: { name: 's', primary: 'p' } },
      { id: 'copying', shard: { name: 's', primary: 'p' } },
      { id: 'silent', shard: { name: 't', primary: 'q' } },
      { id: 'without a primary', shard: { name: 'u', primary: null } },
    ];
    const report = (id: string, position: string | null): MoveReport =>
      ({ id, position }) as unknown as MoveReport;
    const positions = createPeerPositions({
      peers: () => [],
      following: () => following,
      fetchState: () => Promise.reject(new Error('not in this test')),
      fetchOther: async (_, pod) => {
        if (pod !== 'p') {
          throw new Error('no answer');
        }
        return replicaState({
          moves: [report('begun', '0-2-5'), report('copying', null), report('other', '0-2-9')],
        });
      },
      clock,
      logger: silentLogger,
    });
    const running = positions.run(stop.signal);
    await clock.advance(100);
    expect(positions.followed()).toEqual(['0-2-5', null, null, null]);
    following = [];
    expect(positions.followed()).toEqual([]);
    stop.abort(new Error('done'));
    await running;
  });
});
