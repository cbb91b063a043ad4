import { walkStatement } from '../routing/expression-walk.ts';
import type { Session } from '../session/session.ts';
import { textLiteral } from '../session/session-variables.ts';
import { formatWriteToken } from '../session/write-token.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import { quoteName } from './participants.ts';

/** Variables that a server would answer for its own connection, or does not know, as literals of SQL. */
const OWN: ReadonlyMap<string, (session: Session) => string> = new Map([
  ['autocommit', ({ autocommit }) => (autocommit ? '1' : '0')],
  ['in_transaction', ({ transaction }) => (transaction.kind === 'open' ? '1' : '0')],
  ['last_insert_id', ({ last }) => String(last.insertId)],
  ['identity', ({ last }) => String(last.insertId)],
  ['warning_count', ({ diagnostics }) => String(diagnostics.length)],
  ['error_count', ({ diagnostics }) => String(diagnostics.filter(({ level }) => level === 'Error').length)],
  ['session_track_schema', ({ tracking }) => (tracking.tracksSchema ? '1' : '0')],
  ['session_track_system_variables', ({ tracking }) => textLiteral(tracking.variables)],
  ['shardwright_consistency', ({ wishes }) => orDefault(wishes.consistency)],
  ['shardwright_transactions', ({ wishes }) => orDefault(wishes.transactions)],
  ['shardwright_shard', ({ wishes }) => (wishes.shard === null ? 'NULL' : String(wishes.shard))],
  ['shardwright_wait_milliseconds', ({ wishes }) => String(wishes.waitMilliseconds)],
  ['shardwright_gtid', ({ token }) => textLiteral(formatWriteToken(token))],
]);

function orDefault(value: string | null): string {
  return value === null ? 'NULL' : textLiteral(value);
}

/** Replaces what the session answers itself; a column that was named by such a variable keeps its name. */
export function ownVariableEdits(session: Session, parsed: ParsedStatement<RoutingPlans>): readonly Edit[] {
  const { shape } = parsed;
  if (!shape.systemVariables.some((name) => OWN.has(name))) {
    return [];
  }
  const items = new Set(
    shape.scopes
      .flatMap((scope) => scope.items)
      .filter(({ alias, aliasLiteral }) => alias === null && aliasLiteral === null)
      .map(({ expression }) => expression.tokens.first),
  );
  const edits: Edit[] = [];
  for (const node of walkStatement(shape)) {
    const text =
      node.kind === 'systemVariable' && node.scope !== 'global' ? OWN.get(node.name)?.(session) : undefined;
    if (text !== undefined) {
      const name = items.has(node.tokens.first) ? ` AS ${quoteName(parsed.textOf(node.tokens))}` : '';
      edits.push({ tokens: node.tokens, text: text + name });
    }
  }
  return edits;
}
