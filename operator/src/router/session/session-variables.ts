/**
 * What a session has set, as literals of SQL: system variables and user variables that differ from a fresh server
 * connection's. Any server connection can be brought into that state by one statement.
 */

/** Name in lower case (`@name` for a user variable) to an SQL literal. Immutable; two of the same text are the same state. */
export interface VariableState {
  readonly values: ReadonlyMap<string, string>;
  /** Distinguishes states. */
  readonly key: string;
}

/** A fresh connection's. */
export const INITIAL_VARIABLES: VariableState = { values: new Map(), key: '' };

/** The state with some values changed; null takes one out, so that it has its default again. */
export function withVariables(
  state: VariableState,
  changes: Iterable<readonly [name: string, literal: string | null]>,
): VariableState {
  const values = new Map(state.values);
  for (const [name, literal] of changes) {
    if (literal === null) {
      values.delete(name);
    } else {
      values.set(name, literal);
    }
  }
  return stateOf(values);
}

function stateOf(values: ReadonlyMap<string, string>): VariableState {
  const sorted = [...values].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return { values: new Map(sorted), key: sorted.map(([name, literal]) => `${name}=${literal}`).join(',') };
}

/**
 * The statement that takes a connection from one state to another; null when nothing differs. A system variable that is
 * no longer set gets the server's default, a user variable NULL, which is the same as never set.
 */
export function planReplay(from: VariableState, to: VariableState): string | null {
  if (from.key === to.key) {
    return null;
  }
  const assignments: string[] = [];
  for (const name of from.values.keys()) {
    if (!to.values.has(name)) {
      assignments.push(`${target(name)}=${name.startsWith('@') ? 'NULL' : 'DEFAULT'}`);
    }
  }
  for (const [name, literal] of to.values) {
    if (from.values.get(name) !== literal) {
      assignments.push(`${target(name)}=${literal}`);
    }
  }
  return assignments.length === 0 ? null : `SET ${assignments.join(',')}`;
}

function target(name: string): string {
  return name.startsWith('@') ? `@\`${name.slice(1).replaceAll('`', '``')}\`` : `SESSION ${name}`;
}

const NUMBER = /^-?\d+(\.\d+)?$/;

/** Variables whose empty value means NULL. */
const NULL_WHEN_EMPTY: ReadonlySet<string> = new Set(['character_set_results']);

/**
 * The literal for a system variable's value, as the server tells it after a change. Whatever reads like a number is
 * one: the server refuses a string for a numeric variable.
 */
export function variableLiteral(name: string, value: string): string {
  if (value === '' && NULL_WHEN_EMPTY.has(name)) {
    return 'NULL';
  }
  return NUMBER.test(value) ? value : textLiteral(value);
}

/** A string literal that means the same under every sql_mode and character set of the connection. */
export function textLiteral(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) && !/['\\]/.test(value)
    ? `'${value}'`
    : `CONVERT(0x${Buffer.from(value, 'utf8').toString('hex')} USING utf8mb4)`;
}

/** Text in a collation, and in its character set. A collation of none of these forms is left out. */
export function collatedText(value: string, collation: string): string {
  const charset = /^[a-z0-9]+(?=_\w+$)/.exec(collation)?.[0];
  const text = textLiteral(value);
  return charset === undefined ? text : `CONVERT(${text} USING ${charset}) COLLATE ${collation}`;
}

const COLLATED = /^CONVERT\((.*) USING [a-z0-9]+\) COLLATE \w+$/s;

/** The text that a literal made here stands for; null for NULL and for what is no text but bytes. */
export function textOfLiteral(literal: string): string | null {
  if (literal === 'NULL' || literal.startsWith('x')) {
    return null;
  }
  const collated = COLLATED.exec(literal)?.[1];
  if (collated !== undefined) {
    return textOfLiteral(collated);
  }
  const hex = /^CONVERT\(0x([0-9a-f]*) USING utf8mb4\)$/.exec(literal)?.[1];
  if (hex !== undefined) {
    return Buffer.from(hex, 'hex').toString();
  }
  return literal.startsWith("'") ? literal.slice(1, -1) : literal;
}
