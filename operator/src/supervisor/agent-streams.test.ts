import { describe, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { targetOf } from './agent-streams.ts';

function pod(change: { status?: V1Pod['status']; labels?: Record<string, string> } = {}): V1Pod {
  return {
    metadata: {
      name: 'demo-shard-0-1',
      namespace: 'shop',
      uid: 'uid-1',
      labels: change.labels ?? { 'shardwright.io/cluster': 'demo', 'shardwright.io/shard': '0' },
    },
    spec: {
      initContainers: [{ name: 'agent', ports: [{ name: 'agent', containerPort: 7443 }] }],
      containers: [{ name: 'mariadb' }],
    },
    status: change.status ?? { phase: 'Running', podIP: '10.0.0.7' },
  };
}

describe('the target of a stream', () => {
  it('is the agent of that very pod, at its address, under the name in its certificate', () => {
    expect(targetOf(pod())).toEqual({
      namespace: 'shop',
      cluster: 'demo',
      pod: 'demo-shard-0-1',
      podUid: 'uid-1',
      host: '10.0.0.7',
      port: 7443,
      serverName: 'demo-shard-0-1.demo-shard-0.shop.svc',
    });
  });

  it.each([
    ['has no address yet', pod({ status: { phase: 'Pending' } })],
    ['is no database', pod({ labels: {} })],
  ])('is none for a pod that %s', (_, found) => {
    expect(targetOf(found)).toBeUndefined();
  });
});
