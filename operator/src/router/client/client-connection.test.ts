import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { CAPABILITY } from '../../wire/capabilities.ts';
import { COMMAND } from '../../wire/command-code.ts';
import { decodeError } from '../../wire/server-error.ts';
import type { ClientLimits } from './client-limits.ts';
import { RawClient } from './testing/raw-client.ts';
import { startTrivialListener, type TrivialListener } from './testing/trivial-listener.ts';

const servers: TrivialListener[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.channel.destroy();
  await Promise.all(servers.splice(0).map(({ close }) => close(AbortSignal.abort())));
});

async function start(limits: Partial<ClientLimits> = {}): Promise<TrivialListener & { clock: FakeClock }> {
  const clock = new FakeClock();
  const server = await startTrivialListener({ limits, clock });
  servers.push(server);
  return { ...server, clock };
}

function connect({ port }: TrivialListener): RawClient {
  const client = new RawClient(port);
  clients.push(client);
  return client;
}

async function loggedIn(server: TrivialListener, flags = 0): Promise<RawClient> {
  const client = connect(server);
  expect((await client.logIn('native', flags))[0]).toBe(0);
  return client;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settle();
}

describe('a broken client', () => {
  it.each<[string, (client: RawClient) => void, number]>([
    ['an empty command', (client) => void client.socket.write(Buffer.from([0, 0, 0, 0])), 1835],
    ['a packet out of order', (client) => void client.socket.write(Buffer.from([1, 0, 0, 9, 14])), 1156],
    ['a packet beyond the limit', (client) => void client.socket.write(Buffer.from([0, 0, 200, 0])), 1153],
    [
      'an execution without parameters',
      (client) => {
        client.send(COMMAND.statementPrepare, '?');
        client.send(COMMAND.statementExecute, 'x');
      },
      1835,
    ],
    ['a change of user that ends early', (client) => client.send(COMMAND.changeUser, 'app'), 1835],
  ])('that sends %s is told so and disconnected; others live on', async (_, act, errno) => {
    const server = await start({ maxPacketBytes: 1024 * 1024 });
    const other = await loggedIn(server);
    const client = await loggedIn(server);
    act(client);
    let last: Buffer;
    do last = await client.next();
    while (last[0] !== 0xff);
    expect(decodeError(last).errno).toBe(errno);
    await client.ended();
    await until(() => server.observer.events.includes('ended: protocol'));
    other.send(COMMAND.ping);
    expect((await other.next())[0]).toBe(0);
  });

  it.each([
    ['a packet beyond what a login may have', Buffer.from([0, 0, 2, 1]), 1153],
    ['a login that is none', Buffer.from([4, 0, 0, 1, 0, 2, 0, 0]), 1835],
    ['a login of another age', Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0]), 1251],
  ])('that sends %s does not get in', async (_, bytes, errno) => {
    const server = await start();
    const client = connect(server);
    await client.next();
    client.socket.write(bytes);
    expect(decodeError(await client.next()).errno).toBe(errno);
    await client.ended();
    await until(() => server.observer.events.includes('refused: protocol'));
  });

  it('that sends noise after its login harms nobody', async () => {
    const server = await start();
    let state = 12_345;
    const noise = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff) >>> 16;
    for (let round = 0; round < 150; round += 1) {
      const client = await loggedIn(server, round % 2 === 0 ? 0 : CAPABILITY.compress);
      client.socket.write(Buffer.from(Array.from({ length: noise() % 200 }, () => noise() & 0xff)));
      client.socket.end();
      await client.ended();
    }
    await until(() => server.clients.size === 0);
    expect(
      server.observer.events.filter((event) => event.startsWith('failed') || event === 'ended: internal'),
    ).toEqual([]);
    const after = await loggedIn(server);
    after.send(COMMAND.ping);
    expect((await after.next())[0]).toBe(0);
  });

  it('is told of commands that nobody knows, and may go on', async () => {
    const client = await loggedIn(await start());
    for (const code of [0xf0, COMMAND.daemon, COMMAND.sleep]) {
      client.send(code);
      expect(decodeError(await client.next()).errno).toBe(1047);
    }
    client.send(COMMAND.ping);
    expect((await client.next())[0]).toBe(0);
  });
});

describe('an answer that breaks off', () => {
  async function untilError(client: RawClient): Promise<ReturnType<typeof decodeError>> {
    for (;;) {
      const payload = await client.next();
      if (payload[0] === 0xff) return decodeError(payload);
    }
  }

  it('by an error for the client ends there, and the connection lives', async () => {
    const client = await loggedIn(await start());
    client.send(COMMAND.query, 'break');
    expect(await untilError(client)).toMatchObject({ errno: 1317, message: 'in the middle' });
    client.send(COMMAND.ping);
    expect((await client.next())[0]).toBe(0);
  });

  it.each(['break crash', 'split'])('anywhere else takes the connection with it (%s)', async (sql) => {
    const server = await start();
    const client = await loggedIn(server);
    client.send(COMMAND.query, sql);
    await client.ended();
    await until(() => server.clients.size === 0);
    expect(server.observer.events.at(-1)).toBe('ended: internal');
  });
});

describe('a client that goes away', () => {
  it.each([
    ['during its login', false],
    ['during a command', true],
  ])('%s leaves nothing behind', async (_, afterLogin) => {
    const server = await start();
    const client = connect(server);
    if (afterLogin) {
      await client.logIn();
      client.send(COMMAND.query, 'wait');
      await until(() => server.sessions[0]?.waiting === true);
    } else await client.next();
    client.socket.destroy();
    await until(() => server.clients.size === 0);
    expect(server.observer.events.at(-1)).toBe(afterLogin ? 'ended: gone' : 'refused: gone');
    expect(server.sessions.every((session) => session.closed)).toBe(true);
  });

  it('with a half-open connection ends its command', async () => {
    const server = await start();
    const client = await loggedIn(server);
    client.send(COMMAND.query, 'wait');
    await until(() => server.sessions[0]?.waiting === true);
    client.socket.end();
    await client.ended();
    await until(() => server.clients.size === 0);
    expect(server.observer.events.at(-1)).toBe('ended: gone');
  });
});

describe('limits', () => {
  it('a login that takes too long is refused', async () => {
    const server = await start({ loginTimeoutMilliseconds: 5000 });
    const client = connect(server);
    await client.next();
    await server.clock.advance(4999);
    expect(server.observer.events).toEqual(['arrived']);
    await server.clock.advance(1);
    expect(decodeError(await client.next()).errno).toBe(1159);
    await until(() => server.observer.events.includes('refused: login-timeout'));
  });

  it('an idle client is disconnected, one that is busy is not', async () => {
    const server = await start({ idleTimeoutMilliseconds: 1000 });
    const idle = await loggedIn(server);
    const busy = await loggedIn(server);
    busy.send(COMMAND.query, 'wait');
    await until(() => server.sessions[1]?.waiting === true);
    await server.clock.advance(600);
    idle.send(COMMAND.ping);
    await idle.next();
    await server.clock.advance(600);
    expect(server.clients.size).toBe(2);
    await server.clock.advance(400);
    await idle.ended();
    await server.clock.advance(5000);
    expect(server.observer.events.filter((event) => event.startsWith('ended'))).toEqual(['ended: idle']);
    server.clients.kill(2, 'query');
    expect(decodeError(await busy.next()).errno).toBe(1317);
  });

  it('one connection too many is refused at the door, and let in once another has gone', async () => {
    const server = await start({ maxConnections: 2 });
    const first = await loggedIn(server);
    await loggedIn(server);
    const third = connect(server);
    expect(decodeError(await third.next()).errno).toBe(1040);
    first.send(COMMAND.quit);
    await first.ended();
    await until(() => server.clients.size === 1);
    await loggedIn(server);
  });

  it('one connection too many of a user is refused after its login', async () => {
    const server = await start({ maxConnectionsPerUser: 1 });
    const first = await loggedIn(server);
    expect(decodeError(await connect(server).logIn()).errno).toBe(1203);
    first.send(COMMAND.quit);
    await first.ended();
    await until(() => server.clients.size === 0);
    await loggedIn(server);
  });

  it('a client that does not read holds little memory, and is disconnected in the end', async () => {
    const server = await start({ highWaterMarkBytes: 64 * 1024, writeTimeoutMilliseconds: 10_000 });
    const client = await loggedIn(server);
    client.channel.pause();
    client.socket.pause();
    const before = process.memoryUsage.rss();
    // 4 GB, if nobody held it back.
    client.send(COMMAND.query, 'rows 4000000 1000');
    await until(() => server.clock.pending >= 2);
    await server.clock.advance(9_000);
    expect(server.clients.size).toBe(1);
    await server.clock.advance(20_000);
    await until(() => server.clients.size === 0);
    expect(server.observer.events.at(-1)).toBe('ended: slow');
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
  });
});

describe('a listener that closes', () => {
  it('leaves commands and transactions their time, and ends idle clients at once', async () => {
    const server = await start();
    const idle = await loggedIn(server);
    const open = await loggedIn(server);
    open.send(COMMAND.query, 'begin');
    await open.next();
    const deadline = new AbortController();
    const closed = server.close(deadline.signal);
    await idle.ended();
    expect(server.clients.size).toBe(1);
    open.send(COMMAND.query, 'commit');
    expect((await open.next())[0]).toBe(0);
    await open.ended();
    await closed;
    await expect(connect(server).next()).rejects.toThrow('ECONNREFUSED');
  });

  it('ends what is left when its time is up', async () => {
    const server = await start();
    const client = await loggedIn(server);
    client.send(COMMAND.query, 'wait');
    await until(() => server.sessions[0]?.waiting === true);
    const deadline = new AbortController();
    const closed = server.close(deadline.signal);
    await settle();
    deadline.abort();
    expect(decodeError(await client.next()).errno).toBe(1053);
    await client.ended();
    await closed;
    expect(server.observer.events.at(-1)).toBe('ended: shutdown');
  });
});
