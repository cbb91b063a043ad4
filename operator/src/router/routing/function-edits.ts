/** Functions that the router answers: servers know neither the keyspace's name nor the session's last id. */
import type { Expression } from '../sql/expression.ts';
import type { Edit } from '../sql/rewrite.ts';
import { walkExpression, walkStatement } from './expression-walk.ts';
import { SESSION_FUNCTIONS } from './functions.ts';
import { refuseUnsupported, type Refused } from './refusal.ts';
import type { PlanContext, RoutingCall } from './routing-plan.ts';

/** Makes the edits for one statement. */
export type MakeFunctionEdits = (call: RoutingCall) => readonly Edit[];

const NO_EDITS: readonly Edit[] = [];
const none: MakeFunctionEdits = () => NO_EDITS;

/** Both, in their order. Nearly every statement has none of one kind, and then there is nothing to put together. */
export function joinEdits(functions: readonly Edit[], qualifiers: readonly Edit[]): readonly Edit[] {
  if (functions.length === 0) {
    return qualifiers;
  }
  return qualifiers.length === 0 ? functions : [...functions, ...qualifiers];
}

/** Plans the replacement of such functions, or refuses where one stands that was not found. */
export function planFunctionEdits({ shape, digest }: PlanContext): MakeFunctionEdits | Refused {
  const names = shape.functions.filter((name) => SESSION_FUNCTIONS.has(name));
  if (names.length === 0) {
    return none;
  }
  const calls = new Map<number, Expression & { readonly kind: 'call' }>();
  for (const node of walkStatement(shape)) {
    if (isSessionCall(node)) {
      calls.set(node.tokens.first, node);
    }
  }
  const written = [...digest.matchAll(/\b(\w+) \( \)/g)].filter(([, name = '']) =>
    names.includes(name.toUpperCase()),
  );
  if (written.length !== calls.size || digest.endsWith('…')) {
    return refuseUnsupported(
      `${names.join('(), ')}() stands where its answer cannot be put in its place`,
      'Ask for it in a statement of its own, and write the answer into this one',
    );
  }
  // What a column is called is its text, which changes.
  const returning = shape.kind === 'insert' || shape.kind === 'delete' ? shape.returning : [];
  const unnamed = [...shape.scopes.flatMap(({ items }) => items), ...returning].filter(
    ({ expression, alias, aliasLiteral }) =>
      alias === null && aliasLiteral === null && [...walkExpression(expression)].some(isSessionCall),
  );
  return ({ statement, input }) => {
    const edits: Edit[] = [];
    for (const { tokens, name } of calls.values()) {
      const text = input.session.functionText(name);
      if (text !== null) {
        edits.push({ tokens, text });
      }
    }
    for (const { expression } of unnamed) {
      const { end } = expression.tokens;
      const name = statement.textOf(expression.tokens).replaceAll('`', '``');
      edits.push({ tokens: { first: end, end }, text: ` AS \`${name}\`` });
    }
    return edits;
  };
}

function isSessionCall(node: Expression): node is Expression & { readonly kind: 'call' } {
  return (
    node.kind === 'call' &&
    node.schema === null &&
    node.arguments.length === 0 &&
    SESSION_FUNCTIONS.has(node.name)
  );
}
