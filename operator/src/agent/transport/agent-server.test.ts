import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PeerRole } from '../../pki/identity.ts';
import { clientTlsOptions } from '../../pki/peer-verification.ts';
import { createTestAuthority } from '../../pki/testing/test-certificates.ts';
import type { TlsMaterial } from '../../pki/tls-material.ts';
import { RefusedError } from '../protocol/commands.ts';
import { LEADER_HEADER } from '../protocol/paths.ts';
import { replicaState } from '../testing/agent-states.ts';
import { FRAME_LIMIT_BYTES, parseFrame } from '../protocol/frame.ts';
import { createLineSplitter } from '../../launcher/line-splitter.ts';
import { type AgentFixture, POD_SERVER_NAME, startAgentFixture } from '../testing/agent-fixture.ts';

const agentIdentity = { namespace: 'shop', cluster: 'demo', role: 'agent' } as const;

let agent: AgentFixture;
beforeEach(async () => {
  agent = await startAgentFixture({
    commands: {
      stopReceiving: async ({ epoch }) => ({ received: `0-1-${epoch}` as never, applied: '0-1-1' as never }),
      killServer: () => Promise.reject(new RefusedError('NotReady', 'the launcher does not answer')),
    },
  });
});
afterEach(() => agent.server.close());

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

async function open(
  tls: ConnectionOptions,
  options: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  } = {},
): Promise<IncomingMessage> {
  const { method = 'GET', path = '/v1/ping', headers = {}, body } = options;
  const { port } = agent.server;
  const outgoing = request({ ...tls, host: '127.0.0.1', port, method, path, headers, agent: false });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

async function send(material: TlsMaterial, options?: Parameters<typeof open>[1]): Promise<Answer> {
  const tls = clientTlsOptions(material, { serverName: POD_SERVER_NAME, identity: agentIdentity });
  const response = await open(tls, options);
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
  }
  return { status: response.statusCode, text };
}

const as = (role: PeerRole): Promise<TlsMaterial> => agent.authority.material(role);
const code = (value: string): unknown => expect.stringContaining(`"code":"${value}"`);
const command = (fields: object) => ({ method: 'POST', path: '/v1/commands', body: JSON.stringify(fields) });

describe('agent server', () => {
  it('answers the operator and peers of its cluster, and notes that they were there', async () => {
    expect(await send(await as('operator'))).toEqual({ status: 204, text: '' });
    expect(await send(await as('agent'))).toEqual({ status: 204, text: '' });
    expect(agent.contacts.map(({ role }) => role)).toEqual(['operator', 'agent']);
    expect(agent.leaderContacts()).toBe(0);
  });

  it('knows the operator that leads by its word, and takes no other peer for it', async () => {
    const headers = { [LEADER_HEADER]: 'true' };
    await send(await as('operator'), { headers });
    await send(await as('agent'), { headers });
    await send(await as('operator'), { headers: { [LEADER_HEADER]: 'false' } });
    expect([agent.contacts.length, agent.leaderContacts()]).toEqual([3, 1]);
  });

  it('answers others that they may not, each in its way', async () => {
    const stranger = await agent.authority.material('operator', { cluster: 'other' });
    expect(await send(stranger)).toEqual({ status: 403, text: code('NotAuthorised') });
    expect(await send(await as('replication'))).toEqual({ status: 403, text: code('NotAuthorised') });
    expect(await send(await as('agent'), command({}))).toEqual({ status: 403, text: code('NotAuthorised') });
    expect(await send(await as('operator'), { path: '/v1/clone' })).toEqual({
      status: 403,
      text: code('NotAuthorised'),
    });
    expect(await send(await as('operator'), { path: '/metrics' })).toEqual({
      status: 404,
      text: code('NotFound'),
    });
    expect(agent.contacts).toEqual([]);
  });

  it('carries a command out, and answers with its result', async () => {
    const answer = await send(await as('operator'), command({ command: 'stopReceiving', epoch: 4 }));
    expect(answer).toEqual({ status: 200, text: '{"received":"0-1-4","applied":"0-1-1"}' });
  });

  it.each([
    ['an epoch that is over', command({ command: 'stopReceiving', epoch: 2 }), 409, 'StaleEpoch'],
    ['no epoch', command({ command: 'stopReceiving' }), 400, 'InvalidRequest'],
    ['no patience', command({ command: 'closeWrites', epoch: 4 }), 400, 'InvalidRequest'],
    ['an unknown name', command({ command: 'selfDestruct', epoch: 4 }), 400, 'InvalidRequest'],
    ['no JSON', { ...command({}), body: 'stop' }, 400, 'InvalidRequest'],
    ['too many bytes', { ...command({}), body: ' '.repeat(100_000) }, 400, 'InvalidRequest'],
    ['a refusal of its handler', command({ command: 'killServer', epoch: 3 }), 503, 'NotReady'],
  ])('refuses a command with %s', async (_name, options, status, refusal) => {
    expect(await send(await as('operator'), options)).toEqual({ status, text: code(refusal) });
  });

  it('does not speak to a peer without a certificate, with an expired one, or with one of another authority', async () => {
    const operator = await as('operator');
    const without = { ca: operator.authorities, servername: POD_SERVER_NAME };
    await expect(open(without)).rejects.toThrow(/certificate required|ECONNRESET|socket hang up/);
    const expired = await agent.authority.material('operator', { expired: true });
    await expect(send(expired)).rejects.toThrow(/certificate expired|ECONNRESET|socket hang up/);
    const foreign = await (await createTestAuthority()).material('operator', { trusted: [agent.authority] });
    await expect(send(foreign)).rejects.toThrow(/unknown ca|decrypt error|ECONNRESET|socket hang up/);
    expect(agent.contacts).toEqual([]);
  });

  it('speaks TLS 1.3 only, and resumes no session', async () => {
    const { certificate, key, authorities } = await as('operator');
    const { port } = agent.server;
    const options = {
      host: '127.0.0.1',
      port,
      cert: certificate,
      key,
      ca: authorities,
      servername: POD_SERVER_NAME,
    };
    const old = connectTls({ ...options, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    await expect(once(old, 'secureConnect')).rejects.toThrow(/protocol version/);
    const first = connectTls(options);
    const sessions: Buffer[] = [];
    first.on('session', (session) => sessions.push(session));
    first.write('GET /v1/ping HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String((await once(first, 'data'))[0])).toContain('204');
    expect(first.getProtocol()).toBe('TLSv1.3');
    first.destroy();
    const second = connectTls({ ...options, ...(sessions[0] && { session: sessions[0] }) });
    await once(second, 'secureConnect');
    expect(second.isSessionReused()).toBe(false);
    second.destroy();
  });

  it('takes new certificates for new connections, and lets those that are up go on', async () => {
    const operator = await as('operator');
    const successor = await createTestAuthority();
    const expected = { serverName: POD_SERVER_NAME, identity: agentIdentity };
    const stream = await open(clientTlsOptions(operator, expected), { path: '/v1/state' });
    await once(stream, 'data');
    agent.tls.replace(await successor.material('agent'));
    await expect(send(operator)).rejects.toThrow(/certificate/);
    const renewed = await successor.material('operator');
    expect((await send(renewed)).status).toBe(204);
    agent.feed.publish(replicaState({ epoch: 9 }));
    // A frame of before, which comes every quarter of a second, may be on its way.
    for (let received = ''; !received.includes('"epoch":9');) {
      received += String((await once(stream, 'data'))[0]);
    }
    stream.destroy();
  });

  it('sends a reader that paused the newest state, and little of what it missed', async () => {
    const tls = clientTlsOptions(await as('operator'), {
      serverName: POD_SERVER_NAME,
      identity: agentIdentity,
    });
    const stream = await open(tls, { path: '/v1/state' });
    await once(stream, 'data');
    stream.pause();
    const padding = 'x'.repeat(50_000);
    const problems = [{ reason: 'Padding', message: padding }];
    for (let epoch = 1; epoch <= 2000; epoch += 1) {
      agent.feed.publish(replicaState({ epoch, problems }));
      await new Promise(setImmediate);
    }
    const lines = createLineSplitter(FRAME_LIMIT_BYTES);
    const epochs: number[] = [];
    stream.on('data', (chunk: Buffer) => {
      epochs.push(...lines.push(chunk).map((line) => parseFrame(line).state.epoch));
    });
    stream.resume();
    while (epochs.at(-1) !== 2000) {
      await once(stream, 'data');
    }
    // 100 MB were published; what came is what the kernel had taken, and the newest.
    expect(epochs.length).toBeLessThan(500);
    stream.destroy();
  });

  it('survives garbage, and peers that say nothing', async () => {
    const { port } = agent.server;
    const garbage = connect(port, '127.0.0.1');
    garbage.on('error', () => {});
    garbage.write('GET / HTTP/1.1\r\n\r\n');
    await once(garbage, 'close');
    const mute = connect(port, '127.0.0.1');
    mute.on('error', () => {});
    await once(mute, 'connect');
    expect((await send(await as('operator'))).status).toBe(204);
  });

  it('ends streams when it is closed', async () => {
    const tls = clientTlsOptions(await as('operator'), {
      serverName: POD_SERVER_NAME,
      identity: agentIdentity,
    });
    const stream = await open(tls, { path: '/v1/state' });
    const ended = once(stream, 'error');
    stream.resume();
    await agent.server.close();
    expect((await ended)[0]).toMatchObject({ code: 'ECONNRESET' });
    agent = await startAgentFixture();
  });
});
