import type { Duplex } from 'node:stream';
import { withScope } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { CAPABILITY, hasCapability } from '../../wire/capabilities.ts';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import { PacketChannel } from '../../wire/packet-channel.ts';
import { PacketQueue } from '../../wire/packet-queue.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import { encodeError } from '../../wire/server-error.ts';
import { SERVER_STATUS } from '../../wire/server-status.ts';
import { AnswerWriter } from './answer-writer.ts';
import { KilledError, type KillScope } from './client-error.ts';
import type { ClientLimits } from './client-limits.ts';
import { type ArrivingClient, changeClientUser, logInClient, type LoginOptions } from './client-login.ts';
import type { ClientObserver } from './client-observer.ts';
import { type ClientProcess, processCommand } from './client-process.ts';
import type { ClientFacts, CommandHandler, OpenSession } from './command-handler.ts';
import { CommandRunner } from './command-runner.ts';
import {
  EndError,
  endReason,
  lastWords,
  loginTimeout,
  refusalReason,
  shuttingDown,
  tooManyOfUser,
} from './connection-end.ts';
import { IdleWatch } from './idle-watch.ts';
import type { UserCounts } from './user-counts.ts';

/** What all connections of a listener share. */
export interface ConnectionOptions {
  readonly login: LoginOptions;
  readonly limits: ClientLimits;
  readonly users: UserCounts;
  readonly openSession: OpenSession;
  readonly observer: ClientObserver;
  readonly clock: Clock;
}

/** Most bytes of one packet before the login has succeeded: nobody unknown may make us hold more. */
const LOGIN_PACKET_BYTES = 64 * 1024;

/** Most bytes of a statement that lists of processes show. */
const SHOWN_STATEMENT_BYTES = 64 * 1024;

/** How long a client may take to read its last answer before the connection is closed under it. */
const LINGER_MILLISECONDS = 2000;

/** One client from its arrival to its end: login, then one command after the other. */
export class ClientConnection {
  readonly connectionId: number;
  readonly #options: ConnectionOptions;
  readonly #channel: PacketChannel;
  readonly #packets: PacketQueue;
  readonly #client: ArrivingClient;
  readonly #life = new AbortController();
  #runner: CommandRunner | null = null;
  #user: string | null = null;
  #draining = false;
  /** When the command that runs has begun, or the last one has ended. */
  #since = 0;
  #opened: CommandHandler | null = null;
  #idleness: IdleWatch | null = null;

  constructor(stream: Duplex, connectionId: number, address: string, options: ConnectionOptions) {
    this.connectionId = connectionId;
    this.#options = options;
    this.#channel = new PacketChannel(stream, {
      maxPayload: LOGIN_PACKET_BYTES,
      highWaterMark: options.limits.highWaterMarkBytes,
      checkSequence: true,
    });
    this.#packets = new PacketQueue(this.#channel, (cause) => {
      const broken = cause instanceof ProtocolError && cause.code !== 'closed';
      this.#end(broken ? cause : new EndError('gone', cause));
    });
    this.#client = { channel: this.#channel, packets: this.#packets, connectionId, address };
  }

  /** The client's user once it has logged in, for KILL by others and the process list. */
  get user(): string | null {
    return this.#user;
  }

  /** For the list of processes; null before the login. */
  process(): ClientProcess | null {
    const opened = this.#opened;
    if (opened === null || this.#user === null) return null;
    const { database, statement, progress } = opened.shown();
    const code = this.#runner?.code ?? null;
    return {
      id: this.connectionId,
      user: this.#user,
      host: this.#client.address,
      database,
      command: processCommand(code),
      milliseconds: this.#options.clock.monotonic() - this.#since,
      state: progress?.text ?? '',
      percent: progress?.percent ?? 0,
      statement: code === null ? null : (statement?.toString('utf8', 0, SHOWN_STATEMENT_BYTES) ?? null),
    };
  }

  /** Lives the connection's whole life. Never rejects. */
  async run(): Promise<void> {
    const { observer } = this.#options;
    observer.arrived();
    let opened: { facts: ClientFacts; session: CommandHandler };
    try {
      opened = await this.#logIn();
    } catch (error) {
      observer.refused(refusalReason(error), error);
      this.#leave(lastWords(error));
      return;
    }
    observer.accepted();
    let end: unknown;
    try {
      await this.#serve(opened.facts, opened.session);
    } catch (error) {
      end = this.#life.signal.aborted ? this.#life.signal.reason : error;
    }
    // Aborts what the session may still have under way, then waits for it to give everything back.
    this.#end(end);
    this.#leave(this.#runner?.amidAnswer === true ? null : lastWords(end));
    await opened.session.close().catch((error: unknown) => {
      observer.failed(error);
    });
    observer.ended(endReason(end), end);
  }

  /** Ends the command that runs (nothing, when none does), or the whole connection. */
  kill(scope: KillScope): void {
    if (scope === 'query') this.#runner?.cancel(new KilledError('query'));
    else this.#end(new EndError('killed', new KilledError('connection')));
  }

  /** Ends the connection as soon as no command runs and no transaction is open. */
  drain(): void {
    this.#draining = true;
    this.#endIfDrained();
  }

  /** Ends the connection now: a command that runs is aborted, and its client told so. */
  shutDown(): void {
    this.#end(new EndError('shutdown', shuttingDown()));
  }

  async #logIn(): Promise<{ facts: ClientFacts; session: CommandHandler }> {
    const { login, limits, openSession } = this.#options;
    return this.#withinLoginTime(async (signal) => {
      const { facts, message } = await logInClient(this.#client, login, signal);
      this.#enter(facts);
      const session = await openSession(facts, signal);
      this.#channel.maxPayload = limits.maxPacketBytes;
      const answer = this.#answer(facts, session);
      answer.ok({ ...PLAIN_OK, status: session.status(), message });
      if (hasCapability(facts.capabilities, CAPABILITY.compress)) this.#channel.compress();
      return { facts, session };
    });
  }

  async #withinLoginTime<Result>(body: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { clock, limits } = this.#options;
    return withScope(this.#life.signal, async (signal, scope) => {
      const timer = clock.setTimer(limits.loginTimeoutMilliseconds, () => {
        scope.abort(loginTimeout());
      });
      try {
        return await body(signal);
      } finally {
        timer.cancel();
      }
    });
  }

  #enter({ identity }: ClientFacts): void {
    const { users, limits } = this.#options;
    const limit = Math.min(identity.maxConnections ?? Infinity, limits.maxConnectionsPerUser);
    if (this.#user !== null) users.leave(this.#user);
    this.#user = null;
    if (!users.enter(identity.user, limit)) throw tooManyOfUser(identity.user);
    this.#user = identity.user;
  }

  #answer(facts: ClientFacts, session: CommandHandler): AnswerWriter {
    const { clock, limits } = this.#options;
    return new AnswerWriter({
      channel: this.#channel,
      packets: this.#packets,
      capabilities: facts.capabilities,
      takeChanges: () => session.takeChanges(),
      clock,
      writeTimeoutMilliseconds: limits.writeTimeoutMilliseconds,
      tooSlow: () => {
        this.#end(new EndError('slow'));
        this.#channel.destroy();
      },
    });
  }

  async #serve(facts: ClientFacts, session: CommandHandler): Promise<void> {
    const life = this.#life.signal;
    let present = facts;
    const answer = this.#answer(facts, session);
    const runner = new CommandRunner(session, answer, life, this.#options.observer, async (fields) => {
      present = await this.#withinLoginTime(async (signal) => {
        const changed = await changeClientUser(this.#client, present, fields, this.#options.login, signal);
        this.#enter(changed);
        await session.changeUser(changed, signal);
        return changed;
      });
    });
    this.#runner = runner;
    this.#opened = session;
    const { clock, limits } = this.#options;
    this.#idleness = new IdleWatch(
      clock,
      limits.idleTimeoutMilliseconds,
      () => (runner.running ? 0 : clock.monotonic() - this.#since),
      () => this.#end(new EndError('idle')),
    );
    for (;;) {
      this.#endIfDrained();
      life.throwIfAborted();
      this.#since = clock.monotonic();
      this.#channel.beginCommand();
      const payload = await this.#packets.next(null);
      this.#since = clock.monotonic();
      await runner.run(payload);
      if (answer.congested) await answer.drained(life);
    }
  }

  #endIfDrained(): void {
    const runner = this.#runner;
    if (!this.#draining || runner === null || runner.running) return;
    if ((runner.status() & SERVER_STATUS.inTransaction) === 0) this.#end(new EndError('shutdown'));
  }

  /** Aborts everything under way. A client that waits for no answer is left at once: nothing could be told. */
  #end(reason: unknown): void {
    if (this.#life.signal.aborted) return;
    this.#life.abort(reason);
    this.#idleness?.stop();
    // Who has broken the protocol waits for an answer.
    const waits = this.#runner === null || this.#runner.running || reason instanceof ProtocolError;
    if (!waits) this.#channel.end();
  }

  #leave(words: ReturnType<typeof lastWords>): void {
    const { clock, users } = this.#options;
    if (this.#user !== null) users.leave(this.#user);
    this.#user = null;
    if (words !== null) this.#channel.send(encodeError(words));
    this.#channel.end();
    clock.setTimer(LINGER_MILLISECONDS, () => {
      this.#channel.destroy();
    });
  }
}
