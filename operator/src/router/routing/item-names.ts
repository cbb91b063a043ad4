/** Columns are called by the text of their expressions, which changes where a query in it is given the name of another database. */
import type { TokenRange } from '../sql/expression.ts';
import type { Query } from '../sql/query-shape.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import { walkExpression } from './expression-walk.ts';
import { joinEdits, type MakeFunctionEdits } from './function-edits.ts';
import { scopesOf } from './reachable-scopes.ts';

/** Characters of a text that a server has as the name of a column; it cuts what is behind. */
const LONGEST_NAME = 255;
/** As aliases they mean the same, whatever the character set: a server counts bytes. */
const CUT_SAFELY = /^[\x20-\x7e]*[\x21-\x7e]$/;

/** All edits of a SELECT, and those that give its columns the names which they would have without. */
export function withItemNames(
  shape: StatementShape,
  query: Query,
  functionEdits: MakeFunctionEdits,
  qualifiers: readonly Edit[],
): MakeFunctionEdits {
  const changed = changedItems(shape, query, qualifiers);
  if (changed.length === 0) {
    return (call) => joinEdits(functionEdits(call), qualifiers);
  }
  return (call) => {
    const functions = functionEdits(call);
    const names = changed.flatMap((tokens): Edit[] => {
      const { end } = tokens;
      const isNamed = functions.some((edit) => edit.tokens.first === end && edit.tokens.end === end);
      const name = nameOf(call.statement.textOf(tokens));
      return isNamed || name === null
        ? []
        : [{ tokens: { first: end, end }, text: ` AS \`${name.replaceAll('`', '``')}\`` }];
    });
    return [...functions, ...qualifiers, ...names];
  };
}

/** The name that a text gives a column; null for one that no alias gives, as it cuts a character, or ends with a space. */
function nameOf(text: string): string | null {
  if (text.length <= LONGEST_NAME) {
    return text;
  }
  const name = text.slice(0, LONGEST_NAME);
  return CUT_SAFELY.test(name) ? name : null;
}

/** Items of the first select list that have no alias, and a query within that is edited. */
function changedItems(
  shape: StatementShape,
  { body }: Query,
  qualifiers: readonly Edit[],
): readonly TokenRange[] {
  const [first] = scopesOf(shape, body);
  const items = first === undefined ? [] : (shape.scopes[first]?.items ?? []);
  return items.flatMap(({ expression, alias, aliasLiteral }) => {
    const isUnnamed = alias === null && aliasLiteral === null;
    const isChanged =
      isUnnamed &&
      [...walkExpression(expression)].some(
        ({ kind, tokens }) =>
          kind === 'subquery' &&
          qualifiers.some((edit) => tokens.first <= edit.tokens.first && edit.tokens.end <= tokens.end),
      );
    return isChanged ? [expression.tokens] : [];
  });
}
