import { describe, expect, it } from '@jest/globals';
import { silentLogger, type Logger } from '../../runtime/logger.ts';
import type { LoginMethod } from '../client/authenticator.ts';
import { UserAuthenticator } from './user-authenticator.ts';
import type { UserAccount, UserLookup } from './user-directory.ts';

const signal = new AbortController().signal;
const METHOD: LoginMethod = { plugin: 'mysql_native_password', doubleHash: Buffer.alloc(20, 1) };
const REQUEST = { user: 'app', address: '10.0.0.9', secure: false, database: null, attributes: new Map() };
const PROOF = { method: METHOD, nativeSecret: Buffer.alloc(20, 2), cachingSecret: null };

const account = (changes: Partial<UserAccount> = {}): UserLookup => ({
  kind: 'found',
  account: {
    user: 'app',
    methods: [METHOD],
    requireTls: false,
    locked: false,
    passwordExpired: false,
    maxConnections: 3,
    generation: '',
    credential: undefined,
    ...changes,
  },
});

function authenticator(lookup: UserLookup) {
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
  const users = { find: () => Promise.resolve(lookup), invalidate() {}, run: () => Promise.resolve() };
  return { warnings, authenticator: new UserAuthenticator(users, logger) };
}

describe('UserAuthenticator', () => {
  it('lets a user in as who he is', async () => {
    const { authenticator: users } = authenticator(account());
    expect(await users.methods(REQUEST, signal)).toEqual([METHOD]);
    expect(await users.accept(REQUEST, PROOF, signal)).toEqual({
      kind: 'accepted',
      identity: {
        user: 'app',
        host: '%',
        nativeSecret: PROOF.nativeSecret,
        generation: '',
        maxConnections: 3,
      },
    });
  });

  it.each<[string, UserLookup, boolean, number | undefined]>([
    ['a locked account', account({ locked: true }), true, 4151],
    ['an expired password', account({ passwordExpired: true }), true, 1862],
    ['no TLS where it is required', account({ requireTls: true }), false, 1045],
    ['TLS where it is required', account({ requireTls: true }), true, undefined],
    ['a user dropped meanwhile', { kind: 'unknown' }, true, 1045],
  ])('after the proof, decides about %s', async (_case, lookup, secure, errno) => {
    const decision = await authenticator(lookup).authenticator.accept({ ...REQUEST, secure }, PROOF, signal);
    expect(decision.kind === 'refused' ? decision.error.errno : undefined).toBe(errno);
  });

  it('tells the log, once, and not the client, why a user is not served', async () => {
    const { authenticator: users, warnings } = authenticator({ kind: 'unserved', reason: 'its hosts' });
    expect(await users.methods(REQUEST, signal)).toEqual([]);
    expect(await users.methods(REQUEST, signal)).toEqual([]);
    expect(warnings).toEqual(['a user cannot be served by routers']);
  });
});
