/** Single requests against a real agent's server over real TLS. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AgentFixture, POD_SERVER_NAME, startAgentFixture } from '../../agent/testing/agent-fixture.ts';
import { type ReplaceableTls, replaceableTls } from '../../pki/testing/test-certificates.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type AgentRequests, createAgentRequests } from './agent-requests.ts';
import type { AgentTarget } from './agent-target.ts';

const never = new AbortController().signal;

describe('requests to an agent', () => {
  let agent: AgentFixture;
  let tls: ReplaceableTls;
  let sockets: Socket[];
  let target: AgentTarget;
  let requests: AgentRequests;
  let close: () => Promise<void>;

  beforeEach(async () => {
    agent = await startAgentFixture();
    tls = replaceableTls(await agent.authority.material('operator'));
    sockets = [];
    const relay = createServer((near) => {
      const far = connect(agent.server.port, '127.0.0.1');
      sockets.push(near);
      near.on('error', () => {}).pipe(far);
      far.on('error', () => {}).pipe(near);
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    target = {
      namespace: 'shop',
      cluster: 'demo',
      pod: 'demo-shard-0-1',
      podUid: 'uid-1',
      host: '127.0.0.1',
      port: (relay.address() as { port: number }).port,
      serverName: POD_SERVER_NAME,
    };
    requests = createAgentRequests({ target, tls, clock: systemClock });
    close = async () => {
      requests.close();
      sockets.forEach((socket) => socket.destroy());
      relay.close();
      await agent.server.close();
    };
  });
  afterEach(() => close());

  const ping = (): Promise<number> => requests.ping(false, 5000, never);

  it('share a connection, so that a command does not wait for a handshake', async () => {
    await ping();
    await ping();
    await requests.command({ command: 'killServer', epoch: 3 }, 5000, never);
    await ping();
    expect(sockets).toHaveLength(1);
  });

  it('go over a new one once the certificate was renewed', async () => {
    await ping();
    tls.replace(await agent.authority.material('operator'));
    await ping();
    await ping();
    expect(sockets).toHaveLength(2);
  });

  it('go over a new one when the former was cut', async () => {
    await ping();
    sockets[0]?.destroy();
    await new Promise(setImmediate);
    await ping().catch(() => undefined);
    await expect(ping()).resolves.toBeGreaterThan(0);
    expect(sockets).toHaveLength(2);
  });

  it('go to nobody else', async () => {
    const elsewhere = { ...target, serverName: 'demo-shard-1-1.demo-shard-1.shop.svc' };
    const misled = createAgentRequests({ target: elsewhere, tls, clock: systemClock });
    await expect(misled.ping(true, 5000, never)).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    misled.close();
  });
});
