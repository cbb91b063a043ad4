/** Which accounts routers serve, and how. */
import { createHash } from 'node:crypto';
import { parseNativeHash } from '../../wire/auth/native-password.ts';
import { routerPassword, routerPasswordHash } from '../../engines/mariadb/router-credential.ts';
import type { StoredAccount, StoredPlugin } from './global-priv.ts';
import type { LoginMethod } from '../client/authenticator.ts';
import type { UserLookup } from './user-directory.ts';

/** The one host pattern that is served. */
const ANY_HOST = '%';

/** Patterns for clients on the server's own machine, where no router ever is. */
const LOCAL_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

const SECONDS_OF_A_DAY = 86_400;

/**
 * Decides about a user by all accounts of the name. `secret` is the router secret, `now` in milliseconds since 1970.
 *
 * Servers see a router's address and not its client's: under host patterns, which account a session gets would depend on where
 * the router runs, and a client could get one that is not for its address. So a user is served when its account is for any
 * host and there is no other but for the server's own machine.
 */
export function decideUser(accounts: readonly StoredAccount[], secret: string, now: number): UserLookup {
  const remote = accounts.filter(({ host }) => !LOCAL_HOSTS.has(host));
  const [account, ...others] = remote;
  if (account === undefined || account.user === '') {
    return { kind: 'unknown' };
  }
  if (others.length > 0 || account.host !== ANY_HOST) {
    const hosts = remote.map(({ host }) => `'${host}'`).join(', ');
    return unserved(
      `its accounts are for the hosts ${hosts}, and routers serve accounts for '${ANY_HOST}' alone`,
    );
  }
  if (account.tls === 'ClientCertificate') {
    return unserved('it requires a certificate of the client, which a router cannot pass on');
  }
  const derivedHash = parseNativeHash(routerPasswordHash(secret, account.user));
  const methods = account.plugins.map(readMethod).filter((method) => method !== null);
  const own = methods.filter((method) => !isDerived(method, derivedHash));
  if (own.length === 0) {
    const plugins = account.plugins.map(({ plugin }) => plugin).join(', ');
    return unserved(`clients cannot be verified by ${plugins}`);
  }
  const hasDerived = own.length < methods.length;
  if (!hasDerived && !own.some(({ plugin }) => plugin === 'mysql_native_password')) {
    return unserved('it has no credential of routers: set its password through a router, or in spec.users');
  }
  return {
    kind: 'found',
    account: {
      user: account.user,
      // Of a proof by another plugin nothing comes that servers would take.
      methods: hasDerived ? own : own.filter(({ plugin }) => plugin === 'mysql_native_password'),
      requireTls: account.tls === 'Any',
      locked: account.locked,
      passwordExpired: isExpired(account, now / 1000),
      maxConnections: account.maxConnections === 0 ? null : account.maxConnections,
      generation: generationOf(account),
      credential: hasDerived
        ? { kind: 'password', password: routerPassword(secret, account.user) }
        : undefined,
    },
  };
}

/**
 * Changes whenever sessions that were begun before may have other rights than new ones. The time of the password counts
 * whole seconds, in which a user can be dropped and made again: what is stored of the password differs then as well, by its
 * digest, since this ends up in keys of pools.
 */
function generationOf({ passwordChangedAt, defaultRole, plugins }: StoredAccount): string {
  const digest = createHash('sha256').update(JSON.stringify(plugins)).digest('base64url');
  return `${passwordChangedAt ?? ''}/${defaultRole ?? ''}/${digest.slice(0, 16)}`;
}

function unserved(reason: string): UserLookup {
  return { kind: 'unserved', reason };
}

/** Bytes of an ed25519 public key. */
const PUBLIC_KEY_LENGTH = 32;

/** Null for a plugin that routers do not speak, and for what matches no password. */
function readMethod({ plugin, authentication }: StoredPlugin): LoginMethod | null {
  if (plugin === 'mysql_native_password') {
    const doubleHash = authentication === '' ? null : parseNativeHash(authentication);
    return doubleHash === null && authentication !== '' ? null : { plugin, doubleHash };
  }
  if (plugin === 'ed25519') {
    const publicKey = Buffer.from(authentication, 'base64');
    return publicKey.length === PUBLIC_KEY_LENGTH ? { plugin: 'client_ed25519', publicKey } : null;
  }
  return null;
}

function isDerived(method: LoginMethod, derivedHash: Buffer | null): boolean {
  return (
    method.plugin === 'mysql_native_password' &&
    method.doubleHash !== null &&
    derivedHash !== null &&
    method.doubleHash.equals(derivedHash)
  );
}

function isExpired({ passwordChangedAt, passwordLifetime }: StoredAccount, nowSeconds: number): boolean {
  if (passwordChangedAt === undefined) {
    return false;
  }
  return (
    passwordChangedAt === 0 ||
    (passwordLifetime > 0 && passwordChangedAt + passwordLifetime * SECONDS_OF_A_DAY < nowSeconds)
  );
}
