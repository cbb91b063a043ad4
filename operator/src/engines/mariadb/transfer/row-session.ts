/**
 * A session that carries rows: results are handed on as they arrive, held up when whoever takes them is behind, and
 * written elsewhere without having been decoded. Requests may be sent before earlier ones are answered.
 */
import { abortReason } from '../../../runtime/abort.ts';
import {
  addCapabilities,
  BASE_CAPABILITIES,
  CAPABILITY,
  type Capabilities,
  EXTENDED_CAPABILITY,
} from '../../../wire/capabilities.ts';
import { COMMAND } from '../../../wire/command-code.ts';
import type { FrameSink } from '../../../wire/frame.ts';
import { logIn } from '../../../wire/login/log-in.ts';
import { LoginError } from '../../../wire/login/login-error.ts';
import type { OkPacket } from '../../../wire/ok-packet.ts';
import type { PacketChannel } from '../../../wire/packet-channel.ts';
import { PayloadAssembler } from '../../../wire/packet-queue.ts';
import { encodeExecute, encodeStatementCommand } from '../../../wire/statement-packets.ts';
import { decodeTextRow } from '../../../wire/text-row.ts';
import { EngineError, errorMessage } from '../../engine-error.ts';
import { type AnswerReader, OkReader, PrepareReader, type PreparedStatement, RowsReader } from './answers.ts';
import type { WireLogin } from './wire-session.ts';

/** From the first packet of TCP to a session that is ready. */
const LOGIN_TIMEOUT_MILLISECONDS = 5000;

const NEEDED = CAPABILITY.protocol41 | CAPABILITY.pluginAuthentication | CAPABILITY.deprecateEof;

interface Exchange {
  readonly reader: AnswerReader;
  resolve(): void;
  reject(error: Error): void;
}

/** See above. None of its requests has a time limit but the signal's, and an abort closes it. */
export class RowSession implements FrameSink {
  readonly #name: string;
  readonly #channel: PacketChannel;
  readonly #capabilities: Capabilities;
  readonly #lost: 'Unreachable' | 'SourceLost';
  readonly #assembler = new PayloadAssembler();
  readonly #exchanges: Exchange[] = [];
  #failure: Error | undefined;

  private constructor(
    name: string,
    { channel, capabilities }: Awaited<ReturnType<typeof logIn>>,
    lost: 'Unreachable' | 'SourceLost',
  ) {
    this.#name = name;
    this.#channel = channel;
    this.#capabilities = capabilities;
    this.#lost = lost;
    channel.attach(this);
    channel.resume();
  }

  /** Logs in. EngineError: `lost` where the server cannot be reached, `AccessDenied`; the signal's reason. */
  static async open(
    login: WireLogin,
    lost: 'Unreachable' | 'SourceLost',
    signal: AbortSignal,
  ): Promise<RowSession> {
    try {
      const session = await logIn(
        {
          ...login,
          capabilities: addCapabilities(BASE_CAPABILITIES, 0, EXTENDED_CAPABILITY.bulkOperations),
          needed: NEEDED,
          programName: 'shardwright-mover',
          timeoutMilliseconds: LOGIN_TIMEOUT_MILLISECONDS,
        },
        signal,
      );
      return new RowSession(login.server.pod, session, lost);
    } catch (error) {
      signal.throwIfAborted();
      const refused = error instanceof LoginError && error.code === 'AccessDenied';
      throw new EngineError(refused ? 'AccessDenied' : lost, errorMessage(error), { cause: error });
    }
  }

  /** Runs one statement; its rows as text, as the server encodes it, if it has any. */
  async query(
    what: string,
    sql: string | Buffer,
    signal: AbortSignal,
  ): Promise<readonly (readonly (Buffer | null)[])[]> {
    const rows: (readonly (Buffer | null)[])[] = [];
    const text = typeof sql === 'string' ? Buffer.from(sql) : sql;
    const reader: RowsReader = new RowsReader(this.#about(what), this.#capabilities, (payload) =>
      rows.push(decodeTextRow(payload, reader.columns)),
    );
    await this.#exchange(what, Buffer.concat([Buffer.of(COMMAND.query), text]), reader, signal);
    return rows;
  }

  async prepare(what: string, sql: string, signal: AbortSignal): Promise<PreparedStatement> {
    const reader = new PrepareReader(this.#about(what), this.#capabilities);
    const command = Buffer.concat([Buffer.of(COMMAND.statementPrepare), Buffer.from(sql)]);
    await this.#exchange(what, command, reader, signal);
    return { id: reader.id, columns: reader.columns };
  }

  /** Forgets a prepared statement. */
  closePrepared({ id }: PreparedStatement): void {
    this.#channel.beginCommand();
    this.#channel.send(encodeStatementCommand(COMMAND.statementClose, id));
  }

  /** Executes a statement without parameters; `onRow` is given each binary row, a view that it has to be done with. */
  async stream(
    what: string,
    { id }: PreparedStatement,
    onRow: (payload: Buffer) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const command = encodeExecute({ statementId: id, cursor: 0, types: [], values: [] });
    const reader = new RowsReader(this.#about(what), this.#capabilities, onRow);
    await this.#exchange(what, command, reader, signal);
  }

  /** No more rows are handed on, but those of the frame at hand. */
  holdUp(): void {
    this.#channel.pause();
  }

  goOn(): void {
    this.#channel.resume();
  }

  /** Sends a command without rows, made by the caller. */
  async command(what: string, command: Buffer, signal: AbortSignal): Promise<OkPacket> {
    const reader = new OkReader(this.#about(what), this.#capabilities);
    await this.#exchange(what, command, reader, signal);
    if (reader.ok === undefined) {
      throw new EngineError(this.#lost, `${this.#about(what)}: no answer`);
    }
    return reader.ok;
  }

  /** Closes the connection; an open transaction is rolled back. */
  close(): void {
    this.#channel.destroy();
  }

  frame(buffer: Buffer, start: number, end: number): void {
    const payload = this.#assembler.add(buffer, start, end);
    const [exchange] = this.#exchanges;
    if (payload === null || exchange === undefined) {
      return;
    }
    if (exchange.reader.take(payload)) {
      this.#exchanges.shift();
      const { failure } = exchange.reader;
      if (failure === undefined) {
        exchange.resolve();
      } else {
        exchange.reject(failure);
      }
    }
  }

  settled(): void {
    // Every payload is handed on by itself.
  }

  closed(cause: Error | null): void {
    this.#failure ??= new EngineError(
      this.#lost,
      `${this.#name}: ${cause === null ? 'the connection was closed' : errorMessage(cause)}`,
      cause === null ? {} : { cause },
    );
    for (const exchange of this.#exchanges.splice(0)) {
      exchange.reject(this.#failure);
    }
  }

  async #exchange(what: string, command: Buffer, reader: AnswerReader, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#failure !== undefined) {
      throw new EngineError(this.#lost, `${this.#about(what)}: ${errorMessage(this.#failure)}`, {
        cause: this.#failure,
      });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // The answer that is still to come would be taken for that of the next request.
    const onAbort = (): void => {
      this.#failure = abortReason(signal);
      this.#channel.destroy();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#exchanges.push({ reader, resolve, reject });
    this.#channel.beginCommand();
    this.#channel.send(command);
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #about(what: string): string {
    return `${this.#name}: ${what}`;
  }
}
