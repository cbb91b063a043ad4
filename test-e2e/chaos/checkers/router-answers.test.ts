import { describe, expect, it } from '@jest/globals';
import type { ConnectFailure } from '../history/history.ts';
import type { Append, Operation, Read, Transfer } from '../history/operation.ts';
import { checkRouterAnswers } from './router-answers.ts';

const SINCE = 1000;
const facts = { process: 'router-append', via: 'router', member: null, start: 1100, end: 1200 } as const;
const write = (rest: Partial<Append> = {}): Append => ({
  ...facts,
  kind: 'append',
  id: 1,
  outcome: 'indeterminate',
  ...rest,
});
const read = (error: string, rest: Partial<Read> = {}): Read => ({
  ...facts,
  kind: 'read',
  key: 1,
  value: null,
  outcome: 'indeterminate',
  error,
  ...rest,
});
const transfer = (error: string): Transfer => ({
  ...facts,
  kind: 'transfer',
  id: 1,
  from: 0,
  to: 1,
  amount: 1,
  outcome: 'fail',
  error,
});
const check = (
  operations: readonly Operation[],
  rest: {
    readonly routersLost?: number;
    readonly primaryHangs?: boolean;
    readonly failures?: readonly ConnectFailure[];
  } = {},
) =>
  checkRouterAnswers(operations, rest.failures ?? [], {
    since: SINCE,
    holdMilliseconds: 10_000,
    routersLost: rest.routersLost ?? 0,
    primaryHangs: rest.primaryHangs ?? false,
    losses: 2,
  });

describe('checkRouterAnswers', () => {
  it.each<[string, Operation]>([
    ['a write whose answer was lost', write({ error: 'ER_NET_READ_ERROR' })],
    ['a statement held for the whole time', write({ end: 11_200, error: 'ER_LOCK_WAIT_TIMEOUT' })],
    ['a transaction that is to begin anew', transfer('ER_LOCK_DEADLOCK')],
    ['a COMMIT whose answer was lost', transfer('ER_NET_READ_ERROR')],
    ['a client that is not behind a router', write({ via: 'shardMap', error: 'ECONNRESET' })],
  ])('allows %s', (_, operation) => {
    expect(check([operation]).violations).toEqual([]);
  });

  it.each<[string, Operation]>([
    ['a read whose answer was lost', read('ER_NET_READ_ERROR')],
    ['a statement given up early', write({ error: 'ER_LOCK_WAIT_TIMEOUT' })],
    ['a statement outside a transaction that is to begin anew', write({ error: 'ER_LOCK_DEADLOCK' })],
    ['a refusal for being read-only', write({ error: 'ER_OPTION_PREVENTS_STATEMENT' })],
    ['a lost connection', read('ECONNRESET')],
    ['a client that was left waiting', read('GivenUp')],
    ['a failure before the fault', write({ start: 100, end: 200, error: 'ER_NET_READ_ERROR' })],
  ])('finds %s', (_, operation) => {
    expect(check([operation]).violations).toMatchObject([{ rule: 'routerAnswers' }]);
  });

  it('allows a client one lost answer for each loss of a primary', () => {
    const lost = [1, 2, 3].map((id) => write({ id, error: 'ER_NET_READ_ERROR' }));
    expect(check(lost.slice(0, 2)).violations).toEqual([]);
    expect(check(lost).violations).toMatchObject([{ rule: 'routerAnswers' }]);
    expect(check([...lost.slice(1), write({ ...lost[0], process: 'router-own' })]).violations).toEqual([]);
  });

  it('allows lost connections where routers are lost, and only after that', () => {
    const failure: ConnectFailure = { process: 'a', via: 'router', at: 1100, error: 'ECONNREFUSED' };
    expect(check([read('ECONNRESET')], { failures: [failure], routersLost: 1 }).violations).toEqual([]);
    expect(check([], { failures: [failure] }).violations).toHaveLength(1);
    expect(check([], { failures: [{ ...failure, at: 900 }], routersLost: 1 }).violations).toHaveLength(1);
    expect(check([], { failures: [{ ...failure, via: 'shardMap' }] }).violations).toEqual([]);
  });

  it('allows a client to give up where the primary stays and hangs', () => {
    expect(check([write({ error: 'GivenUp' })], { primaryHangs: true }).violations).toEqual([]);
    expect(check([read('ECONNRESET')], { primaryHangs: true }).violations).toHaveLength(1);
  });

  it('counts', () => {
    const { answers } = check([
      write({ outcome: 'ok' }),
      write({ error: 'ER_NET_READ_ERROR' }),
      write({ end: 12_000, error: 'ER_LOCK_WAIT_TIMEOUT' }),
      read('ECONNRESET'),
      transfer('ER_LOCK_DEADLOCK'),
      transfer('ER_NET_READ_ERROR'),
    ]);
    expect(answers).toEqual({
      statements: 4,
      answersLost: 1,
      heldTooLong: 1,
      transactions: 2,
      toldToRetry: 1,
      givenUp: 0,
      connectionsLost: 1,
      connectFailures: 0,
    });
  });
});
