import { describe, expect, it } from '@jest/globals';
import type { V1StatefulSet } from '@kubernetes/client-node';
import type { ShardedClusterSpecInput } from '../../../api/v1alpha1/index.ts';
import { ANNOTATIONS } from '../../../api/v1alpha1/index.ts';
import { aCluster } from '../testing/builders.ts';
import { statefulSet } from './stateful-set.ts';

type Spec = Partial<ShardedClusterSpecInput>;

function build(image: string, spec: Spec = {}, live?: V1StatefulSet): V1StatefulSet {
  return statefulSet(aCluster(spec), { number: 0, replicas: 3, image, live }).object;
}

const imageOf = (set: V1StatefulSet) => set.spec?.template.spec?.initContainers?.[0]?.image;

/** `live` as somebody has edited it. */
function edited(live: V1StatefulSet, edit: (set: V1StatefulSet) => void): V1StatefulSet {
  const copy = structuredClone(live);
  edit(copy);
  return copy;
}

/** `live` with one annotation changed by hand. */
function annotated(live: V1StatefulSet, key: string, value: string): V1StatefulSet {
  return edited(live, ({ metadata }) => Object.assign(metadata?.annotations ?? {}, { [key]: value }));
}

describe('an upgrade of the operator', () => {
  const live = build('shardwright:1');

  it('restarts no database by itself: the StatefulSet stays as it is', () => {
    expect(imageOf(live)).toBe('shardwright:1');
    expect(build('shardwright:2', {}, live)).toEqual(live);
  });

  it('gives its programs to shards made from then on', () => {
    expect(imageOf(build('shardwright:2'))).toBe('shardwright:2');
  });

  it.each<[string, Spec]>([
    ['more shards', { shards: 5 }],
    ['a paused rebalance', { rebalance: { paused: true } }],
    ['another deletion policy', { deletionPolicy: 'Delete' }],
    ['hibernation', { hibernated: true }],
  ])('keeps the programs of running pods over %s', (_, spec) => {
    expect(build('shardwright:2', spec, live).spec?.template).toEqual(live.spec?.template);
  });

  it.each<[string, Spec]>([
    ['settings', { config: 'max_connections = 5' }],
    ['resources', { resources: { requests: { memory: '1Gi' } } }],
    ['another image', { engine: { image: 'mariadb:11.8.3' } }],
    ['places', { nodeSelector: { disk: 'fast' } }],
    ['tolerations', { tolerations: [{ operator: 'Exists' }] }],
    ['affinity', { podAntiAffinity: 'Required' }],
  ])('gives its programs to pods that must restart for %s anyway', (_, spec) => {
    const set = build('shardwright:2', spec, live);
    expect(imageOf(set)).toBe('shardwright:2');
    expect(imageOf(build('shardwright:3', spec, set))).toBe('shardwright:2');
  });

  it('gives its programs where its builder is another version, or no image is recorded', () => {
    const older = annotated(live, ANNOTATIONS.builderVersion, '0');
    expect(imageOf(build('shardwright:2', {}, older))).toBe('shardwright:2');
    const removed = annotated(live, ANNOTATIONS.runtimeImage, '');
    expect(imageOf(build('shardwright:2', {}, removed))).toBe('shardwright:2');
    const bare = edited(live, (set) => delete set.metadata);
    expect(imageOf(build('shardwright:2', {}, bare))).toBe('shardwright:2');
  });

  it('puts back what was changed by hand in the template', () => {
    const foreign = edited(live, ({ spec }) =>
      Object.assign(spec?.template.spec ?? {}, { initContainers: [] }),
    );
    expect(imageOf(foreign)).toBeUndefined();
    expect(build('shardwright:2', {}, foreign).spec?.template).toEqual(live.spec?.template);
  });
});
