/** What must run on a connection before a statement, so that this finds the surroundings it asks for. */
import { planReplay, type VariableState } from '../session/session-variables.ts';
import type { Surroundings } from './backend-connection.ts';

/** Statements without rows, in their order, and what each of them brings about. */
export interface Prelude {
  /** Each ends in a semicolon. */
  readonly text: string;
  readonly effects: readonly PreludeEffect[];
}

/** What holds once a statement of the prelude has succeeded. */
export type PreludeEffect =
  | { readonly kind: 'variables'; readonly variables: VariableState }
  | { readonly kind: 'database'; readonly database: string }
  | { readonly kind: 'other' };

/** How a connection is. */
export interface PresentSurroundings {
  readonly database: string | null;
  readonly variables: VariableState;
}

/**
 * The statements to send in one packet with the one that wants them; null when there are none. In one packet, because a server
 * stops at the first error: sent as commands of their own, one behind the other, a database that has moved away would leave the
 * statement to run in the database of the statement before.
 */
export function planPrelude(present: PresentSurroundings, wanted: Surroundings): Prelude | null {
  const { database, variables, first } = wanted;
  if (
    (database === undefined || database === present.database) &&
    (variables === undefined || variables.key === present.variables.key) &&
    first === undefined
  ) {
    return null;
  }
  let text = '';
  const effects: PreludeEffect[] = [];
  const replay = variables === undefined ? null : planReplay(present.variables, variables);
  if (variables !== undefined && replay !== null) {
    text += `${replay};`;
    effects.push({ kind: 'variables', variables });
  }
  if (database !== undefined && database !== present.database) {
    text += `USE ${quoteIdentifier(database)};`;
    effects.push({ kind: 'database', database });
  }
  for (const statement of first ?? []) {
    text += `${statement};`;
    effects.push({ kind: 'other' });
  }
  return effects.length === 0 ? null : { text, effects };
}

/** An identifier as SQL takes it in every mode. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
