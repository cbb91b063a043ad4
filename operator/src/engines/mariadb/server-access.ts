import type { Clock } from '../../runtime/clock.ts';
import type { Measure } from '../measure.ts';
import type { Row, SqlValue, Statement } from './connection.ts';
import type { GtidList } from './gtid.ts';
import type { Deed, ServerFacts } from './server-facts.ts';

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
  /** Runs several statements on the session's connection at once; see Connection.queryAll. */
  runAll(
    what: string,
    statements: readonly Statement[],
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<readonly (readonly Row[])[]>;
  /** Runs a statement on another connection, while `run` may still wait for its own. */
  beside(
    what: string,
    sql: string,
    values: readonly SqlValue[],
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<readonly Row[]>;
  /** One pass over the server, on the session's connection. */
  facts(signal: AbortSignal): Promise<ServerFacts>;
  /** Does something there first, for one way there and back. */
  factsAfter(deed: Deed, timeoutMilliseconds: number, signal: AbortSignal): Promise<ServerFacts>;
  /** Numbers of the session's own connections, as the server has them. */
  ownConnections(): readonly number[];
  /** Everything in the member's possession, given a pass. */
  received(facts: ServerFacts): Measure<GtidList>;
}
