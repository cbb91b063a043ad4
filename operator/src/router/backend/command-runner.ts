import type { Capabilities } from '../../wire/capabilities.ts';
import { COMMAND } from '../../wire/command-code.ts';
import type { PacketChannel } from '../../wire/packet-channel.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import type { AnswerReader } from './answer-reader.ts';
import type { Surroundings } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import { plainCommand, queryCommand } from './commands.ts';
import { ConnectionState } from './connection-state.ts';
import { type Exchange, ExchangeQueue } from './exchange-queue.ts';
import { uploadLocalFile } from './local-file-upload.ts';
import { NO_SINK } from './no-sink.ts';
import type { Completion, Outcome } from './outcome.ts';
import { planPrelude, type Prelude } from './prelude.ts';
import { ResultReader, type ResultReaderOwner } from './result-reader.ts';
import type { ResultSink } from './result-sink.ts';

/** How a statement that runs is ended: over another connection. */
export interface StatementKiller {
  /** KILL QUERY. Resolves when the server has done so, or could not; rejects when that is not known. */
  killQuery(threadId: number, signal: AbortSignal): Promise<void>;
  /** KILL CONNECTION, in the background. */
  killConnection(threadId: number): void;
}

/** Where a connection stands at its server. */
export interface RunnerPlace {
  /** Name of the server, for messages. */
  readonly pod: string;
  readonly threadId: number;
  readonly capabilities: Capabilities;
  readonly killer: StatementKiller;
}

/** A prelude with nothing behind it. */
const NOTHING = Buffer.alloc(0);

/** Its answer takes up a KILL QUERY that came too late for the statement it was meant for. */
const ABSORB = Buffer.from('DO 0');

/** Sends commands over a channel and knows what their answers make of the session at the server. */
export class CommandRunner implements ResultReaderOwner {
  readonly state = new ConnectionState();
  readonly capabilities: Capabilities;
  readonly #channel: PacketChannel;
  readonly #place: RunnerPlace;
  readonly #exchanges: ExchangeQueue;
  /** Commands without an answer that nobody waits for: they go with the next one. */
  #postponed: Buffer[] = [];
  /** Aborts what is under way beside the exchanges when the connection ends. */
  readonly #scope = new AbortController();
  /** The one under way. */
  #prelude: Prelude | null = null;
  /** Statements of it that have succeeded. */
  #preludeDone = 0;

  constructor(channel: PacketChannel, place: RunnerPlace) {
    this.#channel = channel;
    this.#place = place;
    this.capabilities = place.capabilities;
    this.#exchanges = new ExchangeQueue(channel, place.pod, (reason) => this.destroy(reason));
    void this.#exchanges.ended.then((reason) => this.#scope.abort(reason));
  }

  get failure(): BackendError | undefined {
    return this.#exchanges.failure;
  }

  get ended(): Promise<BackendError> {
    return this.#exchanges.ended;
  }

  get isBusy(): boolean {
    return this.#exchanges.current !== undefined;
  }

  add(exchange: Exchange, signal: AbortSignal): void {
    this.#exchanges.add(exchange, signal);
  }

  /** Runs a command that is answered with results; `begin` sends it. */
  run(signal: AbortSignal, begin: () => ResultReader): Promise<Outcome> {
    const exchange = new CommandExchange(begin, this);
    this.add(exchange, signal);
    return exchange.outcome;
  }

  /** Runs a command that cannot fail at a server in order; the connection is given up when it does. */
  async runPlain(command: Buffer, signal: AbortSignal): Promise<void> {
    const { error } = await this.run(signal, () => {
      this.send(command);
      return new ResultReader(NO_SINK, this);
    });
    if (error !== undefined) {
      const failure = new BackendError(
        'ConnectionLost',
        `${this.#place.pod} refused a command that never fails: ${error.errno} ${error.message}`,
        { execution: 'Answered', serverError: error },
      );
      this.destroy(failure);
      throw failure;
    }
  }

  /** Sends a command that is not answered. */
  tell(command: Buffer): void {
    const begin = (): readonly AnswerReader[] => {
      this.send(command);
      return [];
    };
    this.add({ begin, end: () => {}, fail: () => {} }, this.#scope.signal);
  }

  /** What has to run before, from now on under way: for `begin` of an exchange. */
  planPrelude(surroundings: Surroundings): Prelude | null {
    this.#prelude = planPrelude(this.state, surroundings);
    this.#preludeDone = 0;
    return this.#prelude;
  }

  /** Sends what has to run before in a packet of its own; null when there is nothing. */
  sendPrelude(surroundings: Surroundings): ResultReader | null {
    const prelude = this.planPrelude(surroundings);
    if (prelude === null) {
      return null;
    }
    this.send(queryCommand(prelude.text, NOTHING));
    return new ResultReader(NO_SINK, this, { prelude: prelude.effects.length });
  }

  /** To be called with the outcome of everything that had a prelude. */
  preludeEnded({ inPrelude }: Outcome): void {
    const effect = this.#prelude?.effects[this.#preludeDone];
    if (inPrelude && effect !== undefined) {
      this.state.afterFailedPrelude(effect);
    }
  }

  /** `prefix`: what is in front of it, where that is of another buffer. */
  send(command: Buffer, prefix?: Buffer): void {
    if (this.#postponed.length > 0) {
      const postponed = this.#postponed;
      this.#postponed = [];
      postponed.forEach((each) => this.send(each));
    }
    this.#channel.beginCommand();
    this.#channel.send(command, prefix);
  }

  /** Sends a command that is not answered, together with the next that is. */
  postpone(command: Buffer): void {
    this.#postponed.push(command);
  }

  /** See BackendConnection. */
  async cancel(signal: AbortSignal): Promise<void> {
    if (!this.isBusy) {
      return;
    }
    const goOn = this.#exchanges.holdBack();
    try {
      await this.#place.killer.killQuery(this.#place.threadId, signal);
    } finally {
      // The statement may have ended before it was killed, and the next one must not die in its place.
      goOn({
        begin: () => {
          this.send(queryCommand('', ABSORB));
          return [new ResultReader(NO_SINK, this)];
        },
        end: () => {},
        fail: () => {},
      });
    }
  }

  /** See BackendConnection. */
  destroy(reason: BackendError): void {
    if (this.failure !== undefined) {
      return;
    }
    const { isBusy } = this;
    this.#exchanges.giveUp(reason);
    if (!isBusy) {
      this.send(plainCommand(COMMAND.quit));
      this.#channel.end();
      return;
    }
    this.#channel.destroy();
    // A server that left its role is not asked for anything any more.
    if (reason.code !== 'Retired') {
      this.#place.killer.killConnection(this.#place.threadId);
    }
  }

  preludeSucceeded(completion: Completion): void {
    const effect = this.#prelude?.effects[this.#preludeDone];
    if (effect === undefined) {
      throw new ProtocolError('malformed', 'more results than statements');
    }
    this.#preludeDone += 1;
    this.state.afterPrelude(effect, completion);
  }

  completed(completion: Completion): void {
    this.state.afterResult(completion);
  }

  full(sink: ResultSink): void {
    this.#channel.pause();
    sink.onDrain(() => this.#channel.resume());
  }

  localFileWanted(sink: ResultSink, name: Buffer, payload: Buffer): void {
    const file = sink.localFile(name, payload);
    uploadLocalFile(this.#channel, file, this.#scope.signal).catch((cause: unknown) =>
      this.destroy(
        new BackendError('Aborted', `the file for ${this.#place.pod} could not be read`, { cause }),
      ),
    );
  }
}

/** A command that is answered with results. */
class CommandExchange implements Exchange {
  readonly outcome: Promise<Outcome>;
  readonly #begin: () => ResultReader;
  readonly #runner: CommandRunner;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #reject: (error: BackendError) => void;
  #reader: ResultReader | undefined;

  constructor(begin: () => ResultReader, runner: CommandRunner) {
    this.#begin = begin;
    this.#runner = runner;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): readonly AnswerReader[] {
    const reader = this.#begin();
    this.#reader = reader;
    return [reader];
  }

  end(): void {
    const outcome = this.#reader?.outcome();
    if (outcome !== undefined) {
      this.#runner.preludeEnded(outcome);
      this.#resolve(outcome);
    }
  }

  fail(error: BackendError): void {
    this.#reject(error);
  }
}
