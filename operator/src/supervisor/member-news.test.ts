import { describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { NOTHING_RETURNED } from '../agent/protocol/return-state.ts';
import { replicaState } from '../agent/testing/agent-states.ts';
import { MemberNews } from './member-news.ts';

const POD = 'demo-shard-0-1';
const cloning = replicaState({
  activity: {
    kind: 'cloning',
    source: 'demo-shard-0-2',
    step: 'transfer',
    bytes: 1,
    estimatedBytes: null,
    bytesPerSecond: 1,
  },
  volume: { kind: 'interrupted', step: 'clone' },
});
const empty = replicaState({ volume: { kind: 'empty' } });
const keeping = (...names: readonly string[]): AgentState =>
  replicaState({
    returned: {
      ...NOTHING_RETURNED,
      kept: names.map((name) => ({
        name,
        path: `/volume/kept/${name}`,
        kind: name.startsWith('data') ? 'data' : 'tail',
        at: name.includes('old') ? 1 : 100,
      })),
    },
  });

describe('news of instances', () => {
  it('tell of a clone once it is complete', () => {
    const news = new MemberNews(50);
    expect(news.hear('a', replicaState(), false)).toEqual([]);
    expect(news.hear('a', cloning, false)).toEqual([]);
    expect(news.hear('a', empty, false)).toEqual([]);
    expect(news.hear('a', replicaState(), false)).toEqual([
      { reason: 'ReplicaCloned', note: `${POD} was cloned from demo-shard-0-2.` },
    ]);
    expect(news.hear('a', replicaState(), false)).toEqual([]);
  });

  it('take a new replica for new, though it is recorded before its copy is heard to be complete', () => {
    const news = new MemberNews(50);
    news.hear('a', cloning, false);
    news.hear('a', cloning, true);
    expect(news.hear('a', replicaState(), true)).toMatchObject([{ reason: 'ReplicaCloned' }]);
  });

  it('tell of one that was at work before, and of one that gave up its data, with the reason', () => {
    const news = new MemberNews(50);
    news.hear('a', cloning, true);
    expect(news.hear('a', replicaState(), true)).toEqual([
      { reason: 'ReplicaRecloned', note: `${POD} was made anew as a copy of demo-shard-0-2.` },
    ]);
    const vacated = { at: 1, epoch: 3, reason: 'it has 2 changes too many', aside: '/volume/kept/data-1' };
    news.hear('a', cloning, false);
    const returned = { ...NOTHING_RETURNED, vacated };
    expect(news.hear('a', replicaState({ returned }), false)).toEqual([
      {
        reason: 'ReplicaRecloned',
        note:
          `${POD} was made anew as a copy of demo-shard-0-2, because it has 2 changes too many. ` +
          'Its former data is kept in /volume/kept/data-1.',
      },
    ]);
  });

  it('tell of changes that were kept, each file once, and of none that is old', () => {
    const news = new MemberNews(50);
    expect(news.hear('a', keeping('old'), true)).toEqual([]);
    const [event, ...more] = news.hear('a', keeping('old', 'tail', 'data'), true);
    expect(event?.reason).toBe('ChangesKept');
    expect(event?.note).toContain('/volume/kept/tail');
    expect(more).toEqual([]);
    expect(news.hear('a', keeping('old', 'tail', 'data'), true)).toEqual([]);
    expect(news.hear('b', keeping('tail'), true)).toHaveLength(1);
    news.keepOnly(new Set(['b']));
    expect(news.hear('a', keeping('tail'), true)).toHaveLength(1);
    expect(news.hear('b', keeping('tail'), true)).toEqual([]);
  });
});
