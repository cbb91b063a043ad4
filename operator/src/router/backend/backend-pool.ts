/** Connections that are lent to sessions and taken back. */
import type {
  BackendConnection,
  BackendServer,
  ConnectionTraits,
  Surroundings,
} from './backend-connection.ts';
import type { Credential } from '../../wire/login/credential.ts';

/** Whom and what a connection is for. */
export interface LendRequest {
  readonly server: BackendServer;
  readonly user: string;
  /** Used for new connections. Connections made with another credential of the same user serve as well. */
  readonly credential: Credential;
  readonly traits: ConnectionTraits;
  /** Preferred: a connection that is so already; none is changed by lending. */
  readonly surroundings: Surroundings;
}

/** A lent connection. */
export interface Loan {
  readonly connection: BackendConnection;
  /**
   * Gives it back. `clean`: the session left nothing on it but its current database and its variables. Otherwise, and
   * wherever the connection itself knows better (an open transaction, a temporary table), it is reset before it is lent again.
   */
  giveBack(options: { readonly clean: boolean }): void;
}

/** All connections of one process to all servers. */
export interface BackendPools {
  /**
   * A connection to a server: an idle one, at once where it was in use of late, else a new one, else, when the server's limit is
   * reached, the next that becomes free. Rejects with BackendError; nothing was sent in any case.
   */
  lend(request: LendRequest, signal: AbortSignal): Loan | Promise<Loan>;
  /**
   * The servers that may be used from now on. Connections to others end at once, as do those to a server whose `epoch` changed
   * while it is or was the primary: what a former primary still answers must reach nobody.
   */
  retain(servers: readonly RetainedServer[]): void;
  /** Figures for metrics. */
  stats(): readonly PoolStats[];
  /** Ends all connections. */
  close(): void;
}

/** A server in its role. */
export interface RetainedServer {
  readonly server: BackendServer;
  readonly role: 'primary' | 'replica';
  readonly epoch: number;
  /** Databases that connections leave as soon as no transaction keeps them there; see {@link BackendConnection.leave}. */
  readonly closed: ReadonlySet<string>;
}

/** The connections to one server. */
export interface PoolStats {
  readonly pod: string;
  readonly idle: number;
  readonly lent: number;
  readonly opening: number;
  readonly waiting: number;
}
