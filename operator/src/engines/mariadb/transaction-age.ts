/** How long the oldest transaction of a primary has been open. */
import type { Clock } from '../../runtime/clock.ts';
import { known, unknown, type Measure } from '../measure.ts';
import type { Connection } from './connection.ts';
import { numberOf } from './slave-status.ts';

/**
 * The table of transactions is made under latches that commits need too: with thousands of sessions it takes
 * milliseconds, so it is not asked for at every look.
 * Source: https://mariadb.com/kb/en/information-schema-innodb_trx-table/
 */
const INTERVAL_MILLISECONDS = 2000;

const OLDEST = `SELECT COALESCE(MAX(TIMESTAMPDIFF(SECOND, trx_started, UTC_TIMESTAMP())), 0) AS seconds
  FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id <> CONNECTION_ID()`;

/** Asks now and then, and answers in between from what it knows. */
export class TransactionAge {
  readonly #clock: Clock;
  #seconds = 0;
  #askedAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of a server that takes writes; `isOpen` says whether it does. Rejects like `Connection.query`. */
  async measure(
    connection: Connection,
    isOpen: boolean,
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<Measure> {
    if (!isOpen) {
      return unknown('the server takes no writes');
    }
    const now = this.#clock.monotonic();
    if (now - this.#askedAt >= INTERVAL_MILLISECONDS) {
      const [row = {}] = await connection.query(
        'read the age of transactions',
        OLDEST,
        [],
        timeoutMilliseconds,
        signal,
      );
      this.#seconds = numberOf(row, 'seconds');
      this.#askedAt = now;
    }
    return known(this.#seconds);
  }
}
