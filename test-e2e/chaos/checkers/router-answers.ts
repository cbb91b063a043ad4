/**
 * What clients of a router were told while a shard changed its primary: statements outside a transaction wait and succeed, those
 * inside one get an error after which drivers begin it anew, and nothing else ever comes.
 */
import type { ConnectFailure } from '../history/history.ts';
import type { Operation } from '../history/operation.ts';
import { isWrite } from '../history/operation.ts';
import type { Violation } from './violation.ts';
import { summarise } from './violation.ts';

/** What is known of the run. */
export interface RouterSurroundings {
  /** When the fault came: before it nothing may fail. */
  readonly since: number;
  /** How long a router holds a statement. */
  readonly holdMilliseconds: number;
  /** Routers that the fault takes away, whose connections end. */
  readonly routersLost: number;
  /** Whether the primary stays and answers nothing: then a client that waits for it has only its own limit. */
  readonly primaryHangs: boolean;
  /** How often the shard can have lost its primary at most: each time, one write of a client may be under way. */
  readonly losses: number;
}

/** Answers that are no success, counted by what they mean. */
export interface RouterAnswers {
  /** Statements outside transactions, all of them. */
  readonly statements: number;
  /** Of those: writes that a primary had received when it was lost. Nobody knows whether they took effect (1158). */
  readonly answersLost: number;
  /** Of those: given up after the whole time that a router waits (1205). */
  readonly heldTooLong: number;
  /** Transactions, and those that were told to begin anew (1213). */
  readonly transactions: number;
  readonly toldToRetry: number;
  /** Operations that a client gave up, by its own limit. */
  readonly givenUp: number;
  /** Operations whose connection ended with their router, and attempts to connect that failed. */
  readonly connectionsLost: number;
  readonly connectFailures: number;
}

const ANSWER_LOST = 'ER_NET_READ_ERROR';
const HELD_TOO_LONG = 'ER_LOCK_WAIT_TIMEOUT';
const BEGIN_ANEW = 'ER_LOCK_DEADLOCK';
/** The client's own limit. */
const GIVEN_UP = 'GivenUp';

/** Judges all operations that went through routers, and counts what they were told. */
export function checkRouterAnswers(
  operations: readonly Operation[],
  connectFailures: readonly ConnectFailure[],
  surroundings: RouterSurroundings,
): { readonly violations: readonly Violation[]; readonly answers: RouterAnswers } {
  const own = operations.filter(({ via }) => via === 'router');
  const failed = own.filter(({ outcome }) => outcome !== 'ok');
  const refusedConnections = connectFailures.filter(({ via }) => via === 'router');
  const meanings = failed.map((operation) => ({ operation, meaning: meaningOf(operation) }));
  const count = (wanted: Meaning, inTransaction: boolean): number =>
    meanings.filter(
      ({ operation, meaning }) => meaning === wanted && (operation.kind === 'transfer') === inTransaction,
    ).length;
  const transactions = own.filter(({ kind }) => kind === 'transfer').length;
  return {
    violations: [
      ...summarise(
        'routerAnswers',
        'operations got an answer that a router must not give',
        meanings
          .filter(({ operation, meaning }) => !isAllowed(operation, meaning, surroundings))
          .map(({ operation }) => describe(operation)),
      ),
      ...judgeLostAnswers(meanings, surroundings),
      ...summarise(
        'routerAnswers',
        'connections to routers failed',
        refusedConnections
          .filter(({ at }) => surroundings.routersLost === 0 || at < surroundings.since)
          .map(({ process, error }) => `${process}: ${error}`),
      ),
    ],
    answers: {
      statements: own.length - transactions,
      answersLost: count('answerLost', false),
      heldTooLong: count('heldTooLong', false),
      transactions,
      toldToRetry: count('beginAnew', true),
      givenUp: count('givenUp', false) + count('givenUp', true),
      connectionsLost: count('connectionLost', false) + count('connectionLost', true),
      connectFailures: refusedConnections.length,
    },
  };
}

type Meaning = 'answerLost' | 'heldTooLong' | 'beginAnew' | 'givenUp' | 'connectionLost' | 'other';

function meaningOf({ error = '' }: Operation): Meaning {
  switch (error) {
    case ANSWER_LOST:
      return 'answerLost';
    case HELD_TOO_LONG:
      return 'heldTooLong';
    case BEGIN_ANEW:
      return 'beginAnew';
    case GIVEN_UP:
      return 'givenUp';
    default:
      // Every answer of a server or a router has a name of this kind; what is left is the driver's own.
      return error.startsWith('ER_') ? 'other' : 'connectionLost';
  }
}

function isAllowed(
  operation: Operation,
  meaning: Meaning,
  { since, holdMilliseconds, routersLost, primaryHangs }: RouterSurroundings,
): boolean {
  if (operation.end < since) {
    return meaning === 'beginAnew' && operation.kind === 'transfer';
  }
  switch (meaning) {
    case 'answerLost':
      return isWrite(operation);
    case 'heldTooLong':
      return operation.end - operation.start >= holdMilliseconds;
    case 'beginAnew':
      return operation.kind === 'transfer';
    case 'givenUp':
      return routersLost > 0 || primaryHangs;
    case 'connectionLost':
      return routersLost > 0;
    case 'other':
      return false;
    default:
      return meaning satisfies never;
  }
}

/** A client has one statement under way, so that each loss of a primary can cost it one answer. */
function judgeLostAnswers(
  meanings: readonly { readonly operation: Operation; readonly meaning: Meaning }[],
  { losses }: RouterSurroundings,
): Violation[] {
  const lost = meanings.filter(({ meaning }) => meaning === 'answerLost');
  const tooMany = [...Map.groupBy(lost, ({ operation }) => operation.process)].flatMap(([process, all]) =>
    all.length > losses ? [`${process} lost ${all.length}`] : [],
  );
  return summarise('routerAnswers', `clients lost more than ${losses} answers`, tooMany);
}

function describe({ process, kind, error, start, end }: Operation): string {
  return `${process} ${kind}: ${error} after ${(end - start).toFixed(0)} ms`;
}
