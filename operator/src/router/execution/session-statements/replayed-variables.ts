/** SET of what a server knows: run on one, remembered, and set again on every connection that the session borrows. */
import { readVariables } from '../../backend/read-variables.ts';
import { variableLiteral, type VariableState, withVariables } from '../../session/session-variables.ts';
import { refuseValue } from '../../session/variable-policy.ts';
import { locate } from '../../topology/topology.ts';
import { ClientError } from '../../client/client-error.ts';
import { CollectingSink } from '../collecting-sink.ts';
import { clientError } from '../errors.ts';
import { PRIMARY_READ } from '../own-access.ts';
import type { Statement } from '../statement.ts';
import type { SessionStatements } from './session-statements.ts';
import { answerOk } from './answer-ok.ts';

/** A variable that a SET changes. */
export interface VariableChange {
  readonly name: string;
  /** To the server's default. */
  readonly isDefault: boolean;
}

/**
 * Runs a SET on some server, and remembers what it has changed by the server's own word, so that any expression may
 * stand in it. The values are read back by name, for what servers report of changes has wrong names. Nothing is remembered of
 * what the router could not read statements under; the connection is then reset.
 */
export async function replay(
  { execution }: SessionStatements,
  text: string,
  changes: readonly VariableChange[],
  signal: AbortSignal,
): Promise<void> {
  const { session } = execution;
  let values: ReadonlyMap<string, string | null> = new Map();
  const { sink } = await execution.onShard(
    {
      locate: (topology) =>
        locate(topology, { kind: 'anywhere', shard: null }, (among) =>
          execution.preferredShard(topology, among),
        ),
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
    throw new ClientError(errno, sqlState, message);
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
  for (const [name, value] of values) {
    session.tracking.variableChanged(name, () => value ?? '');
  }
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
