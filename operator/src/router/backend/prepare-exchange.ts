import { encodeError } from '../../wire/server-error.ts';
import type { AnswerReader } from './answer-reader.ts';
import type { Preparation, PreparedStatement } from './backend-connection.ts';
import type { BackendError, ServerError } from './backend-error.ts';
import type { Exchange } from './exchange-queue.ts';
import type { Outcome } from './outcome.ts';
import { PrepareReader } from './prepare-reader.ts';
import type { ResultReader } from './result-reader.ts';

/** What preparing needs of its connection. */
export interface Preparer {
  /** A statement that is prepared already. */
  find(): PreparedStatement | undefined;
  /** Sends what must run before; a reader of its answer, or null when there is nothing. */
  sendPrelude(known: boolean): ResultReader | null;
  sendPrepare(): void;
  preludeEnded(outcome: Outcome): void;
  keep(statement: PreparedStatement): void;
  close(statementId: number): void;
}

/** Prepares a statement, behind a prelude of its own: both are sent at once, for preparing executes nothing. */
export class PrepareExchange implements Exchange {
  readonly #preparer: Preparer;
  readonly #resolve: (preparation: Preparation) => void;
  readonly #reject: (error: BackendError) => void;
  readonly #reader = new PrepareReader();
  #known: PreparedStatement | undefined;
  #prelude: ResultReader | null = null;

  constructor(
    preparer: Preparer,
    resolve: (preparation: Preparation) => void,
    reject: (error: BackendError) => void,
  ) {
    this.#preparer = preparer;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): readonly AnswerReader[] {
    this.#known = this.#preparer.find();
    this.#prelude = this.#preparer.sendPrelude(this.#known !== undefined);
    const readers: AnswerReader[] = this.#prelude === null ? [] : [this.#prelude];
    if (this.#known === undefined) {
      this.#preparer.sendPrepare();
      readers.push(this.#reader);
    }
    return readers;
  }

  end(): void {
    const outcome = this.#prelude?.outcome();
    if (outcome !== undefined) {
      this.#preparer.preludeEnded(outcome);
    }
    if (outcome?.error === undefined) {
      this.#resolve(this.#preparation());
      return;
    }
    const answer = this.#known === undefined ? this.#reader.answer() : undefined;
    if (answer?.kind === 'prepared') {
      // In other surroundings than were asked for.
      this.#preparer.close(answer.statement.id);
    }
    this.#resolve({ kind: 'refused', outcome, payload: encodeError(outcome.error) });
  }

  fail(error: BackendError): void {
    this.#reject(error);
  }

  #preparation(): Preparation {
    if (this.#known !== undefined) {
      return { kind: 'prepared', statement: this.#known };
    }
    const answer = this.#reader.answer();
    if (answer.kind === 'refused') {
      return { kind: 'refused', outcome: refusedOutcome(answer.error), payload: answer.payload };
    }
    this.#preparer.keep(answer.statement);
    return answer;
  }
}

/** Of a statement that a server refused to prepare. */
export function refusedOutcome(error: ServerError): Outcome {
  return { error, inPrelude: false, completion: undefined, results: 0, changes: [], lastGtid: undefined };
}
