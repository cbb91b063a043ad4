import { describe, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import type { TlsMaterialSource } from '../pki/tls-material.ts';
import { createInformer } from '../runtime/cache/informer.ts';
import { silentLogger } from '../runtime/logger.ts';
import { pods, secrets } from '../runtime/resources.ts';
import { FakeApiServer } from '../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import type { AgentClient } from './agent-client/agent-client.ts';
import { AgentStreams, targetOf } from './agent-streams.ts';

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

describe('the certificate of a stream', () => {
  it('is the same object until another is there, so that connections are kept', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const stop = new AbortController();
    const { signal } = stop;
    const common = { client: server, clock, logger: silentLogger, random: () => 0.5 };
    const informers = {
      pods: createInformer({ ...common, type: pods }),
      secrets: createInformer({ ...common, type: secrets }),
    };
    const data = (text: string) => ({ 'tls.crt': btoa(text), 'tls.key': btoa('key'), 'ca.crt': btoa('ca') });
    const metadata = { name: 'certificate', namespace: 'shop' };
    await server.create(secrets, { metadata, data: data('one') }, signal);
    await server.create(pods, pod(), signal);
    let tls: TlsMaterialSource | undefined;
    const streams = new AgentStreams({
      ...informers,
      certificateName: () => 'certificate',
      clock,
      logger: silentLogger,
      stallMonitor: { isStalled: () => false, stalledMilliseconds: () => 0 },
      random: () => 0.5,
      createClient(options) {
        ({ tls } = options);
        const client = { target: options.target, onEvent: () => () => {}, run: async () => {} };
        return client as unknown as AgentClient;
      },
    });
    const running = [informers.pods.run(signal), informers.secrets.run(signal)];
    await settle();
    running.push(streams.run(signal));
    await server.mergePatch(
      pods,
      { namespace: 'shop', name: 'demo-shard-0-1' },
      { metadata: { annotations: { a: 'b' } } },
      {},
      signal,
    );
    await settle();
    const first = tls?.current();
    expect(first).toMatchObject({ certificate: 'one' });
    expect(tls?.current()).toBe(first);
    await server.mergePatch(secrets, metadata, { data: data('two') }, {}, signal);
    await settle();
    expect(tls?.current()).toMatchObject({ certificate: 'two' });
    stop.abort(new Error('the test is over'));
    await Promise.allSettled(running);
  });
});
