import type { Clock } from '../../runtime/clock.ts';
import type { Measure } from '../measure.ts';
import type { Row, SqlValue } from './connection.ts';
import type { GtidList } from './gtid.ts';
import type { ServerFacts } from './server-facts.ts';

/** What an operation on a running server works with. */
export interface ServerAccess {
  readonly clock: Clock;
  /** Runs a statement on the session's connection; see Connection.query. */
  run(
    what: string,
    sql: string,
    values: readonly SqlValue[],
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<readonly Row[]>;
  /** Runs a statement on another connection, while `run` may still wait for its own. */
  beside(
    what: string,
    sql: string,
    values: readonly SqlValue[],
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<readonly Row[]>;
  /** One pass over the server, on the same connection. */
  facts(signal: AbortSignal): Promise<ServerFacts>;
  /** Everything in the member's possession, given a pass. */
  received(facts: ServerFacts): Measure<GtidList>;
}
