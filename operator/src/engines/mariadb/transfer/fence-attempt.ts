/**
 * One attempt to keep everybody from a database.
 *
 * Rights on a database are checked when a statement begins, and a session whose current database it is keeps those that it
 * found when it entered. So taking rights away ends nothing by itself: sessions have to be out of the database, a lock on all
 * its tables waits for every transaction that has used them, and a statement that was checked before and waits for
 * that lock is let through before the end is fixed. Where nothing had to be let through, the end is where the rights went:
 * like any commit, REVOKE waits for a replica, and one commit is all that clients wait for.
 */
import type { Clock } from '../../../runtime/clock.ts';
import { EngineError } from '../../engine-error.ts';
import type { Position } from '../../position.ts';
import type { FenceOrder, Obstacle } from '../../slot-fence.ts';
import type { Row, Statement } from '../connection.ts';
import { AGENT_USER } from '../credentials.ts';
import { mariadbPositions } from '../gtid.ts';
import { quoteName } from '../keyspace-roles.ts';
import { revokeStatement } from '../manage-databases.ts';
import { numberOf, textOf } from '../slave-status.ts';
import { type RoleRights, selectDatabaseRights, toDatabaseRights } from './database-rights.ts';
import { RECORD_FENCE } from './recorded-fences.ts';
import type { RunStatement, RunStatements } from './run-statement.ts';
import {
  describeSession,
  readSessions,
  SESSIONS,
  type ServerSession,
  unsettledStatements,
} from './server-sessions.ts';

/** Between two looks at who is there, of which each costs the server a tenth of a millisecond for every few sessions. */
const POLL_MILLISECONDS = 2;

/** Numbers of the server's errors: a statement that took longer than it may, and a session that is gone. */
const TIME_EXCEEDED = 1969;
const NO_SUCH_THREAD = 1094;

/** Somebody is in the way; ends an attempt. */
export class InTheWay extends Error {
  readonly obstacle: Obstacle;

  constructor(kind: Obstacle['kind'], message: string) {
    super(message);
    this.obstacle = { kind, message };
  }
}

/** What there is to take away, and from whom. */
export interface FoundDatabase {
  readonly rights: readonly RoleRights[];
  /** Names of its tables, as {@link selectTables} orders them. */
  readonly tables: readonly string[];
}

/** One attempt. Throws {@link InTheWay} when it cannot succeed in time; whoever made it undoes what it has done. */
export class FenceAttempt {
  readonly #order: FenceOrder;
  readonly #clock: Clock;
  readonly #run: RunStatement;
  readonly #runAll: RunStatements;
  readonly #lock: RunStatement;
  readonly #deadline: number;
  readonly #signal: AbortSignal;

  constructor(
    order: FenceOrder,
    {
      clock,
      run,
      runAll,
      lock,
      start,
    }: {
      readonly clock: Clock;
      readonly run: RunStatement;
      /** On the same connection. */
      readonly runAll: RunStatements;
      /** On the connection that is to hold the tables. */
      readonly lock: RunStatement;
      readonly start: number;
    },
    signal: AbortSignal,
  ) {
    this.#order = order;
    this.#clock = clock;
    this.#run = run;
    this.#runAll = runAll;
    this.#lock = lock;
    this.#deadline = start + order.totalMilliseconds;
    this.#signal = signal;
  }

  /** Records the fence, whether or not it is up yet: until it is forgotten, nobody gives rights by this revision of the map. */
  async record(): Promise<void> {
    const { database, attempt, revision } = this.#order;
    await this.#lock('record the fence', RECORD_FENCE, [database, attempt, revision]);
  }

  /** Waits until nobody is in the database; those who stay are ended where the order says so. */
  async awaitEmpty(until: number): Promise<void> {
    let areEvicted = false;
    for (;;) {
      const present = this.#inside(await this.#sessions());
      const [first] = present;
      if (first === undefined) {
        return;
      }
      const isLate = this.#clock.monotonic() >= (areEvicted ? this.#deadline : until);
      if (isLate && (areEvicted || this.#order.evicts !== true)) {
        throw this.#isIn(first);
      }
      if (isLate) {
        await this.#evict(present);
        areEvicted = true;
      }
      await this.#clock.sleep(POLL_MILLISECONDS, this.#signal);
    }
  }

  /**
   * From a recorded fence to the end of the database's history here. What was `found` before the sessions left is looked at again
   * afterwards: another table, or a role that has rights all the same, ends the attempt.
   */
  async takeRights({ rights, tables }: FoundDatabase): Promise<Position> {
    const { database, attempt, revision } = this.#order;
    const holders = rights.filter(({ isGiven }) => isGiven).map(({ role }) => role);
    const anew: Statement = { sql: RECORD_FENCE, values: [database, attempt, revision] };
    await this.#lockTables(tables);
    const taken = await this.#commit(
      holders.length > 0 ? { sql: revokeStatement(database, holders) } : anew,
      tables,
    );
    const wasUnsettled = await this.#awaitSettled(taken.sessions);
    const { end } = wasUnsettled ? await this.#commit(anew, tables) : taken;
    await this.#unlock();
    return end;
  }

  /** Runs what commits; its position, and who was there right after it. */
  async #commit(
    statement: Statement,
    tables: readonly string[],
  ): Promise<{ readonly end: Position; readonly sessions: readonly ServerSession[] }> {
    const { keyspace, database } = this.#order;
    const [, ends = [], sessions = [], now = [], rights = []] = await this.#runAll('take rights', [
      statement,
      { sql: 'SELECT @@last_gtid AS gtid' },
      { sql: SESSIONS },
      selectTables(database),
      selectDatabaseRights(keyspace, database),
    ]);
    const [holder] = toDatabaseRights(rights, keyspace).filter(({ isGiven }) => isGiven);
    if (holder !== undefined) {
      throw new EngineError('Refused', `${holder.role} got rights on ${database} while it was being fenced`);
    }
    if (namesOf(now).join('\n') !== tables.join('\n')) {
      throw new EngineError(
        'Refused',
        `tables of ${database} were made or dropped while it was being fenced`,
      );
    }
    return { end: mariadbPositions.parse(textOf(ends[0] ?? {}, 'gtid')), sessions: readSessions(sessions) };
  }

  /**
   * Lets through what was checked before the rights were taken: it waits for our lock, or has yet to. Each time the lock
   * is had again, what went through is over. Returns whether there was anything.
   */
  async #awaitSettled(after: readonly ServerSession[]): Promise<boolean> {
    let sessions = after;
    let unsettled = unsettledStatements(sessions);
    const wasUnsettled = unsettled.size > 0;
    while (unsettled.size > 0) {
      await this.#unlock();
      await this.#lockTables(namesOf(await this.#read('read tables', selectTables(this.#order.database))));
      sessions = await this.#sessions();
      unsettled = unsettledStatements(sessions, unsettled);
      const [blocker] = unsettled.values();
      if (blocker !== undefined && this.#clock.monotonic() >= this.#deadline) {
        throw new InTheWay('Transaction', `${describeSession(blocker)} runs a statement (${blocker.state})`);
      }
      if (blocker !== undefined) {
        await this.#clock.sleep(POLL_MILLISECONDS, this.#signal);
      }
    }
    // With the old rights a session may have entered until a moment ago, and would keep them. Whoever was on the way was unsettled.
    const [first] = this.#inside(sessions);
    if (first !== undefined) {
      throw this.#isIn(first);
    }
    return wasUnsettled;
  }

  /** Waits for every transaction that has used a table, and holds newcomers up. */
  async #lockTables(tables: readonly string[]): Promise<void> {
    const { database } = this.#order;
    if (tables.length === 0) {
      return;
    }
    const seconds = Math.max(1, this.#deadline - this.#clock.monotonic()) / 1000;
    const locks = tables.map((table) => `${quoteName(database)}.${quoteName(table)} WRITE`);
    try {
      // Seconds with fractions, unlike every other time limit on locks.
      await this.#lock(
        'lock tables',
        `SET STATEMENT max_statement_time = ${seconds.toFixed(3)} FOR LOCK TABLES ${locks.join(', ')}`,
      );
    } catch (error) {
      if (error instanceof EngineError && error.message.includes(`: ${TIME_EXCEEDED} `)) {
        throw new InTheWay('Transaction', await this.#describeTransaction());
      }
      throw error;
    }
  }

  async #unlock(): Promise<void> {
    await this.#lock('unlock tables', 'UNLOCK TABLES');
  }

  async #read(what: string, { sql, values = [] }: Statement): Promise<readonly Row[]> {
    return this.#run(what, sql, values);
  }

  async #sessions(): Promise<readonly ServerSession[]> {
    return readSessions(await this.#run('read sessions', SESSIONS));
  }

  /** Not one whose commit waits for a replica: ended, it would be visible before a replica has it. */
  async #evict(sessions: readonly ServerSession[]): Promise<void> {
    for (const { id, state } of sessions) {
      if (!state.startsWith('Waiting for semi-sync ACK')) {
        await this.#run('end a session', `KILL SOFT CONNECTION ${id}`).catch((error: unknown) => {
          // It may have ended by itself.
          if (!(error instanceof EngineError && error.message.includes(`: ${NO_SUCH_THREAD} `))) {
            throw error;
          }
        });
      }
    }
  }

  async #describeTransaction(): Promise<string> {
    const rows = await this.#run(
      'find who is in the way',
      `SELECT p.ID AS id, p.USER AS user, COALESCE(p.HOST, '') AS host, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS seconds
         FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id AND p.USER <> '${AGENT_USER}'
        ORDER BY t.trx_started LIMIT 1`,
    );
    const [row] = rows;
    if (row === undefined) {
      return `tables of ${this.#order.database} are locked`;
    }
    const session = { id: numberOf(row, 'id'), user: textOf(row, 'user'), host: textOf(row, 'host') };
    return `a transaction has used tables of ${this.#order.database}; the oldest is that of ${describeSession(session)}, open for ${numberOf(row, 'seconds')} s`;
  }

  #inside(sessions: readonly ServerSession[]): readonly ServerSession[] {
    return sessions.filter(({ database }) => database === this.#order.database);
  }

  #isIn(session: ServerSession): InTheWay {
    return new InTheWay('Session', `${describeSession(session)} is in ${this.#order.database}`);
  }
}

/** Asks for the tables of a database, in an order that does not change. */
export function selectTables(database: string): Statement {
  return {
    sql: `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SEQUENCE', 'SYSTEM VERSIONED') ORDER BY BINARY TABLE_NAME`,
    values: [database],
  };
}

/** Reads the answer. */
export function namesOf(rows: readonly Row[]): readonly string[] {
  return rows.map((row) => textOf(row, 'name'));
}
