/** SET: what is the router's own, what is replayed on every server connection, and what is refused. */
import type { KeyLiteral } from '../../../core/keyspace/key-literal.ts';
import { assertNever } from '../../../runtime/assert-never.ts';
import { readSwitch, withConsistency, withShard, withTransactions } from '../../session/own-variables.ts';
import { variableLiteral, withVariables } from '../../session/session-variables.ts';
import { type OwnVariable, refuseValue, variablePolicy } from '../../session/variable-policy.ts';
import { readWriteToken } from '../../session/write-token.ts';
import type { Assignment } from '../../sql/statement-shape.ts';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import { CollectingSink } from '../collecting-sink.ts';
import { PRIMARY_READ } from '../own-access.ts';
import { clientError, refuseFeature } from '../errors.ts';
import type { SessionStatements } from './session-statements.ts';
import type { Statement } from '../statement.ts';
import { commitTransaction } from '../transactions.ts';
import { literalOfValue, plainValue } from './assigned-value.ts';

/** Runs the assignments in their order; one that fails leaves those before it done. */
export async function runSet(
  statements: SessionStatements,
  statement: Statement,
  assignments: readonly Assignment[],
  signal: AbortSignal,
): Promise<void> {
  const replayed: string[] = [];
  for (const assignment of assignments) {
    const { scope, name } = assignment;
    if (scope === 'global') {
      throw refuseFeature('globalVariables');
    }
    if (scope === 'user') {
      await assignUserVariable(statements, statement, assignment, signal);
      continue;
    }
    const policy = variablePolicy(name);
    switch (policy.kind) {
      case 'ignore':
        break;
      case 'own':
        await assignOwn(statements, policy.variable, await valueOf(statements, statement, assignment, signal), signal);
        break;
      case 'refuse':
        throw clientError('notSupported', `Shardwright does not support setting ${name}, since ${policy.reason}`);
      case 'replay':
        replayed.push(`SESSION ${name} = ${statement.parsed.textOf(assignment.value.tokens)}`);
        break;
      default:
        assertNever(policy);
    }
  }
  if (replayed.length > 0) {
    await replay(statements, `SET ${replayed.join(', ')}`, signal);
  }
  answerOk(statements, statement);
}

/** SET NAMES, SET CHARACTER SET, SET SESSION TRANSACTION: whatever the server makes of it. */
export async function runReplayed(
  statements: SessionStatements,
  statement: Statement,
  signal: AbortSignal,
): Promise<void> {
  await replay(statements, statement.parsed.sql.toString(charsetOf(statement)), signal);
  answerOk(statements, statement);
}

function charsetOf({ parsed }: Statement): 'latin1' | 'utf8' {
  return parsed.dialect.charset === 'latin1' ? 'latin1' : 'utf8';
}

/** Answers that a statement is done. */
export function answerOk({ execution }: SessionStatements, { answer, hasMore }: Statement): void {
  execution.session.last = { ...execution.session.last, rowCount: 0n };
  answer.ok({ ...PLAIN_OK, status: execution.status(hasMore) });
}

/**
 * Runs a SET on some server, and remembers what it has changed by the server's own word, so that any expression may
 * stand in it. Nothing is remembered of what the router could not read statements under.
 */
async function replay({ execution }: SessionStatements, text: string, signal: AbortSignal): Promise<void> {
  const { session } = execution;
  const { outcome, sink } = await execution.onShard(
    {
      locate: (topology) => {
        const shard = execution.preferredShard(topology);
        return shard === undefined ? undefined : { shard, database: undefined };
      },
      access: PRIMARY_READ,
      consistency: 'Strong',
      transactional: false,
      sink: () => new CollectingSink(),
      send: (connection, receiver, surroundings, limit) =>
        connection.query(Buffer.from(text), receiver, surroundings, limit),
    },
    signal,
  );
  if (sink.failure !== undefined) {
    const { errno, sqlState, message } = sink.failure.error;
    throw clientError('wrongValue', message, { errno, sqlState });
  }
  const changed = new Map(outcome.changes.flatMap(({ systemVariables }) => [...(systemVariables ?? [])]));
  const kept = [...changed].filter(([name]) => variablePolicy(name).kind === 'replay' && !IGNORED_CHANGES.has(name));
  for (const [name, value] of kept) {
    const refusal = refuseValue(name, value);
    if (refusal !== null) {
      throw clientError('notSupported', `Shardwright does not support this value of ${name}: ${refusal}`);
    }
  }
  session.variables = withVariables(
    session.variables,
    kept.map(([name, value]) => [name, variableLiteral(name, value)]),
  );
  session.sqlMode = changed.get('sql_mode')?.toUpperCase() ?? session.sqlMode;
  session.charset = changed.get('character_set_client')?.toLowerCase() ?? session.charset;
}

/** Told with every statement, and not set by it. */
const IGNORED_CHANGES: ReadonlySet<string> = new Set(['last_gtid', 'insert_id', 'timestamp_seconds']);

async function assignUserVariable(
  statements: SessionStatements,
  statement: Statement,
  { name, value }: Assignment,
  signal: AbortSignal,
): Promise<void> {
  const { session } = statements.execution;
  const text = statement.parsed.textOf(value.tokens);
  const { columnDefinitions, values } = await statements.select(`SELECT ${text}`, statement, signal);
  const [definition] = columnDefinitions;
  if (definition === undefined) {
    throw clientError('wrongType', `@${name} was given no value`);
  }
  const literal = literalOfValue(definition, values[0]?.[0] ?? null);
  session.variables = withVariables(session.variables, [[`@${name}`, literal === 'NULL' ? null : literal]]);
}

/** The text of a value; null for DEFAULT and NULL. */
async function valueOf(
  statements: SessionStatements,
  statement: Statement,
  { value }: Assignment,
  signal: AbortSignal,
): Promise<string | null> {
  const plain = plainValue(statement.parsed, value);
  if (plain !== undefined) {
    return plain.text;
  }
  const text = statement.parsed.textOf(value.tokens);
  const { values } = await statements.select(`SELECT ${text}`, statement, signal);
  return values[0]?.[0]?.toString() ?? null;
}

async function assignOwn(
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
  switch (variable) {
    case 'autocommit': {
      const isOn = readSwitch(text ?? '1');
      if (isOn === undefined) {
        throw wrong();
      }
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
