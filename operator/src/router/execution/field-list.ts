/**
 * COM_FIELD_LIST: the columns of a table, as the `mariadb` client asks for them to complete names.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/2-text-protocol/com_field_list
 */
import type { ClientAnswer } from '../client/client-answer.ts';
import { columnName } from './collecting-sink.ts';
import { describeStatement } from './describe-statement.ts';
import { likePattern } from './like-pattern.ts';
import { quoteName } from './participants.ts';
import { answerRefusedPreparation } from './server-message.ts';
import type { StatementRunner } from './statement-runner.ts';

/** What stands behind each definition for a default that is not told. */
const NO_DEFAULT = Buffer.of(0xfb);

/** Answers with the definitions of the columns whose names fit the pattern of LIKE, if there is one; defaults of columns are not told. */
export async function listFields(
  runner: StatementRunner,
  payload: Buffer,
  answer: ClientAnswer,
  signal: AbortSignal,
): Promise<void> {
  const { table, wildcard } = readFieldList(payload);
  const { execution } = runner;
  const parsed = runner.parse(Buffer.from(`SELECT * FROM ${quoteName(table)}`));
  const described = await describeStatement(execution, parsed, signal);
  if (described.kind === 'refused') {
    answerRefusedPreparation(execution, answer, described.payload);
    return;
  }
  const pattern = wildcard === '' ? null : likePattern(wildcard);
  for (const column of described.columns) {
    if (pattern === null || pattern.test(columnName(column))) {
      answer.packet(Buffer.concat([column, NO_DEFAULT]));
    }
  }
  answer.endOfRows(execution.status(false), described.warnings);
}

/** The table's name up to a zero byte, then the pattern. */
export function readFieldList(payload: Buffer): { readonly table: string; readonly wildcard: string } {
  const end = payload.indexOf(0, 1);
  return end === -1
    ? { table: payload.toString('utf8', 1), wildcard: '' }
    : { table: payload.toString('utf8', 1, end), wildcard: payload.toString('utf8', end + 1) };
}
