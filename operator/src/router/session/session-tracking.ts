/**
 * Session tracking towards a client: what has changed in its session, told at the end of the next answer that has room for it.
 * Source: https://mariadb.com/kb/en/session_track_system_variables/
 */
import type { SessionChanges } from '../../wire/session-changes.ts';

/** What a server tracks by default. */
const DEFAULT_VARIABLES =
  'autocommit,character_set_client,character_set_connection,character_set_results,time_zone';

/** Two names of one variable: a client may track either. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['tx_isolation', 'transaction_isolation'],
  ['transaction_isolation', 'tx_isolation'],
  ['tx_read_only', 'transaction_read_only'],
  ['transaction_read_only', 'tx_read_only'],
]);

/** What one session tracks, and what it is yet to be told. */
export class SessionTracking {
  #list = DEFAULT_VARIABLES;
  #names = namesOf(DEFAULT_VARIABLES);
  #tracksSchema = true;
  #variables = new Map<string, string>();
  #schema: string | undefined;

  /** `session_track_system_variables`: names with commas between them, or `*` for all. */
  get variables(): string {
    return this.#list;
  }

  /** Null for the default. */
  set variables(list: string | null) {
    this.#list = list ?? DEFAULT_VARIABLES;
    this.#names = namesOf(this.#list);
  }

  /** `session_track_schema`. */
  get tracksSchema(): boolean {
    return this.#tracksSchema;
  }

  set tracksSchema(isOn: boolean) {
    this.#tracksSchema = isOn;
  }

  /** The current database has changed; empty for none. */
  schemaChanged(schema: string): void {
    if (this.#tracksSchema) {
      this.#schema = schema;
    }
  }

  /** A variable was set. `value` is asked for only where the variable is tracked. */
  variableChanged(name: string, value: () => string): void {
    const told = this.#names.has('*')
      ? name
      : [name, OTHER_NAMES.get(name) ?? name].find((each) => this.#names.has(each));
    if (told !== undefined) {
      this.#variables.set(told, value());
    }
  }

  /** What has changed since this was last asked for; null for nothing. */
  take(): SessionChanges | null {
    const schema = this.#schema;
    const systemVariables = this.#variables;
    if (schema === undefined && systemVariables.size === 0) {
      return null;
    }
    this.#schema = undefined;
    this.#variables = new Map();
    return {
      ...(systemVariables.size === 0 ? {} : { systemVariables }),
      ...(schema === undefined ? {} : { schema }),
    };
  }
}

function namesOf(list: string): ReadonlySet<string> {
  return new Set(list.split(',').map((name) => name.trim().toLowerCase()));
}
