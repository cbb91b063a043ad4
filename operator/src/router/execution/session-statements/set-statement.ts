/** SET: what is the router's own, what is replayed on every server connection, and what is refused. */
import type { KeyLiteral } from '../../../core/keyspace/key-literal.ts';
import { assertNever } from '../../../runtime/assert-never.ts';
import { readVariables } from '../../backend/read-variables.ts';
import { readSwitch, withConsistency, withShard, withTransactions } from '../../session/own-variables.ts';
import { variableLiteral, type VariableState, withVariables } from '../../session/session-variables.ts';
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
  const changes: VariableChange[] = [];
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
        await assignOwn(
          statements,
          policy.variable,
          await valueOf(statements, statement, assignment, signal),
          signal,
        );
        break;
      case 'refuse':
        throw clientError(
          'notSupported',
          `Shardwright does not support setting ${name}, since ${policy.reason}`,
        );
      case 'replay':
        replayed.push(`SESSION ${name} = ${statement.parsed.textOf(assignment.value.tokens)}`);
        changes.push({
          name,
          isDefault: statement.parsed.textOf(assignment.value.tokens).toUpperCase() === 'DEFAULT',
        });
        break;
      default:
        assertNever(policy);
    }
  }
  if (replayed.length > 0) {
    await replay(statements, `SET ${replayed.join(', ')}`, changes, signal);
  }
  answerOk(statements, statement);
}

/** Variables that SET NAMES and SET CHARACTER SET set. */
export const CHARACTER_SET_VARIABLES = [
  'character_set_client',
  'character_set_connection',
  'character_set_results',
  'collation_connection',
];

/** SET NAMES, SET CHARACTER SET, SET SESSION TRANSACTION: whatever the server makes of these variables. */
export async function runReplayed(
  statements: SessionStatements,
  statement: Statement,
  variables: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const changes = variables.map((name) => ({ name, isDefault: false }));
  await replay(statements, statement.parsed.sql.toString(charsetOf(statement)), changes, signal);
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

/** A variable that a SET changes. */
interface VariableChange {
  readonly name: string;
  /** To the server's default. */
  readonly isDefault: boolean;
}

/**
 * Runs a SET on some server, and remembers what it has changed by the server's own word, so that any expression may
 * stand in it. The values are read back by name, for what servers report of changes has wrong names. Nothing is remembered of
 * what the router could not read statements under; the connection is then reset.
 */
async function replay(
  { execution }: SessionStatements,
  text: string,
  changes: readonly VariableChange[],
  signal: AbortSignal,
): Promise<void> {
  const { session } = execution;
  let values: ReadonlyMap<string, string | null> = new Map();
  const { sink } = await execution.onShard(
    {
      locate: (topology) => {
        const shard = execution.preferredShard(topology);
        return shard === undefined ? undefined : { shard, database: undefined };
      },
      access: PRIMARY_READ,
      consistency: 'Strong',
      transactional: false,
      sink: () => new CollectingSink(),
      send: async (connection, receiver, surroundings, limit) => {
        const outcome = await connection.query(Buffer.from(text), receiver, surroundings, limit);
        if (outcome.error === undefined) {
          const names = changes.map(({ name }) => name);
          values = await readVariables(connection, names, limit);
          if (refusalOf(values) === undefined) {
            connection.noteVariables(changed(session.variables, changes, values));
          }
        }
        return outcome;
      },
    },
    signal,
  );
  if (sink.failure !== undefined) {
    const { errno, sqlState, message } = sink.failure.error;
    throw clientError('wrongValue', message, { errno, sqlState });
  }
  const refusal = refusalOf(values);
  if (refusal !== undefined) {
    throw clientError('notSupported', refusal);
  }
  session.variables = changed(session.variables, changes, values);
  const mode = values.get('sql_mode');
  if (typeof mode === 'string') {
    session.sqlMode = mode.toUpperCase();
  }
  session.charset = values.get('character_set_client')?.toLowerCase() ?? session.charset;
}

function refusalOf(values: ReadonlyMap<string, string | null>): string | undefined {
  for (const [name, value] of values) {
    const refusal = refuseValue(name, value ?? '');
    if (refusal !== null) {
      return `Shardwright does not support this value of ${name}: ${refusal}`;
    }
  }
  return undefined;
}

function changed(
  before: VariableState,
  changes: readonly VariableChange[],
  values: ReadonlyMap<string, string | null>,
): VariableState {
  return withVariables(
    before,
    changes.map(({ name, isDefault }) => {
      const value = values.get(name) ?? null;
      return [name, isDefault ? null : value === null ? 'NULL' : variableLiteral(name, value)];
    }),
  );
}

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
