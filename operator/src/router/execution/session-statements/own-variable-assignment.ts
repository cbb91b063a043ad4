/** SET of what is the router's own. */
import type { KeyLiteral } from '../../../core/keyspace/key-literal.ts';
import { assertNever } from '../../../runtime/assert-never.ts';
import {
  readSwitch,
  withConsistency,
  withShard,
  withTransactions,
  withWait,
} from '../../session/own-variables.ts';
import type { OwnVariable } from '../../session/variable-policy.ts';
import { readWriteToken } from '../../session/write-token.ts';
import { clientError } from '../errors.ts';
import { commitTransaction } from '../transactions.ts';
import type { SessionStatements } from './session-statements.ts';

/** Sets one; null is DEFAULT. Throws ClientError for a value that it cannot have. */
export async function assignOwn(
  { execution }: SessionStatements,
  variable: OwnVariable,
  text: string | null,
  signal: AbortSignal,
): Promise<void> {
  const { session } = execution;
  const wrong = (): Error =>
    clientError('wrongValue', `Variable '${variable}' can't be set to the value of '${text ?? 'NULL'}'`);
  const wishes = (wanted: typeof session.wishes | undefined): void => {
    if (wanted === undefined) {
      throw wrong();
    }
    session.wishes = wanted;
  };
  const switched = (): boolean => {
    const isOn = readSwitch(text ?? '1');
    if (isOn === undefined) {
      throw wrong();
    }
    return isOn;
  };
  switch (variable) {
    case 'autocommit': {
      const isOn = switched();
      if (isOn && !session.autocommit) {
        await commitTransaction(session, signal);
      }
      session.autocommit = isOn;
      return;
    }
    case 'last_insert_id':
      if (text === null || !/^\d+$/.test(text)) {
        throw wrong();
      }
      session.last = { ...session.last, insertId: BigInt(text) };
      return;
    case 'session_track_schema':
      session.tracking.tracksSchema = switched();
      return;
    case 'session_track_system_variables':
      session.tracking.variables = text;
      return;
    case 'shardwright_key':
      session.wishes = { ...session.wishes, key: text === null || text === '' ? null : keyOf(text) };
      return;
    case 'shardwright_shard':
      wishes(withShard(session.wishes, text, new Set(execution.topology().shards.keys())));
      return;
    case 'shardwright_consistency':
      wishes(withConsistency(session.wishes, text));
      return;
    case 'shardwright_transactions':
      wishes(withTransactions(session.wishes, text));
      return;
    case 'shardwright_wait_milliseconds':
      wishes(withWait(session.wishes, text));
      return;
    case 'shardwright_gtid': {
      const token = readWriteToken(text ?? '');
      if (token === undefined) {
        throw wrong();
      }
      session.token = token;
      return;
    }
    default:
      assertNever(variable);
  }
}

/** A key that a client names outside of a statement: what reads like a number may be one, or text for a column of text. */
function keyOf(text: string): KeyLiteral {
  return { kind: 'string', bytes: Buffer.from(text, 'utf8') };
}
