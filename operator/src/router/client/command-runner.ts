import { type CommandCode, COMMAND, commandName, isUnanswered } from '../../wire/command-code.ts';
import { decodeChangeUser, type LoginFields } from '../../wire/handshake-response.ts';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import type { AnswerWriter } from './answer-writer.ts';
import { ClientError, type KilledError } from './client-error.ts';
import type { ClientObserver } from './client-observer.ts';
import type { CommandHandler } from './command-handler.ts';
import { EndError, textForClient } from './connection-end.ts';

/** Commands that only ever existed within a server. */
const INTERNAL: ReadonlySet<number> = new Set([
  COMMAND.sleep,
  COMMAND.connect,
  COMMAND.time,
  COMMAND.delayedInsert,
  COMMAND.connectOut,
  COMMAND.daemon,
]);

/** By code: whether the session is asked. */
const IS_FOR_SESSION: readonly boolean[] = Array.from({ length: 256 }, (_, code) => {
  const isOurs = code === COMMAND.quit || code === COMMAND.ping || code === COMMAND.changeUser;
  return commandName(code) !== null && !INTERNAL.has(code) && !isOurs;
});

/** Runs the commands of one client, one at a time. */
export class CommandRunner {
  readonly #session: CommandHandler;
  readonly #answer: AnswerWriter;
  readonly #life: AbortSignal;
  readonly #observer: ClientObserver;
  readonly #changeUser: (fields: LoginFields) => Promise<void>;
  #command = new AbortController();
  #running: number | null = null;

  /** `changeUser` verifies a COM_CHANGE_USER and makes it known to the session. */
  constructor(
    session: CommandHandler,
    answer: AnswerWriter,
    life: AbortSignal,
    observer: ClientObserver,
    changeUser: (fields: LoginFields) => Promise<void>,
  ) {
    this.#session = session;
    this.#answer = answer;
    this.#life = life;
    this.#observer = observer;
    this.#changeUser = changeUser;
    life.addEventListener(
      'abort',
      () => {
        const reason: unknown = life.reason;
        this.#command.abort(
          reason instanceof EndError && reason.cause instanceof ClientError ? reason.cause : reason,
        );
      },
      { once: true },
    );
  }

  /** Whether a command runs. */
  get running(): boolean {
    return this.#running !== null;
  }

  /** Code of the command that runs; null: none does. */
  get code(): number | null {
    return this.#running;
  }

  /** Whether an answer has begun and not ended: an error sent now would not be understood. */
  get amidAnswer(): boolean {
    return this.running && this.#answer.begun;
  }

  /** Bits of the session's status. */
  status(): number {
    return this.#session.status();
  }

  /** Aborts the command that runs; the connection lives on. */
  cancel(reason: KilledError): void {
    if (this.running) this.#command.abort(reason);
  }

  /**
   * Runs one command. Rejects when the connection cannot be used any more: with a {@link ProtocolError}, or an
   * {@link EndError}, whose cause the client must still be told.
   */
  async run(payload: Buffer): Promise<void> {
    const code = payload[0];
    if (code === undefined) throw new ProtocolError('malformed', 'an empty command');
    this.#answer.begun = false;
    this.#running = code;
    if (IS_FOR_SESSION[code] === true) {
      try {
        await this.#session.handle(
          { code: code as CommandCode, payload },
          this.#answer,
          this.#command.signal,
        );
      } catch (error) {
        this.#tell(code, error);
      }
    } else {
      await this.#answerOurselves(code, payload);
    }
    this.#running = null;
    if (this.#command.signal.aborted && !this.#life.aborted) this.#command = new AbortController();
  }

  async #answerOurselves(code: number, payload: Buffer): Promise<void> {
    switch (code) {
      case COMMAND.quit:
        throw new EndError('quit');
      case COMMAND.ping:
        this.#answer.ok({ ...PLAIN_OK, status: this.#session.status() });
        return;
      case COMMAND.changeUser:
        await this.#runChangeUser(payload);
        return;
      default:
        this.#answer.error({ errno: 1047, sqlState: '08S01', message: 'Unknown command' });
    }
  }

  /** Tells the client why its command failed. Throws what ends the connection. */
  #tell(code: number, error: unknown): void {
    // The connection's end is told by whoever closes it.
    if (this.#life.aborted || error instanceof ProtocolError || error instanceof EndError) throw error;
    const meant = error instanceof ClientError;
    if (!meant) this.#observer.failed(error);
    if (isUnanswered(code)) return;
    if (this.#answer.amidPayload || (this.#answer.begun && !meant)) throw new EndError('internal', error);
    this.#answer.error(textForClient(error));
  }

  async #runChangeUser(payload: Buffer): Promise<void> {
    const fields = decodeChangeUser(payload, this.#answer.capabilities);
    try {
      await this.#changeUser(fields);
    } catch (error) {
      if (this.#life.aborted || error instanceof ProtocolError) throw error;
      if (!(error instanceof ClientError)) this.#observer.failed(error);
      throw new EndError('refused', error instanceof ClientError ? error : undefined);
    }
    this.#answer.ok({ ...PLAIN_OK, status: this.#session.status() });
  }
}
