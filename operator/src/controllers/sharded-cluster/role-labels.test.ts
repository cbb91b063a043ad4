import { describe, expect, it } from '@jest/globals';
import { LABELS } from '../../api/v1alpha1/index.ts';
import { decideLabelChanges, membershipOf } from './role-labels.ts';
import { aPod, aShard } from './testing/builders.ts';

const map = { revision: 1, shards: [aShard(0), aShard(1, { primary: null, replicas: ['demo-shard-1-0'] })] };

function labelled(name: string, role: string) {
  return aPod(name, { labels: { [LABELS.role]: role } });
}

describe('role labels', () => {
  it.each([
    ['demo-shard-0-0', 'primary'],
    ['demo-shard-0-2', 'replica'],
    ['demo-shard-1-0', 'replica'],
    ['demo-shard-0-3', undefined],
  ])('%s is %s', (pod, role) => {
    expect(membershipOf(map, pod)?.role).toBe(role);
  });

  it('changes only what is wrong, and gives the role of primary last', () => {
    const changes = decideLabelChanges('demo', map, [
      aPod('demo-shard-0-0'),
      labelled('demo-shard-0-1', 'primary'),
      labelled('demo-shard-0-2', 'replica'),
      labelled('demo-shard-0-3', 'replica'),
    ]);
    expect(changes.map(({ pod, membership }) => [pod.metadata?.name, membership?.role])).toEqual([
      ['demo-shard-0-1', 'replica'],
      ['demo-shard-0-3', undefined],
      ['demo-shard-0-0', 'primary'],
    ]);
  });

  it.each([LABELS.cluster, LABELS.shard, LABELS.component, LABELS.name, LABELS.role])(
    'puts back the label %s',
    (label) => {
      const pod = structuredClone(labelled('demo-shard-0-1', 'replica'));
      expect(decideLabelChanges('demo', map, [pod])).toEqual([]);
      delete pod.metadata?.labels?.[label];
      expect(decideLabelChanges('demo', map, [pod])).toHaveLength(1);
    },
  );

  it('takes the role of primary from a pod that is being deleted, too, and first', () => {
    const going = structuredClone(labelled('demo-shard-0-1', 'primary'));
    Object.assign(going.metadata ?? {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    const changes = decideLabelChanges('demo', map, [aPod('demo-shard-0-0'), going]);
    expect(changes.map(({ pod, membership }) => [pod.metadata?.name, membership?.role])).toEqual([
      ['demo-shard-0-1', 'replica'],
      ['demo-shard-0-0', 'primary'],
    ]);
  });
});
