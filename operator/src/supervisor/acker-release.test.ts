import { describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { NOTHING_RETURNED } from '../agent/protocol/return-state.ts';
import { replicaState } from '../agent/testing/agent-states.ts';
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import { mariadbPositions } from '../engines/mariadb/gtid.ts';
import type { MemberObservation } from './observe-shard.ts';
import { findReleasableAcker } from './acker-release.ts';
import { aMember, anObservation, aShard, PODS } from './testing/observations.ts';
import { at, holding, leading } from './testing/states.ts';

const [PRIMARY, LEAVING, OTHER] = PODS;

const leaving = (change: Partial<AgentState> = {}, holds = [at(40), at(42)]): AgentState =>
  replicaState({
    server: { kind: 'ended', lastExit: null },
    member: null,
    returned: { ...NOTHING_RETURNED, leavingAckers: { holds } },
    ...change,
  });

function release(
  {
    state = leaving(),
    other = holding(42),
  }: { readonly state?: AgentState | null; readonly other?: AgentState | null } = {},
  shard: Partial<ShardMapShard> = {},
  exists = true,
): string | null {
  const members: readonly MemberObservation[] = [
    aMember(PRIMARY, leading()),
    aMember(LEAVING, state),
    aMember(OTHER, other, { exists }),
  ];
  return findReleasableAcker(anObservation({ ...aShard(), ...shard }, members), mariadbPositions);
}

describe('an acker that is to be made anew', () => {
  it('is struck off once another acker at work has all that it may have acknowledged', () => {
    expect(release()).toBe(LEAVING);
    expect(release({ other: holding(50) })).toBe(LEAVING);
    expect(release({ state: leaving({}, []) })).toBe(LEAVING);
  });

  it.each<readonly [string, Parameters<typeof release>]>([
    ['it did not ask for it', [{ state: replicaState() }]],
    ['nothing is heard of it', [{ state: null }]],
    ['its server runs', [{ state: leaving({ server: replicaState().server }) }]],
    ['it goes by another epoch', [{ state: leaving({ epoch: 2 }) }]],
    ['it is none any more', [{}, { ackers: [OTHER] }]],
    ['it is the only one', [{}, { ackers: [LEAVING] }]],
    ['the other lacks something', [{ other: holding(41) }]],
    ['the other cannot apply', [{ other: holding(42, 42, { applying: { kind: 'stopped' } }) }]],
    ['the other does not receive', [{ other: holding(42, 42, { receiving: { kind: 'stopped' } }) }]],
    ['nothing is heard of the other', [{ other: null }]],
    ['the other is gone', [{}, {}, false]],
  ])('stays on record while %s', (_why, parameters) => {
    expect(release(...parameters)).toBeNull();
  });
});
