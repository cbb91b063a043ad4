import { describe, expect, it } from '@jest/globals';
import { known, unknown } from '../../engines/measure.ts';
import type { AgentState } from '../protocol/agent-state.ts';
import { replicaState } from '../testing/agent-states.ts';
import { aFollowing, aMember } from '../testing/observations.ts';
import { chooseSource, type SourceCandidates } from './choose-source.ts';

const PODS = ['p-0', 'p-1', 'p-2'] as const;

function behind(milliseconds: number | null, change: Partial<AgentState> = {}): AgentState {
  const lagMilliseconds = milliseconds === null ? unknown('it does not receive') : known(milliseconds);
  const role = { kind: 'replica', following: aFollowing({ lagMilliseconds }) } as const;
  return replicaState({ member: aMember({ role }), ...change });
}

function choose(
  use: 'rows' | 'changes',
  states: Readonly<Record<string, AgentState>>,
  change: Partial<SourceCandidates> = {},
): string | null {
  return chooseSource(
    {
      shard: { primary: PODS[0], replicas: [PODS[1], PODS[2]] },
      states: new Map(Object.entries(states)),
      avoided: new Set(),
      maxReplicaLagSeconds: 3,
      ...change,
    },
    use,
  );
}

describe('chooseSource', () => {
  it('reads rows from the replica that is least behind', () => {
    expect(choose('rows', { 'p-1': behind(900), 'p-2': behind(200) })).toBe('p-2');
  });

  it('reads the log of the primary, and that of a replica where there is none', () => {
    const states = { 'p-1': behind(900), 'p-2': behind(200) };
    expect(choose('changes', states)).toBe('p-0');
    expect(choose('changes', states, { shard: { primary: null, replicas: ['p-1', 'p-2'] } })).toBe('p-2');
  });

  it.each<readonly [string, AgentState]>([
    ['is too far behind', behind(3001)],
    ['is behind by nobody knows how much', behind(null)],
    ['gives a clone', behind(10, { cloningTo: 'p-2' })],
    ['is about to stop', behind(10, { terminating: true })],
    ['becomes a copy itself', behind(10, { activity: { kind: 'initialising' } })],
    ['has no server', behind(10, { member: null })],
    [
      'does not apply',
      replicaState({
        member: aMember({
          role: { kind: 'replica', following: aFollowing({ applying: { kind: 'stopped' } }) },
        }),
      }),
    ],
    ['is no replica', replicaState({ member: aMember({ role: { kind: 'primary' } }) })],
  ])('takes the primary for a replica that %s', (_, state) => {
    expect(choose('rows', { 'p-1': state })).toBe('p-0');
  });

  it('takes the primary as a last resort, and nobody where there is nobody', () => {
    expect(choose('rows', {})).toBe('p-0');
    expect(choose('rows', {}, { shard: { primary: null, replicas: ['p-1'] } })).toBeNull();
  });

  it('tries another after a failure, and the same one again where there is no other', () => {
    const states = { 'p-1': behind(100), 'p-2': behind(200) };
    expect(choose('rows', states, { avoided: new Set(['p-1']) })).toBe('p-2');
    expect(choose('changes', states, { avoided: new Set(['p-0']) })).toBe('p-1');
    expect(choose('rows', states, { avoided: new Set(PODS) })).toBe('p-1');
  });
});
