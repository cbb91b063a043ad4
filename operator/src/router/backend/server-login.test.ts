import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { nativeDoubleHash, nativeSecretOf, verifyNative } from '../../wire/auth/native-password.ts';
import { encodeAuthSwitch } from '../../wire/auth/packets.ts';
import {
  CAPABILITY,
  hasCapability,
  hasExtendedCapability,
  removeCapabilities,
} from '../../wire/capabilities.ts';
import { decodeHandshakeResponse, type HandshakeResponse } from '../../wire/handshake-response.ts';
import { encodeOk, PLAIN_OK } from '../../wire/ok-packet.ts';
import { encodeEarlyError, encodeError } from '../../wire/server-error.ts';
import type { ConnectionTraits } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import type { Credential } from '../../wire/login/credential.ts';
import type { LoggedIn } from '../../wire/login/log-in.ts';
import { logIn } from './server-login.ts';
import { createServerTrust } from '../../wire/login/server-trust.ts';
import {
  type AcceptedConnection,
  listenForLogins,
  makeTestCertificates,
  NONCE,
  OFFERED,
  type TestCertificates,
} from './testing/login-server.ts';
import { TRAITS } from './testing/scripted-server.ts';

let certificates: TestCertificates;
const opened: { close(): void }[] = [];

beforeAll(async () => {
  certificates = await makeTestCertificates();
});

afterEach(() => opened.splice(0).forEach((each) => each.close()));

interface Attempt {
  readonly credential?: Credential;
  readonly traits?: ConnectionTraits;
  readonly authority?: string;
  readonly serverName?: string;
  readonly socketPath?: string;
  readonly clock?: FakeClock;
  readonly signal?: AbortSignal;
}

async function attempt(
  serve: (connection: AcceptedConnection) => Promise<void>,
  options: Attempt = {},
): Promise<LoggedIn> {
  const { socketPath } = options;
  const listening = await listenForLogins(serve, socketPath);
  opened.push(listening);
  const {
    credential = { kind: 'password', password: 'secret' },
    traits = TRAITS,
    serverName = 'localhost',
  } = options;
  const session = await logIn(
    {
      server: {
        pod: 'shard-0-0',
        host: '127.0.0.1',
        port: listening.port,
        serverName,
        ...(socketPath === undefined ? {} : { socketPath }),
      },
      user: 'app',
      credential,
      traits,
      trust: createServerTrust(() => options.authority ?? certificates.authority),
      clock: options.clock ?? new FakeClock(),
      timeoutMilliseconds: 3000,
    },
    options.signal ?? new AbortController().signal,
  );
  opened.push({ close: () => session.channel.destroy() });
  expect(listening.failures).toEqual([]);
  return session;
}

const HASH = nativeDoubleHash(nativeSecretOf('secret'));

/** Greets, and reads who wants to log in, over TLS. */
async function meet(connection: AcceptedConnection): Promise<HandshakeResponse> {
  connection.greet();
  await connection.startTls(certificates);
  return decodeHandshakeResponse(await connection.next());
}

async function welcome(connection: AcceptedConnection, response: HandshakeResponse): Promise<string> {
  connection.channel.send(encodeOk({ ...PLAIN_OK, status: 2 }, response.capabilities));
  const start = await connection.next();
  connection.channel.beginCommand();
  connection.channel.send(encodeOk(PLAIN_OK, response.capabilities));
  return start.subarray(1).toString();
}

describe('logIn', () => {
  it('proves the password over TLS and begins the session', async () => {
    let response: HandshakeResponse | undefined;
    let start = '';
    const session = await attempt(async (connection) => {
      response = await meet(connection);
      start = await welcome(connection, response);
    });
    expect(response).toMatchObject({
      user: 'app',
      plugin: 'mysql_native_password',
      database: null,
      collation: 45,
    });
    expect(verifyNative(HASH, NONCE, response?.authentication ?? Buffer.alloc(0)).holds).toBe(true);
    expect(start).toMatch(/^SET NAMES utf8mb4, SESSION session_track_schema = 1/);
    expect(session).toMatchObject({ threadId: 42, serverVersion: '11.8.6-MariaDB', status: 2 });
    expect(hasCapability(session.capabilities, CAPABILITY.deprecateEof | CAPABILITY.multiStatements)).toBe(
      true,
    );
    expect(hasCapability(session.capabilities, CAPABILITY.foundRows)).toBe(false);
    expect(hasExtendedCapability(session.capabilities, 0x8)).toBe(false);
  });

  it('asks for what the traits say', async () => {
    const session = await attempt(
      async (connection) => void (await welcome(connection, await meet(connection))),
      { traits: { ...TRAITS, foundRows: true, extendedMetadata: true } },
    );
    expect(hasCapability(session.capabilities, CAPABILITY.foundRows)).toBe(true);
    expect(hasExtendedCapability(session.capabilities, 0x8)).toBe(true);
  });

  it('reaches a server of this machine by its socket, without TLS', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shardwright-login-'));
    let response: HandshakeResponse | undefined;
    try {
      await attempt(
        async (connection) => {
          connection.greet();
          response = decodeHandshakeResponse(await connection.next());
          await welcome(connection, response);
        },
        { socketPath: join(folder, 'server.sock') },
      );
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(response).toMatchObject({ user: 'app', plugin: 'mysql_native_password' });
    expect(hasCapability((response as HandshakeResponse).capabilities, CAPABILITY.tls)).toBe(false);
  });

  it('proves SHA1 of a password that it does not know', async () => {
    let holds = false;
    await attempt(
      async (connection) => {
        const response = await meet(connection);
        holds = verifyNative(HASH, NONCE, response.authentication).holds;
        await welcome(connection, response);
      },
      { credential: { kind: 'passwordSha1', sha1: nativeSecretOf('secret') } },
    );
    expect(holds).toBe(true);
  });

  it('goes on to the plugin it can use, and has no answer to others', async () => {
    const answers: Buffer[] = [];
    const nonce = Buffer.from('zyxwvutsrqponmlkjihg');
    await attempt(async (connection) => {
      const response = await meet(connection);
      connection.channel.send(encodeAuthSwitch('client_ed25519', Buffer.alloc(32, 1)));
      answers.push(await connection.next());
      connection.channel.send(
        encodeAuthSwitch('mysql_native_password', Buffer.concat([nonce, Buffer.of(0)])),
      );
      answers.push(await connection.next());
      await welcome(connection, response);
    });
    expect(answers[0]).toHaveLength(0);
    expect(verifyNative(HASH, nonce, answers[1] ?? Buffer.alloc(0)).holds).toBe(true);
  });

  it.each([
    [1045, 'AccessDenied'],
    [1226, 'TooManyConnections'],
    [1053, 'Unreachable'],
  ])('tells error %i apart: %s', async (errno, code) => {
    const refused = attempt(async (connection) => {
      await meet(connection);
      connection.channel.send(encodeError({ errno, sqlState: '28000', message: 'no' }));
    });
    await expect(refused).rejects.toMatchObject({ code, execution: 'NotSent', serverError: { errno } });
  });

  it('tells a server without room from one that is not there', async () => {
    const refused = attempt(async ({ channel }) => {
      channel.send(encodeEarlyError({ errno: 1040, sqlState: '08004', message: 'Too many connections' }));
      channel.end();
      await Promise.resolve();
    });
    await expect(refused).rejects.toMatchObject({ code: 'TooManyConnections' });
  });

  it('says nothing of the user to a server of another name', async () => {
    let got = 0;
    const refused = attempt(
      async (connection) => {
        connection.greet();
        await connection.startTls(certificates);
        await connection.next();
        got += 1;
      },
      { serverName: 'shard-0-0.shard-0.default.svc' },
    );
    await expect(refused).rejects.toMatchObject({ code: 'IdentityRefused' });
    expect(got).toBe(0);
  });

  it('does not trust another authority', async () => {
    const other = await makeTestCertificates();
    const refused = attempt(async (connection) => void (await meet(connection)), {
      authority: other.authority,
    });
    await expect(refused).rejects.toMatchObject({ code: 'IdentityRefused' });
  });

  it('does not log in without TLS', async () => {
    const refused = attempt(async (connection) => {
      connection.greet(removeCapabilities(OFFERED, CAPABILITY.tls));
      await connection.next();
    });
    await expect(refused).rejects.toMatchObject({ code: 'IdentityRefused' });
  });

  it('does not use a server that lacks what its readers need', async () => {
    const refused = attempt(async (connection) => {
      connection.greet(removeCapabilities(OFFERED, CAPABILITY.deprecateEof));
      await connection.next();
    });
    await expect(refused).rejects.toMatchObject({ code: 'ProtocolViolation' });
  });

  it('gives up a server that says nothing', async () => {
    const clock = new FakeClock();
    const arrived = Promise.withResolvers<void>();
    const waiting = attempt(
      () => {
        arrived.resolve();
        return new Promise(() => {});
      },
      { clock },
    );
    const failure = waiting.catch((error: unknown) => error);
    await arrived.promise;
    await clock.advance(3000);
    expect(await failure).toMatchObject({ code: 'LoginTimeout', execution: 'NotSent' });
  });

  it('ends with its signal', async () => {
    const abort = new AbortController();
    const waiting = attempt(
      () => {
        abort.abort(new Error('bye'));
        return new Promise(() => {});
      },
      { signal: abort.signal },
    );
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' });
  });

  it('tells that nobody listens', async () => {
    const listening = await listenForLogins(() => Promise.resolve());
    listening.close();
    const options = {
      server: { pod: 'shard-0-0', host: '127.0.0.1', port: listening.port, serverName: 'localhost' },
      user: 'app',
      credential: { kind: 'password', password: 'secret' },
      traits: TRAITS,
      trust: createServerTrust(() => certificates.authority),
      clock: new FakeClock(),
      timeoutMilliseconds: 3000,
    } as const;
    const refused = logIn(options, new AbortController().signal);
    await expect(refused).rejects.toBeInstanceOf(BackendError);
    await expect(refused).rejects.toMatchObject({
      code: 'Unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it.each([
    [
      'leaves during the greeting',
      'Unreachable',
      (connection: AcceptedConnection) => connection.channel.end(),
    ],
    [
      'does not speak the protocol',
      'ProtocolViolation',
      (connection: AcceptedConnection) => void connection.channel.send(Buffer.from('SSH-2.0-OpenSSH')),
    ],
  ])('tells a server that %s', async (_case, code, behave) => {
    const refused = attempt((connection) => {
      behave(connection);
      return Promise.resolve();
    });
    await expect(refused).rejects.toMatchObject({ code });
  });
});
