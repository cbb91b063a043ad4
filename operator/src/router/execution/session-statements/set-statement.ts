/** SET: each assignment by what becomes of its variable. */
import { assertNever } from '../../../runtime/assert-never.ts';
import { withVariables } from '../../session/session-variables.ts';
import { variablePolicy } from '../../session/variable-policy.ts';
import type { Assignment } from '../../sql/statement-shape.ts';
import { clientError, refuseFeature } from '../errors.ts';
import type { Statement } from '../statement.ts';
import { answerOk } from './answer-ok.ts';
import { literalOfValue, plainValue } from './assigned-value.ts';
import { assignOwn } from './own-variable-assignment.ts';
import { replay, type VariableChange } from './replayed-variables.ts';
import type { SessionStatements } from './session-statements.ts';

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
