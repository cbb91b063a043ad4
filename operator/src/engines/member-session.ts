import type { Account, AccountChanges } from './accounts.ts';
import type { Acknowledgement } from './boot.ts';
import type { DatabaseChanges, DatabasesOrder } from './keyspaces.ts';
import type { MemberState } from './member-state.ts';
import type { Position } from './position.ts';
import type { SlotOperations } from './slot-operations.ts';
import type { Source } from './source.ts';
import type { CarriedUser, UserChanges, UsersOrder } from './users.ts';

/** What may be discarded of the log of changes. */
export interface RetentionRule {
  /** Positions that members still have to receive from: everything after the least of them stays. */
  readonly neededAfter: readonly Position[];
  /** Discard the oldest parts until no more than so many bytes remain, as far as the above allows. */
  readonly maximumBytes: number;
}

/** What retention did. */
export interface RetentionResult {
  readonly discardedBytes: number;
  readonly remainingBytes: number;
  /** The position that kept the log above its budget, if one did. */
  readonly heldBy?: Position;
}

/** Watching a server. */
export interface Observing {
  /**
   * One pass over the server. Answers within four seconds or rejects with `Timeout` or `Unreachable`, also
   * while the server's writers hang. Rejecting does not end the session.
   */
  observe(signal: AbortSignal): Promise<MemberState>;
  /**
   * Resolves when the server has answered a question that it need do nothing for, whatever an `observe` waits for;
   * otherwise as `observe`.
   */
  probe(signal: AbortSignal): Promise<void>;
}

/** How far a replica that receives no more has come. */
export interface HeldPositions {
  /** Final, until it is told to follow. */
  readonly received: Position;
  /** Grows until it reaches `received`. */
  readonly applied: Position;
}

/** Changing a server's role. Each is safe to repeat, and one at a time: the caller sees to that. */
export interface Roles {
  /**
   * Makes this member a replica of `source`, from the position it has applied, and starts receiving and
   * applying. Nothing happens when it follows that source already and both run. `ReceivedNotApplied` when that
   * would discard received changes. A member that takes writes: `Refused`.
   */
  follow(source: Source, signal: AbortSignal): Promise<void>;
  /**
   * Stops receiving and leaves applying at work. What the member then has received is final. May take seconds while
   * the source is silent, an instant when it is dead. A server that takes writes: `Refused`.
   */
  stopReceiving(signal: AbortSignal): Promise<HeldPositions>;
  /** Waits until `position` is applied; false when that has not happened in time or applying has failed. */
  awaitApplied(position: Position, timeoutMilliseconds: number, signal: AbortSignal): Promise<boolean>;
  /**
   * Ends following and gets ready to be followed, still closed for writes. `Refused` while it receives,
   * `ReceivedNotApplied` while something received is not applied.
   */
  becomePrimary(acknowledgement: Acknowledgement, signal: AbortSignal): Promise<void>;
  /**
   * Records `epoch` in the database, which waits for an acknowledgement like any commit, and opens the server
   * for writes. `Refused` for a replica, when a later epoch is recorded, or when commits wait for a replica
   * and none is connected.
   */
  openWrites(epoch: number, signal: AbortSignal): Promise<void>;
  /**
   * Closes the server for writes and waits until no write is under way. On `Timeout` it stays open. No fence for a
   * primary whose commits wait for a replica: that takes a kill. Returns where its log ends.
   */
  closeWrites(timeoutMilliseconds: number, signal: AbortSignal): Promise<Position>;
  /**
   * Ends all sessions on a closed primary whose log ends at `end`, and drops its rule for acknowledgements, so that it can
   * follow another. `Refused` where it is open, follows, or ends elsewhere, and while a commit waits for an
   * acknowledgement; `Timeout` where a session does not end. Sessions may have been ended all the same; nothing else has
   * changed.
   */
  stepDown(end: Position, signal: AbortSignal): Promise<void>;
  /**
   * Ends those of the sessions in the order that are clients' and do nothing at the moment. Returns all sessions of clients
   * that are left, the order's and others. The agent's own and replicas are no clients.
   */
  endIdleClients(order: IdleClientsOrder, signal: AbortSignal): Promise<readonly number[]>;
  /**
   * Applies what was received before the server stopped and is not applied yet; afterwards `follow` and
   * `becomePrimary` are safe. To be called after a boot, before either, on a member that received as a
   * replica. Returns the position reached. Nothing to do: returns at once.
   */
  salvage(signal: AbortSignal): Promise<Position>;
}

/** Which sessions an `endIdleClients` means. */
export interface IdleClientsOrder {
  /** By the numbers that an earlier call has returned. */
  readonly ids: readonly number[];
  /** Accounts and users that do not count as clients. */
  readonly besides: readonly string[];
}

/** Whether commits wait for a replica. */
export interface Acknowledging {
  /**
   * Sets the rule. `none` while the server takes writes, or while a commit waits, is `Refused`: that commit
   * would be reported as done though no replica has it.
   */
  setAcknowledgement(rule: Acknowledgement, signal: AbortSignal): Promise<void>;
  /** Waits until a replica is connected that acknowledges; false when none was in time. */
  awaitAcknowledger(timeoutMilliseconds: number, signal: AbortSignal): Promise<boolean>;
}

/** Upkeep. */
export interface Upkeep {
  /**
   * Makes or alters accounts, passwords included, on a primary (open or not): replicas get them by
   * replication. Changes nothing, and writes nothing, where all are as they should be. `Refused` for a replica,
   * and for the same reason as a heartbeat.
   */
  ensureAccounts(accounts: readonly Account[], signal: AbortSignal): Promise<AccountChanges>;
  /**
   * Makes the databases of keyspaces that are missing, and gives the roles of each keyspace rights on exactly those; never
   * drops a database, and gives no rights on one that is fenced by the order's revision of the map or a later one; a fence of an
   * earlier one has ended. Changes nothing, and writes nothing, where all is as it should be. Works for half a second at
   * most and is to be called again until it is complete. `Refused` as for accounts.
   */
  ensureDatabases(order: DatabasesOrder, signal: AbortSignal): Promise<DatabaseChanges>;
  /**
   * Makes or alters users, passwords included, and drops those it made before that are no longer among them. A user of
   * that name that it has not made is left as it is. Carried users are made where they are missing; until the list is final, those
   * that were made so follow it. Otherwise as for accounts.
   */
  ensureUsers(order: UsersOrder, signal: AbortSignal): Promise<UserChanges>;
  /** The users of a primary that were made by nobody of ours, as far as they can be carried to another server. */
  readCarriedUsers(signal: AbortSignal): Promise<readonly CarriedUser[]>;
  /**
   * Writes the heartbeat row on a primary. Waits for an acknowledgement like any commit: `Timeout` after
   * `timeoutMilliseconds`; while that one hangs, further calls are `Busy` and send nothing. `Refused` on a closed primary whose commits
   * wait for a replica while none is connected: a commit that hangs there keeps it from being cloned.
   */
  writeHeartbeat(epoch: number, timeoutMilliseconds: number, signal: AbortSignal): Promise<void>;
  /** Makes the server use its certificate's files as they now are; connections that exist stay as they are. */
  reloadCertificates(signal: AbortSignal): Promise<void>;
  /** Discards the oldest parts of the log of changes by the rule. */
  applyRetention(rule: RetentionRule, signal: AbortSignal): Promise<RetentionResult>;
}

/**
 * A connection to one run of one server. It never reconnects: after the server has ended, every call rejects
 * with `Unreachable`, so that no request meant for one run takes effect in the next.
 */
export interface MemberSession extends Observing, Roles, Acknowledging, Upkeep {
  /**
   * Resolves, once, with the reason, when the connection is gone. With an EngineError `Unreachable` it is the
   * quickest sign of a server's death, though no proof; with `Timeout` a request got no answer in time.
   */
  readonly ended: Promise<Error>;
  /** Moving databases from shard to shard. Works on connections of its own: it holds up nothing else, and ends with the session. */
  readonly slots: SlotOperations;
  /** Closes the connection; the server goes on. */
  close(): void;
}
