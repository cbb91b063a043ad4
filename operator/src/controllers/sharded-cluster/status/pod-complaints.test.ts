import type { V1PodStatus } from '@kubernetes/client-node';
import { describe, expect, it } from '@jest/globals';
import { aPod, aShardStatus } from '../testing/builders.ts';
import { podComplaints } from './pod-complaints.ts';

const NAME = 'demo-shard-0-1';

function complaint(status: V1PodStatus): string | undefined {
  const pod = Object.assign(aPod(NAME), { status });
  return podComplaints([aShardStatus(0, [NAME])], [pod]).get(NAME);
}

function waiting(reason: string, message?: string): V1PodStatus {
  const state = { waiting: { reason, ...(message === undefined ? {} : { message }) } };
  const common = { image: '', imageID: '', ready: false, restartCount: 0 };
  return { containerStatuses: [{ name: 'mariadb', state, ...common }] };
}

describe('what Kubernetes says of a pod that is not ready', () => {
  it('is why it cannot be scheduled', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }];
    expect(complaint({ conditions })).toBe('0/3 nodes are available.');
  });

  it('is what a container waits for, unless it only starts', () => {
    expect(complaint(waiting('ImagePullBackOff', 'no such image'))).toBe(
      'Container mariadb waits: ImagePullBackOff, no such image.',
    );
    expect(complaint(waiting('ContainerCreating'))).toBeUndefined();
    expect(complaint({})).toBeUndefined();
  });

  it('is left to the StatefulSet when there is no pod, and cut when it is long', () => {
    const complaints = podComplaints([aShardStatus(0, [NAME])], []);
    expect([...complaints.keys()]).toEqual([NAME]);
    expect(complaints.get(NAME)).toContain('kubectl describe statefulset demo-shard-0');
    expect(complaint(waiting('X', 'y'.repeat(1000)))?.length).toBeLessThan(320);
  });
});
