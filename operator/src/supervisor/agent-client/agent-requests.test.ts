/** Single requests against a real agent's server over real TLS. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AgentFixture, POD_SERVER_NAME, startAgentFixture } from '../../agent/testing/agent-fixture.ts';
import { replaceableTls } from '../../pki/testing/test-certificates.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type AgentRequests, createAgentRequests } from './agent-requests.ts';

const NEVER = new AbortController().signal;

let fixture: AgentFixture;
let proxy: Server;
let connections: number;

beforeEach(async () => {
  fixture = await startAgentFixture();
  connections = 0;
  proxy = createServer((socket) => {
    connections += 1;
    const onward = connect(fixture.server.port, '127.0.0.1');
    socket.pipe(onward).pipe(socket);
    [socket, onward].forEach((each) => each.on('error', () => {}));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
});

afterEach(async () => {
  proxy.close();
  await fixture.server.close();
});

async function requestsTo(serverName: string): Promise<AgentRequests> {
  const { port } = proxy.address() as AddressInfo;
  const place = { namespace: 'shop', cluster: 'demo', pod: 'demo-shard-0-1', podUid: 'uid-1' };
  return createAgentRequests({
    target: { ...place, host: '127.0.0.1', port, serverName },
    tls: replaceableTls(await fixture.authority.material('operator')),
    clock: systemClock,
  });
}

describe('requests to an agent', () => {
  it('go over one connection: a command in an emergency waits for no handshake', async () => {
    const requests = await requestsTo(POD_SERVER_NAME);
    for (let round = 0; round < 3; round += 1) {
      await requests.ping(true, 10_000, NEVER);
    }
    await requests.command<'killServer'>({ command: 'killServer', epoch: 3 }, 10_000, NEVER);
    expect(connections).toBe(1);
    requests.close();
  }, 30_000);

  it('go to nobody else', async () => {
    const requests = await requestsTo('demo-shard-1-1.demo-shard-1.shop.svc');
    await expect(requests.ping(true, 10_000, NEVER)).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    requests.close();
  }, 30_000);
});
