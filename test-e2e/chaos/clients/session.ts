import { createConnection } from 'mysql2/promise';
import type { Connection, QueryResult, RowDataPacket } from 'mysql2/promise';
import { GivenUpError } from './outcome.ts';

/** How to reach a server, and how long to wait for it, in milliseconds. */
export interface SessionOptions {
  readonly host: string;
  /** @default that of databases in their pods */
  readonly port?: number;
  readonly user: string;
  readonly password: string;
  readonly authority: string;
  readonly connectMilliseconds: number;
  readonly statementMilliseconds: number;
  /** The client gives up on whatever is under way when this fires. */
  readonly abandon?: AbortSignal;
}

const DATABASE_PORT = 3306;

/** One connection to a server over TLS, which is closed as soon as a statement is given up on. */
export interface Session {
  /** Whether it cannot be used any more. */
  readonly closed: boolean;
  /** @throws the server's error, the connection's, or GivenUpError */
  query<T extends QueryResult>(sql: string, values?: readonly (string | number)[]): Promise<T>;
  close(): void;
}

/** Connects; everything that can go wrong before a statement was sent is an error here. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { host, port = DATABASE_PORT, user, password, authority, abandon } = options;
  const { connectMilliseconds, statementMilliseconds } = options;
  abandon?.throwIfAborted();
  const pending = createConnection({
    host,
    port,
    user,
    password,
    connectTimeout: connectMilliseconds,
    ssl: { ca: authority },
    supportBigNumbers: true,
  });
  // The driver's own limit ends with the TCP connection: a server that is stopped accepts it and says nothing.
  let connection: Connection;
  try {
    connection = await limit(pending, connectMilliseconds, abandon);
  } catch (error) {
    pending.then(
      (late) => late.destroy(),
      () => undefined,
    );
    throw error;
  }
  return wrap(connection, statementMilliseconds, abandon);
}

function wrap(
  connection: Connection,
  statementMilliseconds: number,
  abandon: AbortSignal | undefined,
): Session {
  let closed = false;
  const close = (): void => {
    closed = true;
    connection.destroy();
  };
  // The statement that is under way tells of it as well.
  connection.on('error', () => (closed = true));
  connection.on('end', () => (closed = true));
  return {
    get closed() {
      return closed;
    },
    async query<T extends QueryResult>(sql: string, values: readonly (string | number)[] = []): Promise<T> {
      try {
        const [result] = await limit(connection.query<T>(sql, [...values]), statementMilliseconds, abandon);
        return result;
      } catch (error) {
        if (error instanceof GivenUpError) {
          close();
        }
        throw error;
      }
    },
    close,
  };
}

/** The value of the first column of the first row as a number; undefined without a row, or with NULL. */
export function firstNumber(rows: readonly RowDataPacket[]): number | undefined {
  const value: unknown = rows[0] === undefined ? undefined : Object.values(rows[0])[0];
  return value === undefined || value === null ? undefined : Number(value);
}

async function limit<T>(
  work: Promise<T>,
  milliseconds: number,
  abandon: AbortSignal | undefined,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbandon: (() => void) | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new GivenUpError(`no answer in ${milliseconds} ms`)), milliseconds);
    onAbandon = () => reject(new GivenUpError('another server is primary'));
    abandon?.addEventListener('abort', onAbandon);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    if (onAbandon !== undefined) {
      abandon?.removeEventListener('abort', onAbandon);
    }
  }
}
