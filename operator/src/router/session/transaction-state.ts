import type { Loan } from '../backend/backend-pool.ts';

/** One shard's part of a transaction: the connection it is open on. */
export interface Participant {
  readonly shard: number;
  readonly loan: Loan;
  /** Whether a statement other than a read has run in it. */
  hasWritten: boolean;
  /** Databases that its statements have used: it may go on there while they are about to move away. */
  readonly databases: Set<string>;
}

/** The rows that a transaction in the mode `Single` is bound to. */
export interface TransactionPlace {
  /** Distinguishes places: database and shard. */
  readonly identity: string;
  /** How a person would call it: `slot 42 of app`. */
  readonly description: string;
}

/** An open transaction. */
export interface OpenTransaction {
  readonly kind: 'open';
  /** The statement that begins it on a server. */
  readonly begin: string;
  /** SET TRANSACTION for this transaction, to be run before; null without. */
  readonly characteristics: string | null;
  /** What it is bound to; null until a statement has bound it. */
  place: TransactionPlace | null;
  /** By shard, in the order they joined. */
  readonly participants: Map<number, Participant>;
  /** Savepoints set so far, in their order: a shard that joins later gets them, so that going back to one works everywhere. */
  savepoints: readonly string[];
}

/** Whether a session is in a transaction. */
export type TransactionState = { readonly kind: 'none'; readonly next: string | null } | OpenTransaction;

/** No transaction, and nothing set for the next. */
export const NO_TRANSACTION: TransactionState = { kind: 'none', next: null };

/** A transaction that has not reached any server. */
export function openTransaction(begin: string, characteristics: string | null): OpenTransaction {
  return { kind: 'open', begin, characteristics, place: null, participants: new Map(), savepoints: [] };
}
