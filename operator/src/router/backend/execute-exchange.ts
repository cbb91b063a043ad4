import { ProtocolError } from '../../wire/protocol-error.ts';
import { ERROR_HEADER } from '../../wire/server-error.ts';
import { type AnswerReader, wholePayload } from './answer-reader.ts';
import type { ExecutableStatement, PreparedStatement, Surroundings } from './backend-connection.ts';
import type { BackendError, ServerError } from './backend-error.ts';
import type { Exchange } from './exchange-queue.ts';
import type { Outcome } from './outcome.ts';
import { type PrepareAnswer, PrepareReader } from './prepare-reader.ts';
import type { ResultReader } from './result-reader.ts';
import type { ResultSink } from './result-sink.ts';
import type { StatementKey } from './statement-cache.ts';

/** A statement to execute, and where its answer goes. */
export interface ExecutionRequest {
  readonly statement: ExecutableStatement;
  readonly sink: ResultSink;
  readonly surroundings: Surroundings;
  readonly signal: AbortSignal;
}

/** What executing needs of its connection. Asked when it is the exchange's turn. */
export interface Executor {
  /** What the statement is known by on the connection as it is. */
  keyOf(request: ExecutionRequest): StatementKey;
  /** How the statement can be executed now. */
  plan(key: StatementKey, request: ExecutionRequest): ExecutionPlan;
  sendPrepare(statement: Buffer): void;
  sendExecute(statementId: number, body: Buffer): void;
  reader(sink: ResultSink): ResultReader;
  /** A statement was prepared; closes others for it. */
  keep(key: StatementKey, statement: PreparedStatement): void;
  /** Does what is left to do of a statement that was not executed at once. */
  goOn(result: UnexecutedResult, request: ExecutionRequest): Promise<Outcome>;
}

/** How a statement can be executed on a connection as it is. */
export type ExecutionPlan =
  /** It is prepared. */
  | { readonly kind: 'known'; readonly statementId: number }
  /** It is to be prepared as this text, and will have that number, or be none of this connection's. */
  | { readonly kind: 'fresh'; readonly text: Buffer; readonly statementId: number }
  /** Something has to succeed before, so that it takes a request of its own. */
  | { readonly kind: 'later' };

/** How it ended where it was not executed. */
export type UnexecutedResult =
  /** The server refused to prepare it. */
  | { readonly kind: 'refused'; readonly error: ServerError; readonly payload: Buffer }
  /** It is prepared and was not executed. */
  | { readonly kind: 'prepared'; readonly statementId: number }
  /** Nothing was sent. */
  | { readonly kind: 'later' };

/**
 * Executes a statement, and prepares it in the same packet where it is not prepared yet. The number that it will have is
 * known beforehand, as servers count; where that proves wrong, or preparing was refused, the number is nobody's, and the server
 * refuses to execute it.
 */
export class ExecuteExchange implements Exchange {
  /** How the statement ended, however often it had to be sent. */
  readonly outcome: Promise<Outcome>;
  readonly #executor: Executor;
  readonly #request: ExecutionRequest;
  readonly #resolve: (outcome: Outcome | Promise<Outcome>) => void;
  readonly #reject: (error: BackendError) => void;
  #key: StatementKey | undefined;
  #expectedId = 0;
  #prepare: PrepareReader | undefined;
  #result: ResultReader | undefined;

  constructor(executor: Executor, request: ExecutionRequest) {
    this.#executor = executor;
    this.#request = request;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): readonly AnswerReader[] {
    const executor = this.#executor;
    const request = this.#request;
    const { body } = request.statement;
    const key = executor.keyOf(request);
    const plan = executor.plan(key, request);
    if (plan.kind === 'later') {
      return [];
    }
    const result = executor.reader(request.sink);
    this.#result = result;
    if (plan.kind === 'known') {
      executor.sendExecute(plan.statementId, body);
      return [result];
    }
    const prepare = new PrepareReader();
    this.#prepare = prepare;
    this.#key = key;
    this.#expectedId = plan.statementId;
    executor.sendPrepare(plan.text);
    executor.sendExecute(plan.statementId, body);
    return [prepare, new GatedReader(result, () => isExpected(prepare.answer(), plan.statementId))];
  }

  end(): void {
    const unexecuted = this.#unexecuted();
    const outcome = this.#result?.outcome();
    this.#resolve(
      unexecuted === undefined && outcome !== undefined
        ? outcome
        : this.#executor.goOn(unexecuted ?? { kind: 'later' }, this.#request),
    );
  }

  fail(error: BackendError): void {
    this.#reject(error);
  }

  /** What became of preparing it, where that did not go as expected. */
  #unexecuted(): UnexecutedResult | undefined {
    const answer = this.#prepare?.answer();
    if (answer?.kind === 'prepared' && this.#key !== undefined) {
      this.#executor.keep(this.#key, answer.statement);
      return isExpected(answer, this.#expectedId)
        ? undefined
        : { kind: 'prepared', statementId: answer.statement.id };
    }
    return answer?.kind === 'refused' ? answer : undefined;
  }
}

function isExpected(answer: PrepareAnswer, statementId: number): boolean {
  return answer.kind === 'prepared' && answer.statement.id === statementId;
}

/** Reads an answer if the one before lets it; otherwise it must be the server's error, which nobody hears of. */
class GatedReader implements AnswerReader {
  readonly #reader: AnswerReader;
  readonly #isOpen: () => boolean;
  #opened: boolean | undefined;

  constructor(reader: AnswerReader, isOpen: () => boolean) {
    this.#reader = reader;
    this.#isOpen = isOpen;
  }

  frame(buffer: Buffer, start: number, end: number): boolean {
    this.#opened ??= this.#isOpen();
    if (this.#opened) {
      return this.#reader.frame(buffer, start, end);
    }
    if (wholePayload(buffer, start, end)[0] !== ERROR_HEADER) {
      throw new ProtocolError('malformed', 'a statement was executed that was not prepared');
    }
    return true;
  }

  settled(): void {
    this.#reader.settled();
  }
}
