/** Making and renewing accounts on a primary. */
import { createHash } from 'node:crypto';
import type { Account, AccountChanges } from '../accounts.ts';
import { EngineError } from '../engine-error.ts';
import { nativePasswordHash } from './credentials.ts';
import { OWN_SCHEMA } from './own-schema.ts';
import { grantsOf } from './privileges.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import { textOf } from './slave-status.ts';

/**
 * Identifies what an account was last set to: so that an account that is as it should be is left alone, and its
 * statements are not logged and replicated again.
 */
export function accountFingerprint(account: Account): string {
  const content = [nativePasswordHash(account.password), account.requireTls, ...grantsOf(account)];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** See Upkeep.ensureAccounts. */
export async function ensureAccounts(
  server: ServerAccess,
  accounts: readonly Account[],
  signal: AbortSignal,
): Promise<AccountChanges> {
  const facts = await server.facts(signal);
  if (facts.slave !== undefined) {
    throw new EngineError('Refused', 'accounts of a replica come from its primary');
  }
  const present = await readAccounts(server, signal);
  const changed: string[] = [];
  for (const account of accounts) {
    const fingerprint = accountFingerprint(account);
    const existing = present.get(account.name);
    const hash = nativePasswordHash(account.password);
    if (existing?.fingerprint !== fingerprint || existing.passwordHash !== hash) {
      if (facts.semiSyncMaster && facts.status.get('Rpl_semi_sync_master_clients') === '0') {
        throw new EngineError('Refused', 'commits wait for a replica, and none is connected');
      }
      await setAccount(server, account, hash, fingerprint, signal);
      changed.push(account.name);
    }
  }
  return { changed };
}

interface PresentAccount {
  readonly fingerprint: string;
  readonly passwordHash: string;
}

async function readAccounts(
  server: ServerAccess,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PresentAccount>> {
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

/** Each statement can be repeated, and the fingerprint comes last: a crash in between means doing it again. */
async function setAccount(
  server: ServerAccess,
  account: Account,
  passwordHash: string,
  fingerprint: string,
  signal: AbortSignal,
): Promise<void> {
  const run = (sql: string, values: readonly string[]): Promise<unknown> =>
    server.run(`set account ${account.name}`, sql, values, STATEMENT_TIMEOUT_MILLISECONDS, signal);
  const tls = account.requireTls ? 'SSL' : 'NONE';
  await run(`CREATE USER IF NOT EXISTS ?@'%' IDENTIFIED VIA mysql_native_password USING ?`, [
    account.name,
    passwordHash,
  ]);
  await run(`ALTER USER ?@'%' IDENTIFIED VIA mysql_native_password USING ? REQUIRE ${tls}`, [
    account.name,
    passwordHash,
  ]);
  await run(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ?@'%'`, [account.name]);
  for (const grant of grantsOf(account)) {
    await run(`GRANT ${grant} TO ?@'%'${account.purpose === 'administration' ? ' WITH GRANT OPTION' : ''}`, [
      account.name,
    ]);
  }
  await run(
    `INSERT INTO ${OWN_SCHEMA}.account (name, fingerprint) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE fingerprint = VALUES(fingerprint)`,
    [account.name, fingerprint],
  );
}
