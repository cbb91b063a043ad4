/** Repeating another server's rows on the server beside us. */
import { EngineError } from '../../engine-error.ts';
import type { ReplayStep } from './event-filter.ts';
import { advanceStatement, type ProgressStep } from './move-progress.ts';
import { formatStatement, replayStatements } from './replay-statements.ts';
import { errnoOf, type WireLogin, WireSession } from './wire-session.ts';

/** Bytes of events in one statement, which is a third longer. More make no difference to the server's speed. */
const STATEMENT_BYTES = 768 * 1024;

/**
 * What every session of replay begins with. Rows carry with them whether keys were checked; everything else that could
 * change or refuse them is off. Without the first, the text of every BINLOG is logged together with its rows.
 */
const SESSION_START = Buffer.from(
  [
    'SET SESSION binlog_annotate_row_events = OFF',
    "NAMES utf8mb4, SESSION sql_mode = ''",
    "time_zone = '+00:00'",
    'sql_log_off = 1',
    'slow_query_log = 0',
    'wait_timeout = 31536000',
    'lock_wait_timeout = 10',
    'innodb_lock_wait_timeout = 10',
    'autocommit = 1',
  ].join(', '),
);

/** As much as the protocol allows. */
const LARGEST_PACKET_BYTES = 2 ** 30;

/**
 * Errors that say nothing about the rows: the server is closed for writes (1290, 1792), is going (1053, 1927, 1317), or
 * has no room (1021, 1114). Source: https://mariadb.com/kb/en/mariadb-error-code-reference/
 */
const ERRORS_OF_THE_SERVER = new Set([1021, 1053, 1114, 1290, 1317, 1792, 1927]);

/** Rows that the server did not take, and whose they are as far as that is known. */
export class RowsRefused extends EngineError {
  readonly databases: ReadonlySet<string>;

  constructor(cause: EngineError, databases: ReadonlySet<string>) {
    super(cause.code, cause.message, { cause });
    this.databases = databases;
  }
}

/** A statement is larger than the session takes: one with large packets will do. */
export class PacketTooLarge extends EngineError {
  constructor(bytes: number) {
    super('ServerError', `rows of ${bytes} bytes as a statement are more than max_allowed_packet`);
  }
}

/** How a session is to be. */
export interface ReplayOptions {
  /** Its session begins in a way of its own. */
  readonly login: WireLogin;
  /** Rows of different statements stay apart up to the first commit, so that what is refused is known by its database. */
  readonly apart: boolean;
  /** Statements may be as large as the protocol allows, and not only as the server's setting does. */
  readonly largePackets: boolean;
}

/** One connection to the server beside us. A transaction is open from the first steps up to `commit` or `rollback`. */
export class ReplaySession {
  readonly #session: WireSession;
  #apart: boolean;
  readonly #packetBytes: number;
  #inTransaction = false;

  private constructor(session: WireSession, apart: boolean, packetBytes: number) {
    this.#session = session;
    this.#apart = apart;
    this.#packetBytes = packetBytes;
  }

  /** Connects. EngineError `Unreachable`; `Refused` on a server that is closed for writes or runs triggers for rows of others. */
  static async open(options: ReplayOptions, signal: AbortSignal): Promise<ReplaySession> {
    const { login, apart, largePackets } = options;
    const session = largePackets
      ? await openWithLargePackets(login, signal)
      : await openSession(login, signal);
    try {
      const [row = []] = await session.select(
        'read its state',
        'SELECT @@global.read_only, @@global.slave_run_triggers_for_rbr, @@session.max_allowed_packet',
        signal,
      );
      const [closed, triggers, packetBytes] = row;
      if (closed !== '0') {
        throw new EngineError('Refused', 'the server is closed for writes');
      }
      if (triggers !== 'NO') {
        throw new EngineError(
          'Refused',
          'slave_run_triggers_for_rbr is not NO: what triggers have done would be done twice',
        );
      }
      return new ReplaySession(session, apart, Number(packetBytes));
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** Learns the format of the events that follow. */
  async setFormat(formatDescription: Buffer, signal: AbortSignal): Promise<void> {
    await this.#session.execute('learn the format', formatStatement(formatDescription), signal);
  }

  /** Repeats rows. RowsRefused when the server does not take them, PacketTooLarge; other EngineErrors. The transaction stays open. */
  async apply(steps: Iterable<ReplayStep>, signal: AbortSignal): Promise<void> {
    for (const { text, databases } of replayStatements(steps, {
      bytes: STATEMENT_BYTES,
      apart: this.#apart,
    })) {
      if (text.length >= this.#packetBytes) {
        throw new PacketTooLarge(text.length);
      }
      await this.#begin(signal);
      try {
        await this.#session.execute('repeat rows', text, signal);
      } catch (error) {
        throw isAboutRows(error) ? new RowsRefused(error, databases) : error;
      }
    }
  }

  /**
   * Commits, together with how far the moves have come by it. Resolves when a replica has it, where commits wait for one.
   * EngineError `Busy` when somebody else has recorded progress of one of the moves: nothing is committed.
   */
  async commit(progress: readonly ProgressStep[], signal: AbortSignal): Promise<void> {
    if (progress.length > 0) {
      await this.#begin(signal);
      const { affectedRows } = await this.#session.execute(
        'record progress',
        advanceStatement(progress),
        signal,
      );
      if (affectedRows !== BigInt(progress.length)) {
        await this.rollback(signal);
        throw new EngineError(
          'Busy',
          'somebody else has recorded progress of a move: another tail follows its database',
        );
      }
    }
    await this.#session.execute('commit', 'COMMIT', signal);
    this.#inTransaction = false;
    // What was refused before has passed.
    this.#apart = false;
  }

  /** Undoes what was applied since the last commit. */
  async rollback(signal: AbortSignal): Promise<void> {
    await this.#session.execute('roll back', 'ROLLBACK', signal);
    this.#inTransaction = false;
  }

  /** Rows of a query, as text. */
  select(what: string, query: string, signal: AbortSignal): Promise<readonly (readonly (string | null)[])[]> {
    return this.#session.select(what, query, signal);
  }

  /** A statement outside of a transaction. */
  async execute(what: string, statement: string, signal: AbortSignal): Promise<void> {
    await this.#session.execute(what, statement, signal);
  }

  /** Closes the connection; what is not committed is undone. */
  close(): void {
    this.#session.close();
  }

  async #begin(signal: AbortSignal): Promise<void> {
    if (!this.#inTransaction) {
      this.#inTransaction = true;
      await this.#session.execute('begin', 'START TRANSACTION', signal);
    }
  }
}

function isAboutRows(error: unknown): error is EngineError {
  const errno = errnoOf(error);
  return error instanceof EngineError && errno !== undefined && !ERRORS_OF_THE_SERVER.has(errno);
}

function openSession(login: WireLogin, signal: AbortSignal): Promise<WireSession> {
  return WireSession.open({ ...login, sessionStart: SESSION_START }, 'Unreachable', signal);
}

/** A session has the limit that the server's setting had when it began. */
async function openWithLargePackets(login: WireLogin, signal: AbortSignal): Promise<WireSession> {
  const helper = await openSession(login, signal);
  try {
    const [[usual = null] = []] = await helper.select(
      'read a setting',
      'SELECT @@session.max_allowed_packet',
      signal,
    );
    const set = (bytes: number, until: AbortSignal): Promise<unknown> =>
      helper.execute('allow large packets', `SET GLOBAL max_allowed_packet = ${bytes}`, until);
    await set(LARGEST_PACKET_BYTES, signal);
    try {
      return await openSession(login, signal);
    } finally {
      await set(Number(usual), new AbortController().signal);
    }
  } finally {
    helper.close();
  }
}
