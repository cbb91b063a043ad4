/**
 * How far moves have come, recorded beside the rows they brought: a row a move, changed in the transaction that brings the
 * rows. Promotions and crashes of the receiving side keep both or neither.
 */
import { EngineError } from '../../engine-error.ts';
import type { Position } from '../../position.ts';
import { OWN_SCHEMA } from '../own-schema.ts';

const TABLE = 'move_progress';

/** Where the progress of moves is recorded. */
export const MOVE_PROGRESS_TABLE = `${OWN_SCHEMA}.${TABLE}`;

/** One row where the table is there: to make it where it is would be logged and replicated each time. */
export const FIND_MOVE_PROGRESS = `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${OWN_SCHEMA}' AND TABLE_NAME = '${TABLE}'`;

/** Makes the table where it is missing. To be run before anything of a move. */
export const CREATE_MOVE_PROGRESS = `CREATE TABLE IF NOT EXISTS ${MOVE_PROGRESS_TABLE} (
  move_id VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  database_name VARCHAR(64) NOT NULL,
  position VARCHAR(4096) CHARACTER SET ascii COLLATE ascii_bin NOT NULL) ENGINE=InnoDB`;

/** What is recorded, as rows of move_id, database_name, position. */
export const SELECT_MOVE_PROGRESS = `SELECT move_id, database_name, position FROM ${MOVE_PROGRESS_TABLE}`;

/** Records the first position of a move, only where nothing is recorded of it yet. EngineError `InvalidPosition`. */
export function recordStartStatement(moveId: string, database: string, position: Position): string {
  const values = [moveId, database, position].map(textLiteral).join(', ');
  return `INSERT IGNORE INTO ${MOVE_PROGRESS_TABLE} (move_id, database_name, position) VALUES (${values})`;
}

/** Text that needs no quoting within an SQL string, under any sql_mode. */
const PLAIN_TEXT = /^[^'\\]*$/;

/** One move's step from what is recorded to what will be. */
export interface ProgressStep {
  readonly moveId: string;
  readonly from: Position;
  readonly to: Position;
}

/**
 * The statement that takes steps, each only where exactly `from` is recorded: who finds fewer rows changed than there are
 * steps shares the moves with another tail, and must roll back. Throws EngineError `InvalidPosition`.
 */
export function advanceStatement(steps: readonly ProgressStep[]): string {
  const cases = steps.map(({ moveId, to }) => `WHEN ${textLiteral(moveId)} THEN ${textLiteral(to)}`);
  const pairs = steps.map(({ moveId, from }) => `(${textLiteral(moveId)}, ${textLiteral(from)})`);
  return (
    `UPDATE ${MOVE_PROGRESS_TABLE} SET position = CASE move_id ${cases.join(' ')} END` +
    ` WHERE (move_id, position) IN (${pairs.join(', ')})`
  );
}

function textLiteral(text: string): string {
  if (!PLAIN_TEXT.test(text)) {
    throw new EngineError('InvalidPosition', `not to be recorded: ${JSON.stringify(text)}`);
  }
  return `'${text}'`;
}
