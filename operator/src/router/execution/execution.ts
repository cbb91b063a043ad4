/** One session's statements at work: what the ways of running them have in common. */
import type { ConsistencyLevel, TransactionMode } from '../../api/v1alpha1/index.ts';
import type { Completion } from '../backend/outcome.ts';
import { SESSION_STATUS_BITS, type Session } from '../session/session.ts';
import { withWrite } from '../session/write-token.ts';
import type { Access, Place } from '../routing/route.ts';
import { locate, noShard, type Topology } from '../topology/topology.ts';
import type { HoldReason } from '../topology/statement-hold.ts';
import { SERVER_STATUS } from '../../wire/server-status.ts';
import type { Environment } from './environment.ts';
import { clientError } from './errors.ts';
import type { AnswerEnd } from './relay-sink.ts';
import { holdWhile } from './hold-while.ts';
import type { BindingPlace } from './place-description.ts';
import type { HoldingSink, ShardAnswer, ShardRequest } from './shard-request.ts';
import { runOnShard } from './shard-runner.ts';
import { switchInTheWay } from './switch-in-the-way.ts';
import { RouteOutdated } from './route-outdated.ts';
import { bindTransaction } from './transactions.ts';

/** See the methods. */
export class Execution {
  readonly environment: Environment;
  readonly session: Session;
  /** Whether the statement under way was answered with an error. */
  hasFailed = false;

  constructor(environment: Environment, session: Session) {
    this.environment = environment;
    this.session = session;
  }

  /** The newest map. Throws ClientError before the first. */
  topology(): Topology {
    const topology = this.environment.topology.current;
    if (topology === undefined) {
      throw clientError('unknown', 'Shardwright has no map of the cluster yet; try again');
    }
    return topology;
  }

  /** Runs a statement on one shard; see {@link runOnShard}. */
  onShard<Sink extends HoldingSink>(
    request: ShardRequest<Sink>,
    signal: AbortSignal,
  ): Promise<ShardAnswer<Sink>> {
    return runOnShard(this.environment, this.session, request, signal);
  }

  /**
   * Waits until none of the places is about to change its shard, so that a statement for several of them does not stop in the
   * middle and keep what it has locked. Throws ClientError 1205 as {@link holdWhile} does.
   */
  async settle(places: readonly Place[], mode: Access['mode'], signal: AbortSignal): Promise<void> {
    await holdWhile(
      this.environment,
      () => {
        const topology = this.topology();
        if (places.some((place) => place.kind === 'slot' && locate(topology, place, noShard) === undefined)) {
          throw new RouteOutdated(true);
        }
        const reason = topology.moves.size === 0 ? undefined : this.#firstInTheWay(topology, places, mode);
        return reason === undefined ? { kind: 'done', value: undefined } : { kind: 'wait', reason };
      },
      signal,
    );
  }

  #firstInTheWay(topology: Topology, places: readonly Place[], mode: Access['mode']): HoldReason | undefined {
    for (const place of places) {
      const location = locate(topology, place, noShard);
      const reason =
        location === undefined ? undefined : switchInTheWay(topology, this.session, location, mode);
      if (reason !== undefined) {
        return reason;
      }
    }
    return undefined;
  }

  /** A shard for what several have: where the transaction is, else one that depends on the session. */
  preferredShard({ shards }: Topology, among: readonly number[]): number | undefined {
    const { transaction, client } = this.session;
    const participant =
      transaction.kind === 'open'
        ? [...transaction.participants.keys()].find((shard) => among.includes(shard))
        : undefined;
    if (participant !== undefined) {
      return participant;
    }
    const usable = among.filter((shard) => shards.get(shard)?.primary !== undefined);
    return usable[client.connectionId % Math.max(1, usable.length)] ?? among[0];
  }

  /** Whether transactions may span slots: by the session, else the user, else the keyspace. */
  transactionMode(keyspace: string | null): TransactionMode {
    const { wishes, user } = this.session;
    const topology = this.topology();
    return (
      wishes.transactions ??
      topology.users.get(user)?.transactions ??
      (keyspace === null ? undefined : topology.places.get(keyspace)?.transactions) ??
      'Single'
    );
  }

  /** Level of reads that nothing nearer decides: by the user, else the keyspace. */
  consistency(keyspace: string | null): ConsistencyLevel {
    const topology = this.topology();
    return (
      topology.users.get(this.session.user)?.consistency ??
      (keyspace === null ? undefined : topology.places.get(keyspace)?.consistency) ??
      'Strong'
    );
  }

  /** Binds the open transaction, if its mode asks for that. */
  bind(keyspace: string | null, places: readonly BindingPlace[]): void {
    if (this.session.transaction.kind === 'open') {
      bindTransaction(this.session, this.transactionMode(keyspace), places);
    }
  }

  /** The session's part of an answer's end. What the server says it has committed is known before the client is told so. */
  answerEnd(hasMore: boolean, lastInsertId?: bigint, completion?: Completion): AnswerEnd {
    const written = completion?.changes?.systemVariables?.get('last_gtid');
    if (written !== undefined) {
      this.session.token = withWrite(this.session.token, written);
    }
    return {
      status: this.status(hasMore),
      statusBits: SESSION_STATUS_BITS | SERVER_STATUS.moreResults,
      lastInsertId,
    };
  }

  /** Status of an answer that the router makes itself. */
  status(hasMore: boolean): number {
    return this.session.status | (hasMore ? SERVER_STATUS.moreResults : 0);
  }

  /** Remembers what LAST_INSERT_ID(), ROW_COUNT() and FOUND_ROWS() will be asked for; without `insertId` or `foundRows` the last stays. */
  succeeded(
    completion: Pick<Completion, 'affectedRows'> | undefined,
    insertId: bigint | undefined,
    kind: string,
    foundRows: bigint = this.session.last.foundRows,
  ): void {
    const { last } = this.session;
    if (completion === undefined) {
      this.session.last = { ...last, foundRows };
      return;
    }
    const changesRows = kind === 'insert' || kind === 'update' || kind === 'delete' || kind === 'loadData';
    this.session.last = {
      insertId: insertId ?? last.insertId,
      rowCount: kind === 'select' ? -1n : changesRows ? completion.affectedRows : 0n,
      foundRows,
    };
  }

  /** After an error: ROW_COUNT() is -1. */
  failed(): void {
    this.hasFailed = true;
    this.session.last = { ...this.session.last, rowCount: -1n };
  }
}
