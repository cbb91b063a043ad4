import { describe, expect, it } from '@jest/globals';
import type { PodObject, ShardedClusterObject } from './objects.ts';
import { isClusterReady, podTrouble } from './objects.ts';
import { describeProgress } from './await-ready.ts';

const cluster = (observedGeneration?: number, status?: 'True' | 'False'): ShardedClusterObject => ({
  metadata: { name: 'minimal', generation: 2 },
  spec: { shards: 2, instances: 3 },
  ...(status !== undefined && {
    status: {
      ...(observedGeneration !== undefined && { observedGeneration }),
      conditions: [{ type: 'Ready', status, reason: 'InstancesStarting', message: 'Two of six run.' }],
    },
  }),
});

const pod = (ready: boolean, rest: Partial<PodObject['status']> = {}): PodObject => ({
  metadata: { name: 'a' },
  spec: {},
  status: { phase: 'Pending', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }], ...rest },
});

describe('describeProgress', () => {
  it('counts instances and quotes the operator', () => {
    expect(describeProgress(cluster(2, 'False'), [pod(true), pod(false)])).toBe(
      '1/6 instances ready, 2 created; InstancesStarting: Two of six run.',
    );
  });

  it('says so before the operator has said anything', () => {
    expect(describeProgress(cluster(), [])).toBe(
      '0/6 instances ready, 0 created; the operator has not said anything yet',
    );
  });
});

describe('isClusterReady', () => {
  it.each([
    ['there is no status', cluster(), false],
    ['it says no', cluster(2, 'False'), false],
    ['the verdict is about an older spec', cluster(1, 'True'), false],
    ['it says yes', cluster(2, 'True'), true],
  ])('when %s', (_, object, expected) => expect(isClusterReady(object)).toBe(expected));
});

describe('podTrouble', () => {
  it.each([
    [
      'the reason a container waits',
      { containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull' } } }] },
      'ErrImagePull',
    ],
    [
      'why it is not scheduled',
      { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes' }] },
      '0/3 nodes',
    ],
    ['its phase otherwise', {}, 'Pending'],
  ])('tells %s', (_, status, expected) => expect(podTrouble(pod(false, status))).toBe(expected));
});
