/** The rights of each kind of account. Source: https://mariadb.com/kb/en/grant/ */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Account } from '../accounts.ts';
import { EngineError } from '../engine-error.ts';
import { OWN_SCHEMA } from './own-schema.ts';

const APPLICATION =
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER, DELETE HISTORY';

/**
 * All that is global but what breaks replication: READ_ONLY ADMIN, BINLOG ADMIN, BINLOG REPLAY, the REPLICATION
 * ... ADMIN ones, and SUPER, which stands for several of them. Nor FILE, which would read the agent's password. This
 * keeps accidents away, not an administrator with bad intentions, who may alter every account.
 */
const ADMINISTRATION = `${APPLICATION}, CREATE USER, RELOAD, PROCESS, SHOW DATABASES, CREATE TABLESPACE, BINLOG MONITOR, CONNECTION ADMIN, SET USER, REPLICATION CLIENT, SLAVE MONITOR`;

/**
 * Whoever may receive changes sees every row that is written, and whoever takes a database over from another shard reads it
 * whole: rows, definitions, and where the log is. What the last two would allow beyond that, a server that is closed for
 * writes does not: this account cannot bypass it, and TRIGGER and EVENT alone change no row.
 */
const REPLICATION = 'REPLICATION SLAVE, BINLOG MONITOR, SELECT, SHOW VIEW, TRIGGER, EVENT';

/** A schema's exact name or its beginning, of characters that need no quoting in a pattern but `_`. */
const SCHEMA = /^([A-Za-z0-9_$-]{1,64})(\*?)$/;

/** The `privileges ON object` of every GRANT that an account takes, most general first. */
export function grantsOf(account: Account): readonly string[] {
  switch (account.purpose) {
    case 'application':
      return account.schemas.map((schema) => `${APPLICATION} ON ${schemaPattern(schema)}.*`);
    case 'administration':
      return [`${ADMINISTRATION} ON *.*`];
    case 'replication':
      return [`${REPLICATION} ON *.*`];
    case 'monitoring':
      return [
        'PROCESS, BINLOG MONITOR, SLAVE MONITOR ON *.*',
        ...['epoch', 'heartbeat'].map((table) => `SELECT ON \`${OWN_SCHEMA}\`.${table}`),
      ];
    default:
      return assertNever(account.purpose);
  }
}

/** A schema as GRANT takes it, where `_` and `%` are wildcards. Throws EngineError `InvalidConfiguration`. */
export function schemaPattern(schema: string): string {
  const [, name, star] = SCHEMA.exec(schema) ?? [];
  if (name === undefined) {
    throw new EngineError('InvalidConfiguration', `not a schema's name: ${JSON.stringify(schema)}`);
  }
  return `\`${name.replaceAll('_', '\\_')}${star === '' ? '' : '%'}\``;
}
