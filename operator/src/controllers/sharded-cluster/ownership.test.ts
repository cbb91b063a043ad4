import { describe, expect, it } from '@jest/globals';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { ownershipOf } from './ownership.ts';
import { clusterLabels } from './resources/labels.ts';
import { aCluster } from './testing/builders.ts';

const reference = {
  apiVersion: 'shardwright.io/v1alpha1',
  kind: 'ShardedCluster',
  name: 'demo',
  uid: 'uid-of-demo',
};
const controlledBy = (change: object): KubernetesObject => ({
  metadata: {
    name: 'x',
    labels: clusterLabels('demo'),
    ownerReferences: [{ ...reference, controller: true, ...change }],
  },
});

describe('ownershipOf', () => {
  it.each<[string, KubernetesObject, string]>([
    ['controlled by the cluster', controlledBy({}), 'own'],
    ['controlled by a former cluster of the name', controlledBy({ uid: 'other' }), 'former'],
    [
      'controlled by a former cluster under another version',
      controlledBy({ uid: 'o', apiVersion: 'shardwright.io/v1' }),
      'former',
    ],
    ['controlled by another cluster', controlledBy({ uid: 'other', name: 'other' }), 'foreign'],
    ['controlled by another kind of the name', controlledBy({ uid: 'other', kind: 'Other' }), 'foreign'],
    ['owned, but not controlled', controlledBy({ controller: false }), 'adoptable'],
    ['controlled by nothing, with our labels', { metadata: { labels: clusterLabels('demo') } }, 'adoptable'],
    [
      'controlled by nothing, with the labels of another cluster',
      { metadata: { labels: clusterLabels('b') } },
      'foreign',
    ],
    ['controlled by nothing, without labels', { metadata: {} }, 'foreign'],
    [
      'without labels, last applied by us',
      { metadata: { managedFields: [{ manager: 'shardwright' }] } },
      'adoptable',
    ],
  ])('%s', (_, object, ownership) => {
    expect(ownershipOf(object, aCluster())).toBe(ownership);
  });
});
