import { describe, expect, it } from '@jest/globals';
import { known } from '../../engines/measure.ts';
import type { AgentState } from '../protocol/agent-state.ts';
import { replicaState } from '../testing/agent-states.ts';
import { aFollowing, aMember } from '../testing/observations.ts';
import { type CopyConditions, holdCopy } from './hold-copy.ts';

const LIMITS = {
  rowsPerSecond: 1000,
  bytesPerSecond: 1000,
  batchRows: 10,
  maxReplicaLagSeconds: 3,
  maxRunningThreads: 25,
  paused: false,
};

const { maxRunningThreads: _, ...OLD } = LIMITS;

const replica = (lag: number): AgentState =>
  replicaState({
    member: aMember({ role: { kind: 'replica', following: aFollowing({ lagMilliseconds: known(lag) }) } }),
  });

const using = (processorShare: number | null): AgentState =>
  replicaState({ load: { processorShare, processors: 4 } });

const running = (threads: number): AgentState =>
  replicaState({ member: aMember({ runningThreads: known(threads) }) });

describe('holdCopy', () => {
  it.each<readonly [string, Partial<CopyConditions>, string | null]>([
    ['nothing is in the way', {}, null],
    ['nobody knows anything', { limits: null }, null],
    ['somebody has paused all moves', { limits: { ...LIMITS, paused: true } }, 'Paused'],
    ['a replica is late', { states: [replica(100), replica(3001)] }, 'ReplicaLagging'],
    ['a replica is just in time', { states: [replica(3000)] }, null],
    ['a replica is late, and nobody minds', { limits: null, states: [replica(9000)] }, null],
    ['the source is busy', { source: using(0.71) }, 'SourceBusy'],
    ['the source works as it should', { source: using(0.7) }, null],
    ['it is not known how the source works', { source: using(null) }, null],
    ['many statements run at the source', { source: running(26) }, 'SourceBusy'],
    ['as many run as may', { source: running(25) }, null],
    ['many run, and the map is of before there was a limit', { limits: OLD, source: running(99) }, null],
    ['there is hardly room', { usage: { usedBytes: 91, totalBytes: 100 } }, 'VolumeNearlyFull'],
    ['there is just room enough', { usage: { usedBytes: 90, totalBytes: 100 } }, null],
  ])('where %s', (_, change, reason) => {
    const held = holdCopy({ limits: LIMITS, states: [], source: null, usage: null, ...change });
    expect(held?.reason ?? null).toBe(reason);
  });

  it('names who is late', () => {
    const held = holdCopy({ limits: LIMITS, states: [replica(9000)], source: null, usage: null });
    expect(held?.message).toContain('demo-shard-0-1');
  });
});
