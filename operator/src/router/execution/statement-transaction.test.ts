import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { NO_TRANSACTION, openTransaction, type TransactionState } from '../session/transaction-state.ts';
import { StatementHold } from '../topology/statement-hold.ts';
import { clientError } from './errors.ts';
import type { Execution } from './execution.ts';
import { inRepeatableTransaction } from './statement-transaction.ts';

const never = new AbortController().signal;

/** Runs a body that fails with these errors first. */
async function run(failures: readonly Error[], transaction: TransactionState = NO_TRANSACTION) {
  const clock = new FakeClock();
  const hold = new StatementHold({
    limits: { milliseconds: 1000, statements: 10, retryMilliseconds: 50 },
    clock,
    onMapChange: () => () => {},
    observer: { waits() {}, ended() {} },
  });
  const execution = { environment: { hold }, session: { transaction } };
  const left = [...failures];
  let calls = 0;
  const running = inRepeatableTransaction(
    execution as unknown as Execution,
    async () => {
      calls += 1;
      const failure = left.shift();
      if (failure !== undefined) {
        throw failure;
      }
      return true;
    },
    never,
  ).then(
    () => 'done',
    (error: { readonly errno?: number }) => error.errno,
  );
  await clock.advance(1100);
  return { end: await running, calls, kind: execution.session.transaction.kind };
}

const lost = (): Error => clientError('transactionLost', 'rolled back');

describe('the parts of one statement', () => {
  it('run again where their own transaction was lost', async () => {
    expect(await run([lost(), lost()])).toEqual({ end: 'done', calls: 3, kind: 'none' });
  });

  it('run again for so long and no longer', async () => {
    const { end, calls, kind } = await run(Array.from({ length: 100 }, lost));
    expect({ end, kind }).toEqual({ end: 1205, kind: 'none' });
    expect(calls).toBeLessThan(25);
  });

  it('never run again after another error: it may have been committed in part', async () => {
    const failure = clientError('partlyCommitted', 'committed on shard 0');
    expect(await run([failure])).toEqual({ end: 1180, calls: 1, kind: 'none' });
  });

  it('never run again in the transaction of the session, whose statements before are lost as well', async () => {
    expect(await run([lost()], openTransaction('START TRANSACTION', null))).toMatchObject({
      end: 1213,
      calls: 1,
    });
  });
});
