import type { Member } from '../engines/member.ts';
import type { MemberSession } from '../engines/member-session.ts';
import type { MemberState } from '../engines/member-state.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import type { UsersState } from './protocol/users.ts';

/** A connection to the server that runs, and what this agent has done through it. */
interface Current {
  readonly pid: number;
  readonly session: MemberSession;
  salvaged: boolean;
  /** Why the last attempt at that failed, or at following; null where it has not. */
  replicationFailure: string | null;
  /** Whether that was the server's word about what it received before. */
  cannotApply: boolean;
  accountsDigest: string;
  /** Digest of the databases of keyspaces that this agent has made, or found. */
  databasesDigest: string;
  /** What became of the last order about users that was carried out; null before the first. */
  users: UsersState | null;
  certificatesDigest: string;
  /** The accounts that were there when this agent last told the server whom to follow. */
  followedDigest: string;
  /** Since when the server has failed to connect to its source; null while it has not. Monotonic milliseconds. */
  refusedSince: number | null;
  member: MemberState | null;
  /** Monotonic milliseconds. */
  observedAt: number;
  /** How often this agent has closed the server for writes. */
  closings: number;
  /** The look that is under way. */
  looking: Promise<void> | null;
  /** When the first of the looks began that have shown nothing since the last that has; null for none. Monotonic milliseconds. */
  unseenSince: number | null;
}

/** A look older than this says nothing about now. */
const STALE_MILLISECONDS = 6000;
/** Longest a connection may take to come about. */
const CONNECT_MILLISECONDS = 10_000;

export interface ServerSessionOptions {
  readonly member: () => Member;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the connection is gone. */
  readonly onEnded: () => void;
}

/** At most one session, with one run of the server. */
export class ServerSession {
  readonly #options: ServerSessionOptions;
  #current: Current | null = null;
  #startsInVain = 0;
  #couldNotApply = false;
  /** The start that this agent ordered last, and the certificates that were there then. */
  #started: { readonly pid: number; readonly certificatesDigest: string } | null = null;

  constructor(options: ServerSessionOptions) {
    this.#options = options;
  }

  get current(): Readonly<Omit<Current, 'member'>> | null {
    return this.#current;
  }

  /** What the server was last seen to be; null when that is longer ago than so many milliseconds. */
  state(longest = STALE_MILLISECONDS): MemberState | null {
    const current = this.#current;
    const isStale = current !== null && this.#options.clock.monotonic() - current.observedAt > longest;
    return isStale ? null : (current?.member ?? null);
  }

  /** Whether what was received could not be applied when that was last tried, in this run of the server or an earlier one. */
  get couldNotApply(): boolean {
    return this.#couldNotApply;
  }

  /** The data is another member's: nothing of what was said of it counts. */
  noteCloned(): void {
    this.#couldNotApply = false;
  }

  /** How often this agent has started a server that did not answer before the next start. */
  get startsInVain(): number {
    return this.#startsInVain;
  }

  /** A server is about to be started. */
  noteStart(): void {
    this.#startsInVain += 1;
  }

  noteStarted(pid: number, certificatesDigest: string): void {
    this.#started = { pid, certificatesDigest };
  }

  /** Connects to the server of process `pid`. */
  async connect(pid: number, signal: AbortSignal): Promise<void> {
    const { member, clock } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MILLISECONDS)]);
    const session = await member().connect(limit);
    // What a server has loaded that another agent started is not known, and then not current.
    const certificatesDigest = this.#started?.pid === pid ? this.#started.certificatesDigest : '';
    const current: Current = {
      pid,
      session,
      certificatesDigest,
      salvaged: false,
      replicationFailure: null,
      cannotApply: false,
      accountsDigest: '',
      databasesDigest: '',
      users: null,
      followedDigest: '',
      refusedSince: null,
      member: null,
      observedAt: clock.monotonic(),
      closings: 0,
      looking: null,
      unseenSince: null,
    };
    this.#startsInVain = 0;
    this.#current?.session.close();
    this.#current = current;
    void this.#awaitEnd(current);
  }

  async #awaitEnd(current: Current): Promise<void> {
    const { logger, onEnded } = this.#options;
    const reason = await current.session.ended;
    logger.info('session with the server has ended', { pid: current.pid, ...errorFields(reason) });
    if (this.#current === current) {
      this.#current = null;
      onEnded();
    }
  }

  /** Gives up a session with a server that is not the one that runs. */
  keepOnly(pid: number | null): void {
    if (this.#current !== null && this.#current.pid !== pid) {
      this.#current.session.close();
      this.#current = null;
    }
  }

  /** Looks at the server, unless a look is under way; resolves when that look has ended, whatever came of it. */
  look(signal: AbortSignal): Promise<void> {
    const current = this.#current;
    if (current === null) {
      return Promise.resolve();
    }
    current.looking ??= this.#look(current, signal).finally(() => {
      current.looking = null;
    });
    return current.looking;
  }

  /** Resolves when the server has answered. Rejects when it does not, or there is no session. */
  async probe(signal: AbortSignal): Promise<void> {
    await this.require().probe(signal);
  }

  /** Looks at the server after whatever look is under way: what it sees is later than this call. */
  async lookAgain(signal: AbortSignal): Promise<void> {
    await this.#current?.looking;
    await this.look(signal);
  }

  async #look(current: Current, signal: AbortSignal): Promise<void> {
    current.unseenSince ??= this.#options.clock.monotonic();
    try {
      const { closings } = current;
      const seen = await current.session.observe(signal);
      current.member = closings === current.closings ? seen : { ...seen, writable: false };
      current.observedAt = this.#options.clock.monotonic();
      current.unseenSince = null;
      current.refusedSince = isRefused(current.member) ? (current.refusedSince ?? current.observedAt) : null;
    } catch (error) {
      if (!signal.aborted) {
        this.#options.logger.warn('the server could not be looked at', errorFields(error));
      }
    }
  }

  /** The session. Throws when there is none. */
  require(): MemberSession {
    if (this.#current === null) {
      throw new Error('there is no session with the server');
    }
    return this.#current.session;
  }

  noteSalvaged(): void {
    this.#couldNotApply = false;
    if (this.#current !== null) {
      this.#current.salvaged = true;
      this.#current.cannotApply = false;
      this.#current.replicationFailure = null;
    }
  }

  /** `isLasting`: the server has said no, and what it received is still not applied. */
  noteSalvageFailure(reason: string, isLasting: boolean): void {
    if (this.#current !== null) {
      this.#couldNotApply = isLasting;
      this.#current.cannotApply = isLasting;
      this.#current.replicationFailure = `salvaging failed: ${reason}`;
    }
  }

  noteFollowFailure(reason: string): void {
    if (this.#current !== null) {
      this.#current.replicationFailure = `following failed: ${reason}`;
    }
  }

  /** The server takes no writes any more: a look that began before does not know it, and a decision must not go by that. */
  noteClosed(): void {
    const current = this.#current;
    if (current !== null) {
      current.closings += 1;
      current.member = current.member === null ? null : { ...current.member, writable: false };
    }
  }

  /** The server was a primary, and is none any more: nothing that was seen or done there still counts. */
  noteSteppedDown(): void {
    if (this.#current !== null) {
      Object.assign(this.#current, { member: null, accountsDigest: '', databasesDigest: '', users: null });
    }
  }

  noteAccounts(digest: string): void {
    if (this.#current !== null) {
      this.#current.accountsDigest = digest;
    }
  }

  noteDatabases(digest: string): void {
    if (this.#current !== null) {
      this.#current.databasesDigest = digest;
    }
  }

  noteUsers(users: UsersState): void {
    if (this.#current !== null) {
      this.#current.users = users;
    }
  }

  noteFollowed(accountsDigest: string): void {
    if (this.#current !== null) {
      this.#current.followedDigest = accountsDigest;
      this.#current.replicationFailure = null;
      this.#current.refusedSince = null;
    }
  }

  /** Milliseconds for which the server has failed to connect to its source; 0 when it does not fail. */
  refusedFor(): number {
    const since = this.#current?.refusedSince ?? null;
    return since === null ? 0 : this.#options.clock.monotonic() - since;
  }

  /** Milliseconds for which looks at the server have shown nothing; 0 while they do, or there is no session. */
  unseenFor(): number {
    const since = this.#current?.unseenSince ?? null;
    return since === null ? 0 : this.#options.clock.monotonic() - since;
  }

  noteCertificates(digest: string): void {
    if (this.#current !== null) {
      this.#current.certificatesDigest = digest;
    }
  }

  close(): void {
    this.keepOnly(null);
  }
}

function isRefused({ role }: MemberState): boolean {
  return (
    role.kind === 'replica' &&
    role.following.receiving.kind === 'connecting' &&
    role.following.receiving.error !== undefined
  );
}
