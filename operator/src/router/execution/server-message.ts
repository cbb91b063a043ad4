/** What servers say, with the names that clients know: a keyspace is one database, whatever it is made of. */
import { readDatabaseName } from '../../core/keyspace/database-names.ts';
import { decodeError, type ServerErrorText } from '../../wire/server-error.ts';
import type { ServerError } from '../backend/backend-error.ts';
import type { ClientAnswer } from '../client/client-answer.ts';
import { diagnosticOf } from '../session/diagnostics.ts';
import type { Execution } from './execution.ts';

/**
 * Names of our databases where messages have names: in backticks, or before a dot at the beginning of a quoted name or of a
 * word (`app_s0001`.`orders`, 'app_s0001.orders', PROCEDURE app_s0001.totals).
 */
const QUALIFIER = /(`|'|"|,|\s)([a-z][a-z0-9_]*(?:_s\d{4,5}|\$shared|\$single))(?=`|\.)/g;
const QUOTED = /(['`])([a-z][a-z0-9_]*(?:_s\d{4,5}|\$shared|\$single))(?=['`])/g;

/** Errors of MariaDB that name a database alone: ER_DB_CREATE_EXISTS, ER_DB_DROP_EXISTS, ER_DBACCESS_DENIED_ERROR, ER_BAD_DB_ERROR. */
const OF_DATABASES: ReadonlySet<number> = new Set([1007, 1008, 1044, 1049]);
/** ER_DUP_ENTRY and ER_DUP_ENTRY_WITH_KEY_NAME have values of the client, and no database. */
const OF_VALUES: ReadonlySet<number> = new Set([1062, 1586]);

/** The message with the name of a keyspace instead of the name of a database that it is made of. */
export function clientMessage(
  { errno, message }: Pick<ServerErrorText, 'errno' | 'message'>,
  keyspaces: Pick<ReadonlyMap<string, unknown>, 'has'>,
): string {
  if (OF_VALUES.has(errno)) {
    return message;
  }
  return message.replaceAll(
    OF_DATABASES.has(errno) ? QUOTED : QUALIFIER,
    (whole, before: string, name: string) => {
      const keyspace = readDatabaseName(name)?.keyspace;
      return keyspace !== undefined && keyspaces.has(keyspace) ? before + keyspace : whole;
    },
  );
}

/** A table as servers name it in what they answer to CHECK TABLE and the like: `app.users` for `app_s0001.users`. */
export function clientTable(name: string, keyspaces: Pick<ReadonlyMap<string, unknown>, 'has'>): string {
  const [database = '', ...rest] = name.split('.');
  const keyspace = readDatabaseName(database)?.keyspace;
  return keyspace !== undefined && keyspaces.has(keyspace) ? [keyspace, ...rest].join('.') : name;
}

/** A server's error and the packet it came in. */
export interface ServerFailure {
  readonly error: ServerError;
  readonly payload: Buffer;
}

/** Answers with a server's error. */
export function answerFailure(execution: Execution, answer: ClientAnswer, failure: ServerFailure): void {
  execution.failed();
  // Other slots may have been read since, with nothing to tell.
  execution.session.diagnostics = [diagnosticOf(failure.error)];
  tellFailure(execution, answer, failure);
}

/** Answers with the ERR packet of a server that was asked to prepare: no statement has failed. */
export function answerRefusedPreparation(execution: Execution, answer: ClientAnswer, payload: Buffer): void {
  tellFailure(execution, answer, { error: decodeError(payload), payload });
}

function tellFailure(execution: Execution, answer: ClientAnswer, { error, payload }: ServerFailure): void {
  const message = clientMessage(error, execution.topology().keyspaces);
  if (message === error.message) {
    answer.packet(payload);
  } else {
    answer.error({ ...error, message });
  }
}
