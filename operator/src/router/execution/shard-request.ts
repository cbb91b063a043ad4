/** What is asked of one shard, and what comes of it. */
import type { ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import type { BackendConnection, Surroundings } from '../backend/backend-connection.ts';
import type { Outcome } from '../backend/outcome.ts';
import type { ResultSink } from '../backend/result-sink.ts';
import type { Access } from '../routing/route.ts';
import type { Server } from '../topology/servers.ts';
import type { HoldReason } from '../topology/statement-hold.ts';
import type { Location, Topology } from '../topology/topology.ts';

/** An answer's receiver that keeps an error to itself until it is asked for. */
export interface HoldingSink extends ResultSink {
  readonly failure: { readonly error: { readonly errno: number; readonly message: string } } | undefined;
  /** Whether a part of the answer was handed on, so that the statement cannot be repeated. */
  readonly hasBegun: boolean;
}

/** One statement for one shard. */
export interface ShardRequest<Sink extends HoldingSink> {
  /** Asked before each attempt, since the map may change in between; undefined where the map has no such place. */
  readonly locate: (topology: Topology) => Location | undefined;
  readonly access: Access;
  /** Level of consistency where `access` names none. */
  readonly consistency: ConsistencyLevel;
  /** Whether it belongs to the session's transaction, if there is one. */
  readonly transactional: boolean;
  /**
   * Whether a server that answers with an error has executed nothing of it. Not so of CALL, whose procedure may have come to a
   * statement that fails. @default true
   */
  readonly isAtomic?: boolean;
  /** A receiver for one attempt. */
  readonly sink: () => Sink;
  /** What has to be asked of the connection that has run it, before anybody else gets it. */
  readonly after?: (connection: BackendConnection, outcome: Outcome, signal: AbortSignal) => Promise<void>;
  /** Hands the statement to the connection. */
  readonly send: (
    connection: BackendConnection,
    sink: Sink,
    surroundings: Surroundings,
    signal: AbortSignal,
  ) => Promise<Outcome>;
}

/** How the last attempt ended. */
export interface ShardAnswer<Sink extends HoldingSink> {
  readonly outcome: Outcome;
  readonly sink: Sink;
  readonly server: Server;
}

/** What one attempt came to. */
export type Attempt<Sink extends HoldingSink> =
  | { readonly kind: 'answered'; readonly answer: ShardAnswer<Sink> }
  /** Nothing of it was executed. `reason` is what to wait for; null: the map has changed meanwhile, and it may go on. */
  | { readonly kind: 'again'; readonly reason: HoldReason | null };
