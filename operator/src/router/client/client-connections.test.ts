import { createSecureContext, type SecureContext } from 'node:tls';
import { Readable } from 'node:stream';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Connection,
  type ConnectionOptions,
  createConnection,
  type RowDataPacket,
} from 'mysql2/promise';
import { createAuthority } from '../../pki/certificate-authority.ts';
import { nativeSecretOf } from '../../wire/auth/native-password.ts';
import type { TrivialSession } from './testing/trivial-session.ts';
import { PASSWORD, startTrivialListener, type TrivialListener } from './testing/trivial-listener.ts';

const servers: TrivialListener[] = [];
const clients: Connection[] = [];
let tls: SecureContext;

beforeAll(async () => {
  const now = Date.now();
  const validity = { notBefore: now - 60_000, notAfter: now + 3_600_000 };
  const { key, certificate } = await createAuthority('router', validity);
  tls = createSecureContext({ key, cert: certificate });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(servers.splice(0).map(({ close }) => close(AbortSignal.abort())));
});

async function start(settings: Parameters<typeof startTrivialListener>[0] = {}): Promise<TrivialListener> {
  const server = await startTrivialListener(settings);
  servers.push(server);
  return server;
}

async function connect({ port }: TrivialListener, options: ConnectionOptions = {}): Promise<Connection> {
  const client = await createConnection({
    host: '127.0.0.1',
    port,
    user: 'native',
    password: PASSWORD,
    ...options,
  });
  clients.push(client);
  return client;
}

async function firstRow(client: Connection, sql: string): Promise<unknown[]> {
  const [rows] = await client.query<RowDataPacket[]>(sql);
  return Object.values(rows[0] as object);
}

describe('mysql2 logs in', () => {
  it('with a native password, whose SHA1 the authenticator learns', async () => {
    const server = await start();
    const client = await connect(server);
    expect(await firstRow(client, 'user')).toEqual(['native', 'false']);
    expect(server.authenticator.proofs.get('native')?.nativeSecret).toEqual(nativeSecretOf(PASSWORD));
    await client.end();
    await until(() => server.clients.size === 0);
    expect(server.observer.events).toEqual(['arrived', 'accepted', 'ended: quit']);
  });

  it('over TLS', async () => {
    const server = await start({ tls });
    const client = await connect(server, { ssl: { rejectUnauthorized: false } });
    expect(await firstRow(client, 'user')).toEqual(['native', 'true']);
  });

  it('is refused TLS that is not offered', async () => {
    const server = await start();
    await expect(connect(server, { ssl: { rejectUnauthorized: false } })).rejects.toThrow(
      'does not support secure',
    );
  });

  it('with caching_sha2: over TLS the first time, then from the cache without', async () => {
    const server = await start({ tls });
    await expect(connect(server, { user: 'sha2' })).rejects.toMatchObject({ errno: 3159 });
    await connect(server, { user: 'sha2', ssl: { rejectUnauthorized: false } });
    const client = await connect(server, { user: 'sha2' });
    expect(await firstRow(client, 'user')).toEqual(['sha2', 'false']);
    await expect(
      connect(server, { user: 'sha2', password: 'wrong', ssl: { rejectUnauthorized: false } }),
    ).rejects.toMatchObject({ errno: 1045 });
  });

  it('with an empty password where the user has none', async () => {
    const server = await start();
    await connect(server, { user: 'empty', password: '' });
    await expect(connect(server, { user: 'empty' })).rejects.toMatchObject({ errno: 1045 });
    await expect(connect(server, { password: '' })).rejects.toThrow(
      "'native'@'127.0.0.1' (using password: NO)",
    );
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 1045],
    ['a name that nobody has', { user: 'nobody' }, 1045],
    ['a locked account', { user: 'locked' }, 4151],
  ])('is refused for %s', async (_, options, errno) => {
    const server = await start();
    await expect(connect(server, options)).rejects.toMatchObject({ errno });
    expect(server.observer.events).toEqual(['arrived', 'refused: access-denied']);
  });

  it('tells its database and attributes', async () => {
    const server = await start();
    await connect(server, { database: 'shop', connectAttributes: { program_name: 'the test' } });
    expect(server.sessions[0]?.client).toMatchObject({
      database: 'shop',
      address: '127.0.0.1',
      connectionId: 1,
    });
    expect(server.sessions[0]?.client.attributes.get('program_name')).toBe('the test');
  });
});

describe.each([
  ['plain', {}],
  ['compressed', { compress: true }],
  ['encrypted', { ssl: { rejectUnauthorized: false } }],
  ['compressed and encrypted', { compress: true, ssl: { rejectUnauthorized: false } }],
])('mysql2 on a connection that is %s', (_, options: ConnectionOptions) => {
  it('gets rows, errors and pings, and goes on after each', async () => {
    const client = await connect(await start({ tls }), options);
    expect(await firstRow(client, 'hello')).toEqual(['hello']);
    await expect(client.query('fail t1')).rejects.toMatchObject({
      errno: 1146,
      sqlState: '42S02',
      sqlMessage: 'no table t1',
    });
    await expect(client.query('crash')).rejects.toMatchObject({ errno: 1105 });
    await client.ping();
    expect(await firstRow(client, 'again')).toEqual(['again']);
  });

  it('sends and gets 20 MB', async () => {
    const client = await connect(await start({ tls }), options);
    const text = `length ${'x'.repeat(20 * 1024 * 1024)}`;
    expect(await firstRow(client, text)).toEqual([String(text.length)]);
    const echo = 'y'.repeat(20 * 1024 * 1024);
    expect(((await firstRow(client, echo))[0] as string) === echo).toBe(true);
    expect(await firstRow(client, 'afterwards')).toEqual(['afterwards']);
  });

  it('gets as many rows as there are', async () => {
    const client = await connect(await start({ tls }), options);
    const [rows] = await client.query<RowDataPacket[]>('rows 20000 100');
    expect(rows).toHaveLength(20_000);
    expect(rows[19_999]).toEqual({ id: '19999', filler: 'x'.repeat(100) });
  });

  it('sends a file', async () => {
    const client = await connect(await start({ tls }), options);
    const infileStreamFactory = (): Readable => Readable.from([Buffer.alloc(300_000), Buffer.alloc(5)]);
    const [result] = await client.query({ sql: 'load file', infileStreamFactory });
    expect(result).toMatchObject({ affectedRows: 300_005 });
    expect(await firstRow(client, 'afterwards')).toEqual(['afterwards']);
  });
});

describe('mysql2', () => {
  it('executes prepared statements with parameters of its types', async () => {
    const client = await connect(await start(), { supportBigNumbers: true, bigNumberStrings: true });
    const when = new Date(2024, 1, 29, 12, 30, 15, 250);
    const [rows] = await client.execute<RowDataPacket[]>('? ? ? ? ?', [
      'text',
      12.5,
      null,
      when,
      Buffer.from([0, 255]),
    ]);
    expect(rows[0]).toMatchObject({
      parameter0: 'text',
      parameter1: 12.5,
      parameter2: null,
      parameter3: when,
    });
    const [again] = await client.execute<RowDataPacket[]>('? ? ? ? ?', [null, 1, 'b', null, 'c']);
    expect(Object.values(again[0] as object)).toEqual([null, 1, 'b', null, 'c']);
  });

  it('changes its user, with a proof of its own', async () => {
    const server = await start();
    const client = await connect(server, { user: 'empty', password: '' });
    client.on('error', () => {});
    await client.changeUser({ user: 'native', password: PASSWORD });
    expect((await firstRow(client, 'user'))[0]).toBe('native');
    await expect(client.changeUser({ user: 'native', password: 'wrong' })).rejects.toMatchObject({
      errno: 1045,
    });
    await expect(client.query('hello')).rejects.toMatchObject({ fatal: true });
    await until(() => server.observer.events.includes('ended: refused'));
  });

  it('is told when its command or its connection is killed', async () => {
    const server = await start();
    const client = await connect(server);
    client.on('error', () => {});
    const waiting = client.query('wait');
    const session = server.sessions[0] as TrivialSession;
    // A command that is refused in time must not fail before somebody looks.
    waiting.catch(() => {});
    await until(() => session.waiting);
    server.clients.kill(1, 'query');
    await expect(waiting).rejects.toMatchObject({ errno: 1317 });
    expect(await firstRow(client, 'hello')).toEqual(['hello']);
    const last = client.query('wait');
    last.catch(() => {});
    await until(() => session.waiting);
    server.clients.kill(1, 'connection');
    await expect(last).rejects.toMatchObject({ errno: 1927 });
    await until(() => server.observer.events.includes('ended: killed'));
    expect(server.clients.kill(1, 'connection')).toBe(false);
    expect(session.closed).toBe(true);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
