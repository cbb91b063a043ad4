/** Making and renewing accounts on a primary. */
import { createHash } from 'node:crypto';
import type { Account, AccountChanges } from '../accounts.ts';
import { nativePasswordHash } from './credentials.ts';
import { OWN_SCHEMA } from './own-schema.ts';
import { grantsOf } from './privileges.ts';
import { requireWritablePrimary } from './require-primary.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import { textOf } from './slave-status.ts';

/**
 * Identifies the rights that an account was last given: so that an account that is as it should be is left alone, and
 * its statements are not logged and replicated again. Nothing of the password is in it.
 */
export function rightsFingerprint(account: Account): string {
  return createHash('sha256')
    .update(JSON.stringify([account.requireTls, ...grantsOf(account)]))
    .digest('hex');
}

/** See Upkeep.ensureAccounts. */
export async function ensureAccounts(
  server: ServerAccess,
  accounts: readonly Account[],
  signal: AbortSignal,
): Promise<AccountChanges> {
  const requireCommitsEnd = await requireWritablePrimary(server, 'accounts', signal);
  const present = await readAccounts(server, signal);
  const changed: string[] = [];
  for (const account of accounts) {
    const wanted = {
      fingerprint: rightsFingerprint(account),
      passwordHash: nativePasswordHash(account.password),
    };
    const existing = present.get(account.name);
    if (existing?.fingerprint === wanted.fingerprint && existing.passwordHash === wanted.passwordHash) {
      continue;
    }
    requireCommitsEnd();
    await setAccount(server, account, wanted, existing, signal);
    changed.push(account.name);
  }
  return { changed };
}

/** An account's state, as far as it is compared. */
interface AccountState {
  readonly fingerprint: string;
  readonly passwordHash: string;
}

async function readAccounts(
  server: ServerAccess,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, AccountState>> {
  const rows = await server.run(
    'read accounts',
    `SELECT p.User AS name, a.fingerprint AS fingerprint,
            COALESCE(JSON_VALUE(p.Priv, '$.authentication_string'), '') AS password_hash
       FROM mysql.global_priv p JOIN ${OWN_SCHEMA}.account a ON a.name = p.User WHERE p.Host = '%'`,
    [],
    STATEMENT_TIMEOUT_MILLISECONDS,
    signal,
  );
  return new Map(
    rows.map((row) => [
      textOf(row, 'name'),
      { fingerprint: textOf(row, 'fingerprint'), passwordHash: textOf(row, 'password_hash') },
    ]),
  );
}

/**
 * Each statement can be repeated, and the fingerprint comes last: a crash in between means doing it again. Rights are
 * taken away only when they change, for an application at work would notice the moment without.
 */
async function setAccount(
  server: ServerAccess,
  account: Account,
  wanted: AccountState,
  existing: AccountState | undefined,
  signal: AbortSignal,
): Promise<void> {
  const run = (sql: string, values: readonly string[]): Promise<unknown> =>
    server.run(`set account ${account.name}`, sql, values, STATEMENT_TIMEOUT_MILLISECONDS, signal);
  const identified = `?@'%' IDENTIFIED VIA mysql_native_password USING ?`;
  const credentials = [account.name, wanted.passwordHash];
  await run(`CREATE USER IF NOT EXISTS ${identified}`, credentials);
  await run(`ALTER USER ${identified} REQUIRE ${account.requireTls ? 'SSL' : 'NONE'}`, credentials);
  if (existing?.fingerprint === wanted.fingerprint) {
    return;
  }
  await run(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ?@'%'`, [account.name]);
  const passOn = account.purpose === 'administration' ? ' WITH GRANT OPTION' : '';
  for (const grant of grantsOf(account)) {
    await run(`GRANT ${grant} TO ?@'%'${passOn}`, [account.name]);
  }
  await run(
    `INSERT INTO ${OWN_SCHEMA}.account (name, fingerprint) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE fingerprint = VALUES(fingerprint)`,
    [account.name, wanted.fingerprint],
  );
}
