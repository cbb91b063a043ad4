/** SET: each assignment by what becomes of its variable. */
import { assertNever } from '../../../runtime/assert-never.ts';
import { collatedText, withVariables } from '../../session/session-variables.ts';
import { variablePolicy } from '../../session/variable-policy.ts';
import type { Assignment } from '../../sql/statement-shape.ts';
import { clientError, refuseFeature } from '../errors.ts';
import type { Statement } from '../statement.ts';
import { answerOk } from './answer-ok.ts';
import { isText, literalOfValue, plainValue } from './assigned-value.ts';
import { assignOwn } from './own-variable-assignment.ts';
import { replay, type VariableChange } from './replayed-variables.ts';
import type { SessionStatements } from './session-statements.ts';

/**
 * Runs the assignments in their order; one that fails leaves those of the router's own variables before it done. Each value is that of
 * before the statement: @b of `SET @a = 1, @b = @a` is what @a was.
 */
export async function runSet(
  statements: SessionStatements,
  statement: Statement,
  assignments: readonly Assignment[],
  signal: AbortSignal,
): Promise<void> {
  const replayed: string[] = [];
  const changes: VariableChange[] = [];
  const userVariables: [name: string, literal: string | null][] = [];
  for (const assignment of assignments) {
    const { scope, name } = assignment;
    if (scope === 'global') {
      throw refuseFeature('globalVariables');
    }
    if (scope === 'user') {
      const literal = await literalOf(statements, statement, assignment, signal);
      userVariables.push([`@${name}`, literal === 'NULL' ? null : literal]);
      continue;
    }
    const policy = variablePolicy(name);
    switch (policy.kind) {
      case 'ignore':
        break;
      case 'own':
        if (name === 'autocommit' && assignment.value.kind === 'null') {
          throw clientError('wrongValue', "Variable 'autocommit' can't be set to the value of 'NULL'");
        }
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
  if (userVariables.length > 0) {
    const { session } = statements.execution;
    session.variables = withVariables(session.variables, userVariables);
  }
  answerOk(statements, statement);
}

/** The value of a user variable, as a literal. */
async function literalOf(
  statements: SessionStatements,
  statement: Statement,
  { name, value }: Assignment,
  signal: AbortSignal,
): Promise<string> {
  const text = statement.parsed.textOf(value.tokens);
  const { columnDefinitions, values } = await statements.select(`SELECT ${text}`, statement, signal);
  const [definition] = columnDefinitions;
  if (definition === undefined) {
    throw clientError('wrongType', `@${name} was given no value`);
  }
  const found = values[0]?.[0] ?? null;
  const { collations: known } = statements.execution.environment.facts();
  const charset = known.get(definition.collation)?.charset ?? UTF8MB4;
  if (found === null || !isText(definition) || (charset === UTF8MB4 && !namesCollation(text))) {
    return literalOfValue(definition, found);
  }
  // What comes from a server is in the client's character set: of the collation nothing is told.
  const collations = await statements.select(`SELECT COLLATION(${text})`, statement, signal);
  const decoded = charset === 'latin1' ? LATIN1.decode(found) : found.toString();
  return collatedText(decoded, collations.values[0]?.[0]?.toString() ?? '');
}

const UTF8MB4 = 'utf8mb4';
/** What MariaDB calls latin1. */
const LATIN1 = new TextDecoder('windows-1252');

/** Whether a value may have another collation than plain text of the session: by what it says, or as a copy. */
function namesCollation(text: string): boolean {
  return /\b(?:COLLATE|USING|CHARACTER|CHARSET|CHAR|BINARY)\b|(?:^|\W)_\w|@/iu.test(text);
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
