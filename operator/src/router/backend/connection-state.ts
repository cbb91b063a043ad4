import { INITIAL_VARIABLES, type VariableState } from '../session/session-variables.ts';
import { SERVER_STATUS } from '../../wire/server-status.ts';
import type { Completion } from './outcome.ts';
import type { PreludeEffect } from './prelude.ts';

/** A state that no session asks for: every other is set over it in full. */
const UNKNOWN_VARIABLES: VariableState = { values: new Map(), key: '?' };

/** Reported as a variable, and none of the session's state: the position of its last transaction. */
const LAST_GTID = 'last_gtid';

/** Reported when there is no transaction and no table is locked. */
const NO_TRANSACTION = '________';

/** What is known of the session at the server's end of a connection. */
export class ConnectionState {
  database: string | null = null;
  /** SERVER_STATUS flags of the last answer. */
  status: number = SERVER_STATUS.autocommit;
  #variables: VariableState = INITIAL_VARIABLES;
  /** Variables may differ from what is known of them. */
  #isAccounted = true;
  /** Eight characters; the last is `L` under LOCK TABLES, which no status flag tells. */
  #transaction = NO_TRANSACTION;
  /** What the next transaction will be like; empty for what all are like. */
  #characteristics = '';

  get variables(): VariableState {
    return this.#variables;
  }

  /** The variables are known to be so. */
  noteVariables(variables: VariableState): void {
    this.#variables = variables;
    this.#isAccounted = true;
  }

  /** A statement of a prelude has succeeded: what it set is known, and what the server tells of it is no news. */
  afterPrelude(effect: PreludeEffect, { status, changes }: Completion): void {
    this.status = status;
    this.#transaction = changes?.transactionState ?? this.#transaction;
    this.#characteristics = changes?.transactionCharacteristics ?? this.#characteristics;
    if (effect.kind === 'variables') {
      this.#variables = effect.variables;
    } else if (effect.kind === 'database') {
      this.database = effect.database;
    }
  }

  /** This statement of a prelude has failed. Of several variables, some may be set and others not. */
  afterFailedPrelude(effect: PreludeEffect): void {
    if (effect.kind === 'variables') {
      this.#variables = UNKNOWN_VARIABLES;
      this.#isAccounted = false;
    }
  }

  /**
   * A statement has succeeded. That it changed variables is believed; which ones is not: MariaDB 11.8 reports a variable under
   * the name of another (all that are bits under that of the first of them, `innodb_lock_wait_timeout` as `timestamp`).
   */
  afterResult({ status, changes }: Completion): void {
    this.status = status;
    if (changes === null) {
      return;
    }
    this.#transaction = changes.transactionState ?? this.#transaction;
    this.#characteristics = changes.transactionCharacteristics ?? this.#characteristics;
    if (changes.schema !== undefined) {
      this.database = changes.schema === '' ? null : changes.schema;
    }
    for (const name of changes.systemVariables?.keys() ?? []) {
      if (name !== LAST_GTID) {
        this.#isAccounted = false;
      }
    }
  }

  /** The session was made a fresh one; its database stays. */
  afterReset(): void {
    this.#variables = INITIAL_VARIABLES;
    this.#isAccounted = true;
    this.#transaction = NO_TRANSACTION;
    this.#characteristics = '';
  }

  /** Whether a transaction is open, or tables are locked. */
  get isInTransaction(): boolean {
    return (this.status & SERVER_STATUS.inTransaction) !== 0 || this.#transaction !== NO_TRANSACTION;
  }

  /** Whether another session may have the connection as it is, given that this one left nothing that servers do not report. */
  get isClean(): boolean {
    return this.#isAccounted && !this.isInTransaction && this.#characteristics === '';
  }
}
