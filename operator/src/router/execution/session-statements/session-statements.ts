/** Statements that are about the session or the cluster and not about rows. */
import type { Place } from '../../routing/route.ts';
import type { RoutingPlans } from '../../routing/routing-plan.ts';
import type { ParsedStatement } from '../../sql/parsed-statement.ts';
import type { CollectingAnswer } from '../collecting-answer.ts';
import type { Execution } from '../execution.ts';
import type { Statement } from '../statement.ts';

/** What the statements of this folder need of the one who runs statements. */
export interface SessionStatements {
  readonly execution: Execution;
  /**
   * Runs a text of the router's own making in one database, for the client: `text` needs no routing. Its answer is the
   * answer to `statement`.
   */
  runText(text: Buffer, place: Place, statement: Statement, signal: AbortSignal): Promise<void>;
  /** Reads a text under the session's settings. */
  parse(text: Buffer): ParsedStatement<RoutingPlans>;
  /** Routes and runs a text as if the client had sent it in place of `statement`. */
  runClientText(text: Buffer, statement: Statement, signal: AbortSignal): Promise<void>;
  /** Runs a SELECT as if the client had sent it, and gathers its answer. Throws ClientError where it fails. */
  select(text: string, statement: Statement, signal: AbortSignal): Promise<CollectingAnswer>;
}
