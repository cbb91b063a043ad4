/** The heartbeat row. */
import { EngineError } from '../engine-error.ts';
import type { Clock } from '../../runtime/clock.ts';
import { OWN_SCHEMA } from './own-schema.ts';
import type { Reconnecting } from './reconnecting.ts';
import { numberOf } from './slave-status.ts';

/** How long a heartbeat's own connection waits at most; the caller gives up far earlier. */
const LONGEST_WAIT_MILLISECONDS = 24 * 3600 * 1000;

/** By a pattern: see `server-facts.ts`. */
const STATE = [
  'SELECT @@global.read_only AS closed, @@global.rpl_semi_sync_master_enabled AS waits',
  "SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'",
].map((sql) => ({ sql }));

/**
 * Writes heartbeats over a connection of its own, one at a time. A heartbeat that waits for its acknowledgement
 * is left waiting: to cancel its statement would commit it without one, and a second would wait for its row lock.
 */
export class HeartbeatWriter {
  readonly #source: Reconnecting;
  readonly #clock: Clock;
  #waiting = false;

  constructor(source: Reconnecting, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** See Upkeep.writeHeartbeat. */
  async write(epoch: number, timeoutMilliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting) {
      throw new EngineError('Busy', 'the previous heartbeat still waits');
    }
    this.#waiting = true;
    const written = this.#send(epoch, signal).finally(() => {
      this.#waiting = false;
    });
    written.catch(() => {});
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#clock.setTimer(timeoutMilliseconds, () =>
      reject(new EngineError('Timeout', `the heartbeat is not written after ${timeoutMilliseconds} ms`)),
    );
    try {
      await Promise.race([written, late]);
    } finally {
      timer.cancel();
    }
  }

  async #send(epoch: number, signal: AbortSignal): Promise<void> {
    const connection = await this.#source.connection(signal);
    // From here on, giving up on the answer must not close the connection: not the caller's signal.
    const patient = new AbortController().signal;
    const [[row = {}] = [], [clients = {}] = []] = await connection.queryAll(
      'read the state',
      STATE,
      LONGEST_WAIT_MILLISECONDS,
      patient,
    );
    if (numberOf(row, 'closed') === 1 && numberOf(row, 'waits') === 1 && numberOf(clients, 'Value') === 0) {
      throw new EngineError(
        'Refused',
        'it would wait for a replica, and no copy for one can be made meanwhile',
      );
    }
    await connection.query(
      'write the heartbeat',
      `INSERT INTO ${OWN_SCHEMA}.heartbeat (id, epoch, written_at) VALUES (1, ?, UTC_TIMESTAMP(6))
       ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), written_at = VALUES(written_at)`,
      [epoch],
      LONGEST_WAIT_MILLISECONDS,
      patient,
    );
  }
}
