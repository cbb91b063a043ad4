import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { replicaState } from '../testing/agent-states.ts';
import { createSourceWatch, type WatchedShard } from './source-watch.ts';

const SHARD: WatchedShard = { name: 'demo-shard-0', primary: 'p-0', replicas: ['p-1'] };

function arrange(answering: ReadonlySet<string>) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const asked: string[] = [];
  const watched: WatchedShard[] = [];
  const watch = createSourceWatch({
    watched: () => watched,
    fetchState: async (shard, pod) => {
      asked.push(`${shard.name} ${pod}`);
      if (!answering.has(pod)) {
        throw new Error('connection refused');
      }
      return replicaState();
    },
    clock,
    logger: silentLogger,
  });
  return { clock, stop, asked, watched, watch };
}

describe('createSourceWatch', () => {
  it('asks each second while somebody wants to know, and nobody otherwise', async () => {
    const { clock, stop, asked, watched, watch } = arrange(new Set(['p-0', 'p-1']));
    const running = watch.run(stop.signal);
    await clock.advance(3000);
    expect(asked).toEqual([]);
    watched.push(SHARD);
    await clock.advance(1000);
    expect(asked).toEqual(['demo-shard-0 p-0', 'demo-shard-0 p-1']);
    stop.abort(new Error('done'));
    await running;
  });

  it('knows who answered, and for a few seconds only', async () => {
    const { clock, stop, watch } = arrange(new Set(['p-1']));
    await watch.ask(SHARD, stop.signal);
    expect([...watch.states(SHARD).keys()]).toEqual(['p-1']);
    expect([...watch.states({ ...SHARD, replicas: [] }).keys()]).toEqual([]);
    await clock.advance(5001);
    expect(watch.states(SHARD).size).toBe(0);
  });
});
