/**
 * A session at a server over our own protocol code: for statements of many megabytes that are bytes and not text, and for the
 * binary log, none of which the driver can carry.
 */
import { abortReason } from '../../../runtime/abort.ts';
import { BASE_CAPABILITIES, CAPABILITY, type Capabilities } from '../../../wire/capabilities.ts';
import { COMMAND } from '../../../wire/command-code.ts';
import { type LocalLogin, logIn, type RemoteLogin } from '../../../wire/login/log-in.ts';
import { LoginError } from '../../../wire/login/login-error.ts';
import { decodeOk, isEndOfRows, type OkPacket } from '../../../wire/ok-packet.ts';
import type { PacketChannel } from '../../../wire/packet-channel.ts';
import { PacketQueue } from '../../../wire/packet-queue.ts';
import { PayloadReader } from '../../../wire/payload-reader.ts';
import { decodeError, ERROR_HEADER, type ServerErrorText } from '../../../wire/server-error.ts';
import { decodeTextRow } from '../../../wire/text-row.ts';
import { EngineError, errorMessage, type EngineErrorCode } from '../../engine-error.ts';

/** Where, as whom, beginning with which statement, and by which clock. */
export type WireLogin =
  Pick<RemoteLogin, 'server' | 'trust' | LoginTerm> | Pick<LocalLogin, 'server' | LoginTerm>;
type LoginTerm = 'user' | 'credential' | 'sessionStart' | 'clock';

/** From the first packet of TCP to a session that is ready. */
const LOGIN_TIMEOUT_MILLISECONDS = 5000;

const NEEDED = CAPABILITY.protocol41 | CAPABILITY.pluginAuthentication | CAPABILITY.deprecateEof;

/** Requests one after the other. None has a time limit but the signal's: a commit may wait for a replica for ever. */
export class WireSession {
  readonly threadId: number;
  readonly #name: string;
  readonly #channel: PacketChannel;
  readonly #packets: PacketQueue;
  readonly #capabilities: Capabilities;
  readonly #lost: EngineErrorCode;

  private constructor(
    name: string,
    { channel, capabilities, threadId }: Awaited<ReturnType<typeof logIn>>,
    lost: EngineErrorCode,
  ) {
    this.#name = name;
    this.#channel = channel;
    this.#packets = new PacketQueue(channel);
    this.#capabilities = capabilities;
    this.#lost = lost;
    this.threadId = threadId;
  }

  /**
   * Logs in. EngineError: `lost` where the server cannot be reached, and later when the connection breaks; `AccessDenied`;
   * the signal's reason.
   */
  static async open(
    login: WireLogin,
    lost: 'Unreachable' | 'SourceLost',
    signal: AbortSignal,
  ): Promise<WireSession> {
    try {
      const session = await logIn(
        {
          ...login,
          capabilities: BASE_CAPABILITIES,
          needed: NEEDED,
          programName: 'shardwright-mover',
          timeoutMilliseconds: LOGIN_TIMEOUT_MILLISECONDS,
        },
        signal,
      );
      return new WireSession(login.server.pod, session, lost);
    } catch (error) {
      signal.throwIfAborted();
      const refused = error instanceof LoginError && error.code === 'AccessDenied';
      throw new EngineError(refused ? 'AccessDenied' : lost, errorMessage(error), { cause: error });
    }
  }

  /**
   * Runs one statement without rows. `what` names it in errors. EngineError `ServerError` (see `errnoOf`) when the server
   * refuses it; `lost` when the connection breaks: the statement may have taken effect. An abort closes the connection.
   */
  async execute(what: string, statement: string | Buffer, signal: AbortSignal): Promise<OkPacket> {
    const payload = await this.#ask(what, statement, signal);
    return decodeOk(payload, this.#capabilities);
  }

  /** Runs one query; its rows, as text. Errors as `execute`. */
  async select(
    what: string,
    query: string,
    signal: AbortSignal,
  ): Promise<readonly (readonly (string | null)[])[]> {
    const first = await this.#ask(what, query, signal);
    const columns = new PayloadReader(first).lengthEncoded();
    for (let index = 0; index < columns; index += 1) {
      await this.#next(what, signal);
    }
    const rows: (string | null)[][] = [];
    for (;;) {
      const payload = await this.#next(what, signal);
      if (isEndOfRows(payload[0] as number, payload.length, this.#capabilities)) {
        return rows;
      }
      this.#throwIfRefused(what, payload);
      rows.push(decodeTextRow(payload, columns).map((field) => field?.toString('utf8') ?? null));
    }
  }

  /** Sends a command whose answers are read by somebody else from now on. */
  handOver(command: Buffer): PacketChannel {
    this.#channel.beginCommand();
    this.#channel.send(command);
    return this.#channel;
  }

  /** Closes the connection; what the server does not have yet is lost, and an open transaction is rolled back. */
  close(): void {
    this.#channel.destroy();
  }

  async #ask(what: string, statement: string | Buffer, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    const text = typeof statement === 'string' ? Buffer.from(statement) : statement;
    this.#channel.beginCommand();
    this.#channel.send(Buffer.concat([Buffer.of(COMMAND.query), text]));
    const payload = await this.#next(what, signal);
    this.#throwIfRefused(what, payload);
    return payload;
  }

  async #next(what: string, signal: AbortSignal): Promise<Buffer> {
    try {
      return await this.#packets.next(signal);
    } catch (error) {
      // The answer that is still to come would be taken for that of the next request.
      this.#channel.destroy();
      throw signal.aborted
        ? abortReason(signal)
        : new EngineError(this.#lost, `${this.#name}: ${what}: ${errorMessage(error)}`, { cause: error });
    }
  }

  #throwIfRefused(what: string, payload: Buffer): void {
    if (payload[0] === ERROR_HEADER) {
      throw refusal(`${this.#name}: ${what}`, decodeError(payload));
    }
  }
}

/** What a server said, as an error. Syntax errors quote the statement, which may be rows: not their words. */
export function refusal(what: string, { errno, sqlState, message }: ServerErrorText): EngineError {
  const words = errno === SYNTAX_ERROR ? 'syntax error' : message;
  return new EngineError('ServerError', `${what}: ${errno} ${words}`, { cause: { errno, sqlState } });
}

const SYNTAX_ERROR = 1064;

/** The server's number for an error that it refused a statement with; undefined for other errors. */
export function errnoOf(error: unknown): number | undefined {
  const cause: unknown = error instanceof EngineError ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'errno' in cause && typeof cause.errno === 'number'
    ? cause.errno
    : undefined;
}
