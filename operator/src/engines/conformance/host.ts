/** What a harness supplies so that the conformance suite can drive real servers. Engine-neutral. */
import type { BootOrder } from '../boot.ts';
import type { Engine } from '../engine.ts';
import type { Member } from '../member.ts';
import type { SourceAddress } from '../member-state.ts';
import type { StartProgram } from '../programs.ts';

/** An application that appends numbers and reads them back, over the engine's client protocol and TLS. */
export interface WorkloadClient {
  /** Makes the place for the numbers, unless it is there. */
  prepare(): Promise<void>;
  /** Appends a number with as much payload as the engine takes in one change. Resolves when acknowledged. */
  appendLargest(number: number): Promise<void>;
  /** Appends a number. Rejects when the server refuses; `unknown` when it gave no answer in time. */
  append(number: number, timeoutMilliseconds: number): Promise<'acknowledged' | 'unknown'>;
  /**
   * Appends a number by a change that is part of no transaction, which no start of a server takes back. Resolves and
   * rejects as `append`.
   */
  appendForGood(number: number, timeoutMilliseconds: number): Promise<'acknowledged' | 'unknown'>;
  /** Changes the definition of a table, which no start of a server takes back, either. Likewise. */
  define(timeoutMilliseconds: number): Promise<'acknowledged' | 'unknown'>;
  /** All numbers, ascending. */
  read(): Promise<readonly number[]>;
  close(): void;
}

/** One server that the suite may start, stop and hurt. */
export interface HostedMember {
  readonly member: Member;
  readonly address: SourceAddress;
  /** Prepares a start by `order` and starts the server, which need not answer yet. */
  start(order: BootOrder): Promise<void>;
  /** Sends a signal to the server, and waits until it has ended or, after SIGSTOP, none of its threads runs any more. Harmless when none runs. */
  signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Resolves when the server that was started last has ended; with its log since then. */
  ended(): Promise<string>;
  /** Connects as an application. Its account is one of `HostedShard.accounts`. */
  client(): Promise<WorkloadClient>;
  /** Logs in as a user: the schemas it may use, sorted, the engine's own left out; undefined where it is refused. */
  schemasOf(user: string, password: string): Promise<readonly string[] | undefined>;
  /** Makes a user as a person would, who sees nothing. */
  makeUser(user: string, password: string): Promise<void>;
  /** Logs in as a user: whether it may read who the users are, and the numbers. */
  mayRead(user: string, password: string): Promise<{ readonly users: boolean; readonly rows: boolean }>;
  /** Stops applying, as an error would, while receiving goes on. */
  stopApplying(): Promise<void>;
  /** Makes applying wait, as a lock would; the function returned lets it go on. */
  blockApplying(): Promise<() => Promise<void>>;
  /** Makes looks at the server wait, as a lock would; the function returned lets them go on. */
  blockLooks(): Promise<() => Promise<void>>;
  /** Limits the statements of sessions that begin from now on as tightly as the server can; the function returned ends that. */
  limitStatements(): Promise<() => Promise<void>>;
  /** Begins a new part of the log of changes. */
  rotateLog(): Promise<void>;
  /** Resolves when it has sent all its changes to whoever receives them: what is on its way arrives though it dies. */
  sentAll(): Promise<void>;
  /** Begins a new part of what is received. */
  rotateReceivedLog(): Promise<void>;
  /** A file of changes that was kept, as text in which their numbers stand. */
  readKept(path: string): Promise<string>;
  /** Leaves, while no server runs, the end of what was received as a crash may: with a change cut off in it. */
  tearReceivedLog(): Promise<void>;
  /** Leaves, while no server runs, a last part of what was received that is only begun, with nothing in it. */
  beginReceivedLog(): Promise<void>;
  /** Everything the server has logged, for a search for secrets: its own log and those it keeps as files. */
  logs(): Promise<string>;
  /** A member object on the same files whose programs are started by `wrap(start)`. */
  withPrograms(wrap: (start: StartProgram) => StartProgram): Member;
}

/** Passwords of the accounts that the suite uses. */
export interface HostedPasswords {
  readonly application: string;
  readonly replication: string;
}

/** A shard of three members, none of them initialised, on one machine. */
export interface HostedShard {
  readonly engine: Engine;
  readonly members: readonly [HostedMember, HostedMember, HostedMember];
  readonly passwords: HostedPasswords;
  /** Every password in use, those that members have made for themselves included. */
  secrets(): Promise<readonly string[]>;
  /** Files that hold a secret: nobody but the server's user may read them. */
  secretFiles(): Promise<readonly string[]>;
  /** Command lines of all processes that the suite has started, seen throughout. */
  commandLines(): Promise<readonly string[]>;
}
