import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  cachingSecretOf,
  decodeFullPassword,
  encodeFullPassword,
  isEmptyPassword,
  proveCachingSha2,
  verifyCachingSha2,
  verifyStoredSha2,
} from './caching-sha2.ts';
import { certificateProof } from './certificate-proof.ts';
import { ed25519PublicKey, parseEd25519Key, signEd25519, verifyEd25519 } from './ed25519.ts';
import {
  nativeDoubleHash,
  nativeSecretOf,
  parseNativeHash,
  proveNative,
  verifyNative,
} from './native-password.ts';
import { continueLogin, proveLogin } from './prove.ts';
import { sha256Crypt } from './sha256-crypt.ts';

const password = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
const nonceOf = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));

const twoPasswords = fc.tuple(password, password).filter(([right, wrong]) => right !== wrong);

describe('mysql_native_password', () => {
  // SELECT PASSWORD('secret') on any server.
  const stored = parseNativeHash('*14E65567ABDB5135D0CFD9A70B3032C179A49EE7') as Buffer;

  it('stores what the server stores', () => {
    expect(nativeDoubleHash(nativeSecretOf('secret'))).toEqual(stored);
    expect(parseNativeHash('*14E6')).toBeNull();
    expect(parseNativeHash('invalid')).toBeNull();
  });

  it('learns SHA1(password) from a proof that holds, and nothing from another', () => {
    fc.assert(
      fc.property(twoPasswords, nonceOf(20), ([right, wrong], nonce) => {
        const secret = nativeSecretOf(right);
        const doubleHash = nativeDoubleHash(secret);
        expect(verifyNative(doubleHash, nonce, proveNative(secret, nonce))).toEqual({ holds: true, secret });
        expect(verifyNative(doubleHash, nonce, proveNative(nativeSecretOf(wrong), nonce))).toEqual({
          holds: false,
        });
      }),
    );
  });

  it('takes an empty answer for an empty password only', () => {
    const nonce = randomBytes(20);
    expect(verifyNative(null, nonce, Buffer.alloc(0))).toEqual({ holds: true, secret: null });
    expect(verifyNative(null, nonce, proveNative(nativeSecretOf('x'), nonce))).toEqual({ holds: false });
    expect(verifyNative(stored, nonce, Buffer.alloc(0))).toEqual({ holds: false });
    expect(verifyNative(stored, nonce, Buffer.alloc(19))).toEqual({ holds: false });
  });
});

describe('ed25519', () => {
  it('makes the public key that the server makes', () => {
    // SELECT ed25519_password('secret') on a server with the plugin; also in its documentation.
    expect(ed25519PublicKey('secret')).toEqual(
      parseEd25519Key('ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY'),
    );
    expect(parseEd25519Key('ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJ')).toBeNull();
  });

  it('signs as Ed25519 does where the password is a seed of 32 bytes', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    const ascii = Buffer.from('0123456789abcdef0123456789ABCDEF');
    ascii.copy(der, der.length - 32);
    const nonce = randomBytes(32);
    const expected = sign(null, nonce, { key: der, format: 'der', type: 'pkcs8' });
    expect(signEd25519(ascii.toString(), nonce)).toEqual(expected);
  });

  it('verifies what was signed with the password, and nothing else', () => {
    fc.assert(
      fc.property(twoPasswords, nonceOf(32), ([right, wrong], nonce) => {
        const key = ed25519PublicKey(right);
        const signature = signEd25519(right, nonce);
        expect(verifyEd25519(key, nonce, signature)).toBe(true);
        expect(verifyEd25519(key, Buffer.from(nonce).reverse(), signature)).toBe(
          nonce.equals(Buffer.from(nonce).reverse()),
        );
        expect(verifyEd25519(key, nonce, signEd25519(wrong, nonce))).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('takes no signature of another length, nor a key that is no point', () => {
    const nonce = randomBytes(32);
    expect(verifyEd25519(ed25519PublicKey('a'), nonce, Buffer.alloc(0))).toBe(false);
    expect(verifyEd25519(Buffer.alloc(32, 0xff), nonce, Buffer.alloc(64))).toBe(false);
  });
});

describe('caching_sha2_password', () => {
  it('verifies a proof against the cached hash', () => {
    fc.assert(
      fc.property(twoPasswords, nonceOf(20), ([right, wrong], nonce) => {
        const cached = cachingSecretOf(Buffer.from(right));
        expect(verifyCachingSha2(cached, nonce, proveCachingSha2(right, nonce))).toBe(true);
        expect(verifyCachingSha2(cached, nonce, proveCachingSha2(wrong, nonce))).toBe(false);
      }),
    );
    expect(verifyCachingSha2(cachingSecretOf(Buffer.from('a')), randomBytes(20), Buffer.alloc(3))).toBe(
      false,
    );
  });

  it('verifies a password against what the server stores', () => {
    const salt = Buffer.from('abcdefghijklmnopqrst');
    const stored = Buffer.from(`$A$005$${salt.toString()}${sha256Crypt(Buffer.from('secret'), salt, 5000)}`);
    expect(verifyStoredSha2(stored, Buffer.from('secret'))).toBe(true);
    expect(verifyStoredSha2(stored, Buffer.from('Secret'))).toBe(false);
    expect(verifyStoredSha2(Buffer.from('$A$005$short'), Buffer.from('secret'))).toBe(false);
    expect(
      verifyStoredSha2(Buffer.from('*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'), Buffer.from('secret')),
    ).toBe(false);
  });

  it.each([
    ['saltsaltsaltsalt', 'secret'],
    ['a', 'a password that is longer than the thirty-two bytes of a digest'],
    ['0123456789', 'ünïcödé'],
  ])('hashes with salt %s as openssl does', (salt, text) => {
    const expected = spawnSync('openssl', ['passwd', '-5', '-salt', salt, text], {
      encoding: 'utf8',
    }).stdout.trim();
    expect(`$5$${salt}$${sha256Crypt(Buffer.from(text), Buffer.from(salt), 5000)}`).toBe(expected);
  });

  it('carries the password itself with a zero byte, and no longer one than there can be', () => {
    expect(decodeFullPassword(encodeFullPassword('geheim'))?.toString()).toBe('geheim');
    expect(decodeFullPassword(Buffer.from('no end'))).toBeNull();
    expect(decodeFullPassword(Buffer.alloc(0))).toBeNull();
    expect(decodeFullPassword(Buffer.alloc(300))).toBeNull();
    expect([
      isEmptyPassword(Buffer.alloc(0)),
      isEmptyPassword(Buffer.of(0)),
      isEmptyPassword(Buffer.of(1)),
    ]).toEqual([true, true, false]);
  });
});

describe('the client role', () => {
  const nonce = Buffer.concat([Buffer.alloc(20, 7), Buffer.of(0)]);
  const credential = { kind: 'password', password: 'secret' } as const;

  it('proves a password by the plugin that the server wants', () => {
    const native = proveLogin('mysql_native_password', nonce, credential);
    expect(verifyNative(nativeDoubleHash(nativeSecretOf('secret')), nonce, native).holds).toBe(true);
    const caching = proveLogin('caching_sha2_password', nonce, credential);
    expect(verifyCachingSha2(cachingSecretOf(Buffer.from('secret')), nonce, caching)).toBe(true);
    const long = randomBytes(32);
    expect(
      verifyEd25519(ed25519PublicKey('secret'), long, proveLogin('client_ed25519', long, credential)),
    ).toBe(true);
    expect(() => proveLogin('client_ed25519', nonce, credential)).toThrow('too short');
    expect(() => proveLogin('dialog', nonce, credential)).toThrow('dialog');
  });

  it('does with SHA1(password) what can be done with it', () => {
    const secret = nativeSecretOf('secret');
    const proof = proveLogin('mysql_native_password', nonce, { kind: 'nativeSecret', secret });
    expect(verifyNative(nativeDoubleHash(secret), nonce, proof).holds).toBe(true);
    expect(() => proveLogin('client_ed25519', nonce, { kind: 'nativeSecret', secret })).toThrow(
      'password itself',
    );
  });

  it('proves nothing without a password', () => {
    for (const plugin of ['mysql_native_password', 'caching_sha2_password']) {
      expect(proveLogin(plugin, nonce, { kind: 'none' })).toHaveLength(0);
    }
  });

  it('sends the password itself over TLS only', () => {
    expect(continueLogin('caching_sha2_password', Buffer.of(3), credential, false)).toBeNull();
    expect(continueLogin('caching_sha2_password', Buffer.of(4), credential, true)?.toString()).toBe(
      'secret\0',
    );
    expect(() => continueLogin('caching_sha2_password', Buffer.of(4), credential, false)).toThrow(
      'needs TLS',
    );
    expect(() => continueLogin('dialog', Buffer.of(4), credential, true)).toThrow('dialog');
  });
});

describe('certificateProof', () => {
  it('hashes what both sides know', () => {
    const parts = [Buffer.alloc(20, 1), Buffer.alloc(20, 2), Buffer.alloc(32, 3)] as const;
    const digest = createHash('sha256').update(Buffer.concat(parts)).digest('hex').toUpperCase();
    expect(certificateProof(...parts)).toBe(`\u0001${digest}`);
  });
});
