import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { ClientAnswer } from '../client/client-answer.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';

/** One statement on its way: its text, its values, and where its answer goes. */
export interface Statement {
  readonly parsed: ParsedStatement<RoutingPlans>;
  /** Null for a statement of text. */
  readonly parameters: StatementParameters | null;
  readonly answer: ClientAnswer;
  /** Whether rows go to the client in the binary protocol. */
  readonly isBinary: boolean;
  /** Another statement of the same command follows, so that the answer is not the last. */
  readonly hasMore: boolean;
}

/** Values of a prepared statement's execution. */
export interface StatementParameters {
  /** For routing. Throws RangeError beyond the last. */
  literal(index: number): KeyLiteral;
  /** The same as SQL, for statements whose text is cut. */
  sqlText(index: number): string;
  /** The text that they are for, byte for byte (latin1). */
  readonly textKey: string;
  /** COM_STMT_EXECUTE behind the statement's number. */
  readonly body: Buffer;
}
