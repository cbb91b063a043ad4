/**
 * PREPARE, EXECUTE and DEALLOCATE as statements. The router keeps the texts, puts the values in, and runs the result like
 * any other statement: so it is known, when it is routed, which rows it is about.
 */
import type { Expression } from '../../sql/expression.ts';
import type { StatementShape } from '../../sql/statement-shape.ts';
import { textOfLiteral } from '../../session/session-variables.ts';
import { clientError, refuseFeature } from '../errors.ts';
import { quoteText } from '../parameter-values.ts';
import { refusedFeatureOf } from '../refuse-shape.ts';
import type { Statement } from '../statement.ts';
import { inlineParameters } from '../statement-text.ts';
import type { SessionStatements } from './session-statements.ts';
import { answerOk } from './answer-ok.ts';

type ShapeOf<Kind extends StatementShape['kind']> = Extract<StatementShape, { readonly kind: Kind }>;

/** Most texts of one session at a time, as max_prepared_stmt_count bounds them on a server. */
const MAX_TEXTS = 16_382;

/** PREPARE name FROM text. What is wrong with the text beside its form shows when it is executed. */
export function runPrepare(
  statements: SessionStatements,
  statement: Statement,
  shape: ShapeOf<'prepare'>,
): void {
  const { session } = statements.execution;
  const text = textOf(statements, statement, shape.text);
  requirePreparable(statements, text);
  const name = shape.name.toLowerCase();
  if (session.preparedTexts.size >= MAX_TEXTS && !session.preparedTexts.has(name)) {
    throw clientError('tooManyStatements', `Can't create more than ${MAX_TEXTS} prepared statements`);
  }
  session.preparedTexts.set(name, text);
  answerOk(statements, statement);
}

/** EXECUTE name USING values. */
export async function runExecute(
  statements: SessionStatements,
  statement: Statement,
  shape: ShapeOf<'execute'>,
  signal: AbortSignal,
): Promise<void> {
  const text = statements.execution.session.preparedTexts.get(shape.name.toLowerCase());
  if (text === undefined) {
    throw unknownStatement(shape.name, 'EXECUTE');
  }
  await runText(statements, statement, text, shape.arguments, signal);
}

/** EXECUTE IMMEDIATE text USING values. */
export async function runExecuteImmediate(
  statements: SessionStatements,
  statement: Statement,
  shape: ShapeOf<'executeImmediate'>,
  signal: AbortSignal,
): Promise<void> {
  const text = textOf(statements, statement, shape.text);
  requirePreparable(statements, text);
  await runText(statements, statement, text, shape.arguments, signal);
}

/** DEALLOCATE PREPARE name. */
export function runDeallocate(
  statements: SessionStatements,
  statement: Statement,
  shape: ShapeOf<'deallocate'>,
): void {
  if (!statements.execution.session.preparedTexts.delete(shape.name.toLowerCase())) {
    throw unknownStatement(shape.name, 'DEALLOCATE PREPARE');
  }
  answerOk(statements, statement);
}

function unknownStatement(name: string, where: string): Error {
  return clientError('unknownStatement', `Unknown prepared statement handler (${name}) given to ${where}`);
}

/** Statements about prepared ones cannot be prepared, nor several at once. */
function requirePreparable(statements: SessionStatements, text: Buffer): void {
  const parsed = statements.parse(text);
  if (parsed.next !== null) {
    throw clientError('syntax', 'Several statements cannot be prepared as one');
  }
  const refused = refusedFeatureOf(parsed.shape);
  if (refused !== null) {
    throw refuseFeature(refused);
  }
  switch (parsed.shape.kind) {
    case 'unknown':
      throw clientError('syntax', `Shardwright does not understand this statement: ${parsed.shape.reason}`);
    case 'empty':
      throw clientError('emptyStatement', 'Query was empty');
    case 'prepare':
    case 'execute':
    case 'executeImmediate':
    case 'deallocate':
    case 'loadData':
      throw clientError(
        'notPreparable',
        'This command is not supported in the prepared statement protocol yet',
      );
    default:
  }
}

async function runText(
  statements: SessionStatements,
  statement: Statement,
  text: Buffer,
  given: readonly Expression[],
  signal: AbortSignal,
): Promise<void> {
  const parsed = statements.parse(text);
  if (parsed.parameters !== given.length) {
    throw clientError('wrongArguments', 'Incorrect arguments to EXECUTE');
  }
  const values = given.map((value) => sqlOf(statements, statement, value));
  const inlined = inlineParameters(text, parsed.dialect, (index) => values[index] ?? 'NULL');
  await statements.runClientText(inlined, statement, signal);
}

/** The text to be prepared. */
function textOf({ execution }: SessionStatements, { parsed }: Statement, expression: Expression): Buffer {
  const { charset } = parsed.dialect;
  switch (expression.kind) {
    case 'literal': {
      const literal = parsed.literal(expression.literal);
      if (literal.kind !== 'string') {
        throw clientError('syntax', 'PREPARE needs a text');
      }
      return charset === 'latin1' ? Buffer.from(literal.bytes.toString(), 'latin1') : literal.bytes;
    }
    case 'userVariable': {
      const literal = execution.session.variables.values.get(`@${expression.name.toLowerCase()}`);
      const text = literal === undefined ? null : textOfLiteral(literal);
      if (text === null) {
        throw clientError('emptyStatement', 'Query was empty');
      }
      return Buffer.from(text, charset === 'latin1' ? 'latin1' : 'utf8');
    }
    default:
      throw clientError('syntax', 'PREPARE needs a text or a user variable');
  }
}

/** A value behind USING, as SQL that routing can read. */
function sqlOf({ execution }: SessionStatements, { parsed }: Statement, expression: Expression): string {
  switch (expression.kind) {
    case 'userVariable': {
      const literal = execution.session.variables.values.get(`@${expression.name.toLowerCase()}`) ?? 'NULL';
      const text = textOfLiteral(literal);
      return text === null || text === literal ? literal : quoteText(text, parsed.dialect);
    }
    case 'literal':
    case 'null':
    case 'boolean':
      return parsed.textOf(expression.tokens);
    default:
      throw clientError(
        'notSupported',
        'Shardwright does not support expressions behind USING. SET a user variable to it before',
      );
  }
}
