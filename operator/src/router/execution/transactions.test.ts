import { describe, expect, it } from '@jest/globals';
import type { Session } from '../session/session.ts';
import { openTransaction, type TransactionState } from '../session/transaction-state.ts';
import type { BindingPlace } from './place-description.ts';
import { bindTransaction } from './transactions.ts';

const place = (slot: number, key: number): BindingPlace => ({
  identity: `app/${slot}`,
  describe: () => `slot ${slot} of app (orders.user_id = ${key})`,
});

/** A session in a transaction that is bound to nothing. */
function inTransaction(): Session & { transaction: TransactionState } {
  return { transaction: openTransaction('BEGIN', null) } as unknown as Session;
}

describe('a transaction of one slot', () => {
  it('names the keys of both statements, and what allows more', () => {
    const session = inTransaction();
    bindTransaction(session, 'Single', [place(6, 1)]);
    bindTransaction(session, 'Single', [place(6, 9)]);
    expect(() => bindTransaction(session, 'Single', [place(6, 9), place(4, 2)])).toThrow(
      /^This transaction began in slot 6 of app \(orders\.user_id = 1\), and the statement is for slot 4 of app \(orders\.user_id = 2\): .*SET shardwright_transactions = Multi/,
    );
  });

  it('names both keys of one statement, which leaves it unbound', () => {
    const session = inTransaction();
    expect(() => bindTransaction(session, 'Single', [place(6, 1), place(6, 3), place(4, 2)])).toThrow(
      /^The statement is for slot 6 of app \(orders\.user_id = 1\) and for slot 4 of app \(orders\.user_id = 2\): .*transactions: Multi/,
    );
    expect(session.transaction).toMatchObject({ place: null });
  });

  it('is bound to nothing where several slots are allowed', () => {
    const session = inTransaction();
    bindTransaction(session, 'Multi', [place(6, 1), place(4, 2)]);
    expect(session.transaction).toMatchObject({ place: null });
  });
});
