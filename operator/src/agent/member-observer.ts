import type { PositionArithmetic } from '../engines/position.ts';
import type { RetentionRule } from '../engines/member-session.ts';
import type { Member } from '../engines/member.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { LauncherClient } from './launcher-client.ts';
import type { MountedFiles } from './mounted-files.ts';
import type { Observation, StandDown } from './observation.ts';
import type { PeerAddresses } from './peers.ts';
import type { PeerPositions } from './peer-positions.ts';
import type { MemberPlace } from './pod-contract.ts';
import { PrimaryHeartbeat } from './primary-heartbeat.ts';
import type { ServerState } from './protocol/agent-state.ts';
import type { UsersCommand } from './protocol/users.ts';
import { judgeReadFitness, NOT_FIT_YET, type ReadFitness } from './read-fitness.ts';
import { ReturnWatch, type ReturnWatchOptions } from './return-watch.ts';
import { ServerSession } from './server-session.ts';
import type { ShardMapReader } from './shard-map-reader.ts';
import { isNearlyFull, planRetention, type VolumeUsage } from './volume-usage.ts';
import { VolumeWatch } from './volume-watch.ts';

export interface MemberObserverOptions {
  readonly place: MemberPlace;
  readonly positionArithmetic: Pick<PositionArithmetic, 'empty'>;
  /** The member as the settings now describe it. */
  readonly member: () => Member;
  readonly volumePath: string;
  readonly launcher: LauncherClient;
  readonly shardMap: ShardMapReader;
  readonly files: MountedFiles;
  readonly peers: Pick<PeerAddresses, 'server'>;
  readonly positions: Pick<PeerPositions, 'position' | 'followed'>;
  readonly fetchState: ReturnWatchOptions['fetchState'];
  readonly measureVolume?: ((path: string) => Promise<VolumeUsage>) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when there is something new to see. */
  readonly onNews: () => void;
  /** Called when a replica is known to have acknowledged something at that time, in monotonic milliseconds. */
  readonly onAcknowledged: (at: number) => void;
}

/** What the operator has ordered beyond the map. */
export interface Orders {
  readonly standDown: StandDown | null;
  readonly preparedFor: number | null;
  readonly isRestartOrdered: boolean;
  readonly isHeldClosed: boolean;
  readonly isToStepDown: boolean;
  readonly usersOrder: UsersCommand | null;
}

/** A server that was not seen for so long gets no reads. */
const FITNESS_MILLISECONDS = 3000;
/** Two passes. */
const RECENT_MILLISECONDS = 1000;
/** Longer than a failover takes: nothing is begun anew while one may be under way. */
const SUSPICION_MILLISECONDS = 10_000;
const RETENTION_MILLISECONDS = 30_000;
const RETENTION_NEARLY_FULL_MILLISECONDS = 5000;

/** Gathers everything the agent decides by. Changes nothing. */
export class MemberObserver {
  readonly session: ServerSession;
  readonly volume: VolumeWatch;
  readonly returns: ReturnWatch;
  readonly heartbeat: PrimaryHeartbeat;
  readonly #options: MemberObserverOptions;
  #fitness: ReadFitness = NOT_FIT_YET;
  #retentionAt = -Infinity;
  /** When an order was last carried out. Monotonic milliseconds. */
  #orderedAt = -Infinity;
  /** Since when no server has run, as far as this agent saw; null while one does. Monotonic milliseconds. */
  #downSince: number | null = null;

  constructor(options: MemberObserverOptions) {
    const { place, member, volumePath, clock, logger, measureVolume, fetchState, onNews } = options;
    this.#options = options;
    this.session = new ServerSession({ member, clock, logger, onEnded: onNews });
    this.volume = new VolumeWatch({
      volumePath,
      clock,
      logger,
      onEnds: onNews,
      files: () => member().files,
      ...(measureVolume && { measure: measureVolume }),
    });
    this.heartbeat = new PrimaryHeartbeat({ ...options, session: this.session });
    this.returns = new ReturnWatch({
      pod: place.pod,
      files: () => member().files,
      fetchState,
      clock,
      logger,
      onNews,
    });
  }

  get fitness(): ReadFitness {
    return this.#fitness;
  }

  /** The server's process, by the launcher's word. */
  server(): ServerState {
    const status = this.#options.launcher.status();
    if (status === undefined) {
      return { kind: 'unknown', reason: 'not attached to the launcher' };
    }
    const { server, lastExit } = status;
    return server === null ? { kind: 'ended', lastExit } : { kind: 'running', ...server };
  }

  /** Whether the server was seen so lately that a change of its role need not wait for another look. */
  get isRecent(): boolean {
    const seenAt = this.session.current?.observedAt ?? -Infinity;
    return this.session.state(RECENT_MILLISECONDS) !== null && seenAt > this.#orderedAt;
  }

  /** The server was changed by an order: what was seen before is no longer so. */
  noteOrder(): void {
    this.#orderedAt = this.#options.clock.monotonic();
  }

  /** The server is known to have ended: what was seen of it is no longer so. */
  noteExit(): void {
    this.session.keepOnly(null);
    this.#noteDown();
  }

  #noteDown(): void {
    const isDown = this.server().kind === 'ended';
    this.#downSince = isDown ? (this.#downSince ?? this.#options.clock.monotonic()) : null;
  }

  isTerminating(): boolean {
    return this.#options.launcher.status()?.terminating ?? false;
  }

  /** Looks at everything; at the server no longer than until `patience` resolves, since it may hang. */
  async look(patience: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, files } = this.#options;
    const server = this.server();
    this.session.keepOnly(server.kind === 'running' ? server.pid : null);
    this.#noteDown();
    await this.volume.look(server, signal);
    await Promise.race([this.session.look(signal), patience()]);
    this.#lookAtReturn(server, signal);
    this.heartbeat.noteLook();
    this.#fitness = judgeReadFitness(this.#fitness, {
      member: this.session.state(FITNESS_MILLISECONDS),
      maxLagSeconds: files.settings().maxLagSeconds,
      now: clock.monotonic(),
    });
  }

  #lookAtReturn(server: ServerState, signal: AbortSignal): void {
    const { volume, ends, usage } = this.volume;
    this.returns.look(
      {
        shard: this.#options.shardMap.view(),
        server,
        volume,
        ends,
        member: this.session.state(),
        freeBytes: usage === null ? null : usage.totalBytes - usage.usedBytes,
        replicationFailure: this.session.current?.replicationFailure ?? null,
      },
      signal,
    );
  }

  /** What was seen last. */
  observation(orders: Orders, isNewTerm: boolean): Observation {
    const { standDown, preparedFor, isRestartOrdered, isHeldClosed, isToStepDown, usersOrder } = orders;
    const { place, shardMap, files, peers, clock } = this.#options;
    const shard = shardMap.view();
    const { current } = this.session;
    const primary = shard.kind === 'known' ? shard.shard.primary : null;
    return {
      pod: place.pod,
      shard,
      server: this.server(),
      downMilliseconds: this.#downSince === null ? 0 : clock.monotonic() - this.#downSince,
      terminating: this.isTerminating(),
      volume: this.volume.volume,
      engineVersion: files.settings().engine.version,
      hasSession: current !== null,
      startsInVain: this.session.startsInVain,
      member: this.session.state(),
      salvaged: current?.salvaged ?? false,
      accountsCurrent: files.accounts() === null ? null : current?.accountsDigest === files.accountsDigest(),
      madeDatabases: current?.databasesDigest ?? '',
      usersCurrent: usersOrder === null || current?.users?.digest === usersOrder.digest,
      certificatesCurrent: current === null || current.certificatesDigest === files.certificatesDigest(),
      retentionDue: this.#isRetentionDue(),
      passwordSuspected:
        this.session.refusedFor() >= SUSPICION_MILLISECONDS &&
        current?.followedDigest !== files.accountsDigest(),
      primaryAddress: primary === null ? null : peers.server(primary),
      standDown,
      preparedFor,
      restartOrdered: isRestartOrdered,
      returning: this.returns.facts,
      heldClosed: isHeldClosed,
      toStepDown: isToStepDown,
      isNewTerm,
    };
  }

  /** What of the logs of changes to discard now; null while that cannot be told. */
  retentionRule(): RetentionRule | null {
    const { positionArithmetic, positions, place, shardMap, clock } = this.#options;
    this.#retentionAt = clock.monotonic();
    const { usage } = this.volume;
    const member = this.session.state();
    const view = shardMap.view();
    if (usage === null || member?.logBytes.kind !== 'known' || view.kind !== 'known') {
      return null;
    }
    const { primary, replicas } = view.shard;
    const others = [...(primary === null ? [] : [primary]), ...replicas].filter((pod) => pod !== place.pod);
    const needed = [...others.map((pod) => positions.position(pod)), ...positions.followed()];
    return planRetention(usage, member.logBytes.value, needed, positionArithmetic.empty);
  }

  #isRetentionDue(): boolean {
    const { usage } = this.volume;
    if (usage === null) {
      return false;
    }
    const interval = isNearlyFull(usage) ? RETENTION_NEARLY_FULL_MILLISECONDS : RETENTION_MILLISECONDS;
    return this.#options.clock.monotonic() - this.#retentionAt >= interval;
  }
}
