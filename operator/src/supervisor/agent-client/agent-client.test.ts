/** The operator's end against a real agent's server over real TLS, with what happens to connections. */
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { serverTlsOptions } from '../../pki/peer-verification.ts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { replicaState } from '../../agent/testing/agent-states.ts';
import { type AgentFixture, POD_SERVER_NAME, startAgentFixture } from '../../agent/testing/agent-fixture.ts';
import {
  createTestAuthority,
  type ReplaceableTls,
  replaceableTls,
} from '../../pki/testing/test-certificates.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../runtime/clock.ts';
import {
  type AgentClient,
  type AgentClientOptions,
  type AgentEvent,
  type Attention,
  createAgentClient,
} from './agent-client.ts';
import type { AgentTarget } from './agent-target.ts';
import { createStallMonitor } from './stall-monitor.ts';

const never = new AbortController().signal;

let agent: AgentFixture;
let tls: ReplaceableTls;
let cleanUps: (() => unknown)[];
beforeEach(async () => {
  agent = await startAgentFixture({
    commands: {
      stopReceiving: (_request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('gone')), { once: true });
        }),
    },
  });
  tls = replaceableTls(await agent.authority.material('operator'));
  cleanUps = [() => agent.server.close()];
});
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) {
    await cleanUp();
  }
});

interface RunningClient extends AgentClient {
  readonly events: AgentEvent[];
  /** Waits until an event satisfies the condition; looks at those that came before, too. */
  readonly until: (condition: (event: AgentEvent) => boolean) => Promise<AgentEvent>;
}

function runClient(
  change: Partial<Omit<AgentClientOptions, 'target'>> & { readonly target?: Partial<AgentTarget> } = {},
): RunningClient {
  const client = createAgentClient({
    tls,
    clock: systemClock,
    stallMonitor: { isStalled: () => false },
    random: () => 0.5,
    ...change,
    target: {
      namespace: 'shop',
      cluster: 'demo',
      pod: 'demo-shard-0-1',
      podUid: 'uid-1',
      host: '127.0.0.1',
      port: agent.server.port,
      serverName: POD_SERVER_NAME,
      ...change.target,
    },
  });
  const events: AgentEvent[] = [];
  let wake = Promise.withResolvers<void>();
  client.onEvent((event) => {
    events.push(event);
    wake.resolve();
    wake = Promise.withResolvers<void>();
  });
  const abort = new AbortController();
  const running = client.run(abort.signal);
  cleanUps.push(() => {
    abort.abort();
    return running;
  });
  return {
    ...client,
    events,
    async until(condition) {
      for (let seen = 0; ; seen += 1) {
        while (events[seen] === undefined) {
          await wake.promise;
        }
        const event = events[seen];
        if (event !== undefined && condition(event)) {
          return event;
        }
      }
    },
  };
}

const isFrame = (event: AgentEvent): boolean => event.kind === 'frame';
const becomes =
  (status: string) =>
  (event: AgentEvent): boolean =>
    event.kind === 'status' && event.view.status === status;

/** A relay before the agent, to freeze and cut connections in. */
async function startRelay(): Promise<{
  readonly port: number;
  readonly freeze: () => void;
  readonly cut: (how: (socket: Socket) => void) => void;
}> {
  const sockets: Socket[] = [];
  let isFrozen = false;
  const relay: Server = createServer((near) => {
    const far = connectSocket(agent.server.port, '127.0.0.1');
    sockets.push(near);
    for (const socket of [near, far]) {
      socket.on('error', () => {});
      cleanUps.push(() => socket.destroy());
    }
    near.on('data', (chunk: Buffer) => isFrozen || far.write(chunk));
    far.on('data', (chunk: Buffer) => isFrozen || near.write(chunk));
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  cleanUps.push(() => relay.close());
  return {
    port: (relay.address() as { port: number }).port,
    freeze: () => (isFrozen = true),
    cut: (how) => sockets.splice(0).forEach(how),
  };
}

describe('agent client', () => {
  it('connects, gives the state at once and every change after it, and measures the round trip', async () => {
    const client = runClient({ pingMilliseconds: 20 });
    expect(client.view().status).toBe('connecting');
    await client.until(isFrame);
    expect(client.view()).toMatchObject({ status: 'connected', error: undefined });
    expect(client.view().frame?.state).toEqual(replicaState());
    agent.feed.publish(replicaState({ epoch: 4 }));
    await client.until((event) => event.kind === 'frame' && event.frame.state.epoch === 4);
    while (client.view().roundTripMilliseconds === undefined) {
      await new Promise(setImmediate);
    }
    expect(client.view().roundTripMilliseconds).toBeGreaterThan(0);
    expect(agent.contacts.length).toBeGreaterThan(1);
  });

  it('keeps up with ten thousand changes, and ends at the newest', async () => {
    const client = runClient();
    await client.until(isFrame);
    for (let epoch = 1; epoch <= 10_000; epoch += 1) {
      agent.feed.publish(replicaState({ epoch }));
      if (epoch % 100 === 0) {
        await new Promise(setImmediate);
      }
    }
    await client.until((event) => event.kind === 'frame' && event.frame.state.epoch === 10_000);
    const sequences = client.events.flatMap((event) =>
      event.kind === 'frame' ? [event.frame.sequence] : [],
    );
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(sequences.length).toBeLessThan(5000);
  });

  it('tells an agent that is not there from one that closed, and finds the next', async () => {
    const client = runClient();
    await client.until(isFrame);
    const { port } = agent.server;
    await agent.server.close();
    await client.until(becomes('closed'));
    await client.until(becomes('refused'));
    expect(client.view()).toMatchObject({ status: 'refused', error: { code: 'ECONNREFUSED' } });
    client.events.length = 0;
    agent = await startAgentFixture({ authority: agent.authority, port });
    await client.until(becomes('connected'));
  });

  it('calls a half-open connection silent, no more, and dials again', async () => {
    const relay = await startRelay();
    const client = runClient({ target: { port: relay.port }, silenceMilliseconds: 700 });
    await client.until(isFrame);
    relay.freeze();
    await client.until(becomes('silent'));
    expect(client.view().error).toMatchObject({ code: 'Silent' });
    expect(client.view().frame).toBeDefined();
    expect(client.events.some(becomes('closed'))).toBe(false);
  });

  it('calls an agent silent whose address accepts connections and says nothing', async () => {
    const mute = createServer(() => {});
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    cleanUps.push(() => mute.close());
    const { port } = mute.address() as { port: number };
    const client = runClient({ target: { port }, silenceMilliseconds: 50 });
    await client.until(becomes('silent'));
    expect(client.view()).toMatchObject({ frame: undefined, error: { code: 'Silent' } });
  });

  it('does not call it silence when it was itself held up', async () => {
    let isStalled = true;
    const relay = await startRelay();
    const client = runClient({
      target: { port: relay.port },
      silenceMilliseconds: 30,
      stallMonitor: { isStalled: () => isStalled },
    });
    await client.until(isFrame);
    // Frames come every quarter of a second: with 30 ms of patience each gap would be silence.
    await client.until(
      (event) => event.kind === 'frame' && event.frame.sentAt > (client.events[1]?.view.frame?.sentAt ?? 0),
    );
    expect(client.events.some(becomes('silent'))).toBe(false);
    isStalled = false;
    await client.until(becomes('silent'));
  });

  it('does not take its own pause for that of the agent', async () => {
    const stallMonitor = createStallMonitor({ clock: systemClock });
    const abort = new AbortController();
    const watching = stallMonitor.run(abort.signal);
    const client = runClient({ stallMonitor, silenceMilliseconds: 600 });
    await client.until(isFrame);
    const before = client.view().frame?.sentAt ?? Infinity;
    for (const end = performance.now() + 900; performance.now() < end;);
    await client.until((event) => event.kind === 'frame' && event.frame.sentAt > before);
    expect(client.events.some(becomes('silent'))).toBe(false);
    abort.abort();
    await watching;
  });

  it.each([
    ['closed', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ])(
    'takes a stream that is %s for closed, not for anything worse, and connects again',
    async (_name, how) => {
      const relay = await startRelay();
      const client = runClient({ target: { port: relay.port } });
      await client.until(isFrame);
      relay.cut(how);
      await client.until(becomes('closed'));
      expect(client.events.map(({ view }) => view.status)).not.toContain('refused');
      client.events.length = 0;
      await client.until(becomes('connected'));
    },
  );

  it.each([
    ['another pod of the name', { podUid: 'uid-2' }, 'WrongPeer'],
    ['another pod of the shard', { pod: 'demo-shard-0-2' }, 'WrongPeer'],
    ['another shard', { serverName: 'demo-shard-1-1.demo-shard-1.shop.svc' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['another cluster', { cluster: 'other' }, 'WrongPeer'],
  ])('rejects the agent of %s', async (_name, target, code) => {
    const client = runClient({ target });
    await client.until(becomes('rejected'));
    expect(client.view()).toMatchObject({ frame: undefined, error: { code } });
  });

  it('rejects a server that holds the certificate of another role, one that has expired, or one of others', async () => {
    const client = runClient();
    await client.until(isFrame);
    const { port } = agent.server;
    const foreign = await createTestAuthority();
    for (const material of [
      await agent.authority.material('operator'),
      await agent.authority.material('agent', { expired: true }),
      await foreign.material('agent', { trusted: [agent.authority] }),
    ]) {
      client.events.length = 0;
      await agent.server.close();
      await client.until(becomes('refused'));
      agent = await startAgentFixture({ authority: agent.authority, port, material });
      await client.until(becomes('rejected'));
      expect(client.view().status).toBe('rejected');
    }
  });

  it('goes on through a rotation of the authority, in steps as they are decided', async () => {
    const successor = await createTestAuthority();
    const both = [agent.authority, successor];
    const relay = await startRelay();
    const client = runClient({ target: { port: relay.port } });
    const reconnect = async (): Promise<void> => {
      client.events.length = 0;
      relay.cut((socket) => socket.destroy());
      await client.until(becomes('connected'));
    };
    await client.until(isFrame);
    agent.tls.replace(await agent.authority.material('agent', { trusted: both }));
    await reconnect();
    tls.replace(await agent.authority.material('operator', { trusted: both }));
    await reconnect();
    agent.tls.replace(await successor.material('agent', { trusted: both }));
    await reconnect();
    tls.replace(await successor.material('operator', { trusted: both }));
    await reconnect();
    agent.tls.replace(await successor.material('agent'));
    await reconnect();
    expect(client.events.some(becomes('rejected'))).toBe(false);
    await expect(client.command({ command: 'killServer', epoch: 3 }, 5000, never)).resolves.toEqual({
      exit: null,
    });
  });

  it('is told when it is not accepted itself', async () => {
    tls.replace(await agent.authority.material('replication'));
    const client = runClient();
    await client.until(becomes('rejected'));
    expect(client.view().error).toMatchObject({ code: 'NotAuthorised' });
  });

  it('does not follow an agent of another version, and says so', async () => {
    const client = runClient();
    agent.feed.publish(replicaState({ activity: { kind: 'resting' } as never }));
    await client.until(becomes('unintelligible'));
    expect(client.view().error).toMatchObject({ code: 'UnreadableFrame' });
  });
});

describe('a leader', () => {
  it('is shown to a primary as often as told, and to others now and then', async () => {
    let role: Attention = 'primary';
    const client = runClient({ attention: () => role, attentionMilliseconds: 150, pingMilliseconds: 60_000 });
    while (agent.leaderContacts() < 3) {
      await client.until(isFrame);
      await delay(20);
    }
    expect(client.view().attendedAt).toBeLessThanOrEqual(performance.now());
    role = 'member';
    // What is on its way comes. After that nothing does: whoever went on would come in each of these pauses.
    for (let before = -1; before !== agent.leaderContacts();) {
      before = agent.leaderContacts();
      await delay(400);
    }
  });

  it('is nobody who does not lead', async () => {
    const client = runClient({ attentionMilliseconds: 20, pingMilliseconds: 20 });
    await client.until(isFrame);
    while (client.view().roundTripMilliseconds === undefined) {
      await delay(20);
    }
    expect(agent.leaderContacts()).toBe(0);
    expect(client.view().attendedAt).toBeUndefined();
  });

  it('does not try to show itself to an agent that has fallen silent: that might hear and not be heard', async () => {
    const relay = await startRelay();
    const client = runClient({
      target: { port: relay.port },
      attention: () => 'primary',
      attentionMilliseconds: 130,
      silenceMilliseconds: 900,
    });
    while (agent.leaderContacts() < 2) {
      await delay(20);
    }
    relay.freeze();
    await client.until(becomes('silent'));
    const { attendedAt = Infinity, frameReceivedAt = -Infinity } = client.view();
    expect(attendedAt - frameReceivedAt).toBeLessThan(600);
  });
});

describe('commands', () => {
  it('are answered, refused, or given up at their deadline', async () => {
    const client = runClient();
    expect(await client.command({ command: 'killServer', epoch: 3 }, 5000, never)).toEqual({ exit: null });
    await expect(client.command({ command: 'killServer', epoch: 2 }, 5000, never)).rejects.toMatchObject({
      code: 'StaleEpoch',
    });
    await expect(client.command({ command: 'stopReceiving', epoch: 3 }, 50, never)).rejects.toMatchObject({
      code: 'DeadlineExceeded',
    });
  });

  it('are given up at their deadline in the middle of an answer, too', async () => {
    const half = createHttpsServer(serverTlsOptions(agent.tls.current()), (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{');
    });
    half.listen(0, '127.0.0.1');
    await once(half, 'listening');
    cleanUps.push(() => half.close());
    const { port } = half.address() as { port: number };
    const client = runClient({ target: { port } });
    await expect(client.command({ command: 'killServer', epoch: 3 }, 300, never)).rejects.toMatchObject({
      code: 'DeadlineExceeded',
    });
  });

  it('stop waiting with their signal', async () => {
    const client = runClient();
    const abort = new AbortController();
    const command = client.command({ command: 'stopReceiving', epoch: 3 }, 5000, abort.signal);
    await client.until(isFrame);
    abort.abort(new Error('no longer leading'));
    await expect(command).rejects.toThrow('no longer leading');
  });

  it('fail with the connection’s error when nobody is there', async () => {
    const client = runClient();
    await agent.server.close();
    await expect(client.command({ command: 'killServer', epoch: 3 }, 5000, never)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    agent = await startAgentFixture();
  });
});
