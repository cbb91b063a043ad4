import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeLoginReply, encodeAuthMoreData, encodeAuthSwitch } from './auth/packets.ts';
import { BASE_CAPABILITIES, CAPABILITY, type Capabilities, hasCapability } from './capabilities.ts';
import {
  decodeChangeUser,
  decodeHandshakeResponse,
  decodeTlsRequest,
  encodeChangeUser,
  encodeHandshakeResponse,
  encodeTlsRequest,
} from './handshake-response.ts';
import { decodeGreeting, encodeInitialHandshake } from './initial-handshake.ts';
import { encodeOk, PLAIN_OK } from './ok-packet.ts';
import { encodeEarlyError, encodeError } from './server-error.ts';
import { bytes, nameText } from './testing/packets.ts';

const nonce = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((array) => Buffer.from(array.map((byte) => (byte === 0 ? 1 : byte))));
const word = fc.nat({ max: 2 ** 32 - 1 });

/** Any flags with what every client of this century has; the `mysql` flag takes the extended ones away. */
const clientCapabilities: fc.Arbitrary<Capabilities> = fc.tuple(word, word).map(([flags, extended]) => {
  const all = (flags | CAPABILITY.protocol41 | CAPABILITY.secureConnection) >>> 0;
  return { flags: all, extended: (all & CAPABILITY.mysql) === 0 ? extended : 0 };
});

const fields = fc.record({
  capabilities: clientCapabilities,
  maxPacket: word,
  collation: fc.nat({ max: 255 }),
  user: nameText,
  authentication: bytes(200),
  database: fc.option(nameText.filter((text) => text !== '')),
  plugin: fc.option(nameText.filter((text) => text !== '')),
  attributes: fc
    .array(fc.tuple(nameText, nameText), { maxLength: 5 })
    .map((pairs): ReadonlyMap<string, string> => new Map(pairs)),
});

describe('the initial handshake', () => {
  it('survives a round trip', () => {
    const handshake = fc.record({
      serverVersion: fc.constantFrom('10.11.19-MariaDB', '11.8.2-MariaDB-log', '12.0.1'),
      connectionId: word,
      nonce,
      capabilities: clientCapabilities.map(({ flags, extended }) => ({
        flags: (flags | CAPABILITY.pluginAuthentication) >>> 0,
        extended,
      })),
      collation: fc.nat({ max: 255 }),
      status: fc.nat({ max: 65_535 }),
      plugin: nameText,
    });
    fc.assert(
      fc.property(handshake, (value) => {
        expect(decodeGreeting(encodeInitialHandshake(value))).toEqual({
          kind: 'handshake',
          handshake: value,
        });
      }),
    );
  });

  it.each([
    ['10.11.19-MariaDB', '5.5.5-10.11.19-MariaDB\0'],
    ['11.8.2-MariaDB', '11.8.2-MariaDB\0'],
  ])('tells version %s as replicas of old expect it', (serverVersion, expected) => {
    const payload = encodeInitialHandshake({
      serverVersion,
      connectionId: 1,
      nonce: Buffer.alloc(20, 1),
      capabilities: BASE_CAPABILITIES,
      collation: 45,
      status: 2,
      plugin: 'mysql_native_password',
    });
    expect(payload.toString('latin1', 1)).toMatch(new RegExp(`^${expected.replaceAll('.', '\\.')}`, 'u'));
  });

  it('may be a refusal instead', () => {
    const error = { errno: 1040, sqlState: '08004', message: 'Too many connections' };
    expect(decodeGreeting(encodeEarlyError(error))).toEqual({
      kind: 'refused',
      error: { ...error, sqlState: 'HY000' },
    });
    expect(decodeGreeting(encodeError(error))).toEqual({ kind: 'refused', error });
  });
});

describe("the client's response", () => {
  it('survives a round trip, with the fields that its flags announce', () => {
    fc.assert(
      fc.property(fields, (value) => {
        const { capabilities } = value;
        const has = (flag: number): boolean => hasCapability(capabilities, flag);
        expect(decodeHandshakeResponse(encodeHandshakeResponse(value))).toEqual({
          ...value,
          database: has(CAPABILITY.connectWithDatabase) ? value.database : null,
          plugin: has(CAPABILITY.pluginAuthentication) ? value.plugin : null,
          attributes: has(CAPABILITY.connectAttributes) ? value.attributes : new Map(),
        });
      }),
    );
  });

  it('is told from a wish for TLS', () => {
    const capabilities = { flags: BASE_CAPABILITIES.flags | CAPABILITY.tls, extended: 8 };
    const request = { capabilities, maxPacket: 1 << 24, collation: 45 };
    expect(decodeTlsRequest(encodeTlsRequest(request))).toEqual(request);
    const plain = { ...request, capabilities: BASE_CAPABILITIES };
    expect(decodeTlsRequest(encodeTlsRequest(plain))).toBeNull();
    expect(decodeTlsRequest(Buffer.alloc(50))).toBeNull();
  });

  it('of a client before 4.1 is not supported', () => {
    expect(() => decodeHandshakeResponse(Buffer.alloc(40))).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });

  it('may leave out the last zero byte', () => {
    const capabilities = {
      flags: CAPABILITY.protocol41 | CAPABILITY.secureConnection | CAPABILITY.pluginAuthentication,
      extended: 0,
    };
    const payload = encodeHandshakeResponse({
      capabilities,
      maxPacket: 0,
      collation: 8,
      user: 'app',
      authentication: Buffer.alloc(0),
      database: null,
      plugin: 'client_ed25519',
      attributes: new Map(),
    });
    expect(decodeHandshakeResponse(payload.subarray(0, -1)).plugin).toBe('client_ed25519');
  });
});

describe('COM_CHANGE_USER', () => {
  it('survives a round trip', () => {
    fc.assert(
      fc.property(fields, (value) => {
        const { capabilities, maxPacket: _, ...login } = value;
        const has = (flag: number): boolean => hasCapability(capabilities, flag);
        expect(decodeChangeUser(encodeChangeUser(login, capabilities), capabilities)).toEqual({
          ...login,
          plugin: has(CAPABILITY.pluginAuthentication) ? value.plugin : null,
          attributes: has(CAPABILITY.connectAttributes) ? value.attributes : new Map(),
        });
      }),
    );
  });

  it('may end after the user', () => {
    const payload = Buffer.from('\x11app\0\0', 'latin1');
    expect(decodeChangeUser(payload, BASE_CAPABILITIES)).toMatchObject({
      user: 'app',
      database: null,
      collation: 0,
    });
  });
});

describe('replies during a login', () => {
  it('are told apart', () => {
    const data = Buffer.from('nonce');
    const error = { errno: 1045, sqlState: '28000', message: 'no' };
    expect(decodeLoginReply(encodeAuthSwitch('dialog', data), BASE_CAPABILITIES)).toEqual({
      kind: 'switch',
      plugin: 'dialog',
      data,
    });
    expect(decodeLoginReply(encodeAuthMoreData(data), BASE_CAPABILITIES)).toEqual({ kind: 'more', data });
    expect(decodeLoginReply(encodeError(error), BASE_CAPABILITIES)).toEqual({ kind: 'refused', error });
    const ok = decodeLoginReply(encodeOk(PLAIN_OK, BASE_CAPABILITIES), BASE_CAPABILITIES);
    expect(ok).toEqual({ kind: 'accepted', ok: PLAIN_OK });
    expect(() => decodeLoginReply(Buffer.of(0xfe), BASE_CAPABILITIES)).toThrow('pre-4.1');
    expect(() => decodeLoginReply(Buffer.of(0x42), BASE_CAPABILITIES)).toThrow('no packet of a login');
  });
});
