/**
 * The agent's loop: look, decide, and do at most one thing. It ends without touching the server: a restarted agent
 * finds it running and goes on from what it sees.
 */
import { randomUUID } from 'node:crypto';
import type { Engine } from '../engines/engine.ts';
import type { Member } from '../engines/member.ts';
import type { RetentionRule } from '../engines/member-session.ts';
import type { CloneStream } from '../engines/clone.ts';
import { abortableWait } from '../runtime/abort.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { ActionRunner } from './action-runner.ts';
import { refuseClone } from './clone-permission.ts';
import { decide } from './decide.ts';
import { type Action, type Decision, isSameDecision, needsConfirmation } from './decision.ts';
import type { CompleteLaunch } from './launch-plan.ts';
import type { LauncherClient } from './launcher-client.ts';
import type { MountedFiles } from './mounted-files.ts';
import type { Observation, StandDown } from './observation.ts';
import type { PeerAddresses } from './peers.ts';
import type { PeerPositions } from './peer-positions.ts';
import type { MemberPlace } from './pod-contract.ts';
import { findProblems } from './problems.ts';
import type { AgentState, ServerState } from './protocol/agent-state.ts';
import { RefusedError } from './protocol/commands.ts';
import { judgeReadFitness, NOT_FIT_YET, type ReadFitness } from './read-fitness.ts';
import type { RequestClone } from './receive-clone.ts';
import { ServerSession } from './server-session.ts';
import type { ShardMapReader } from './shard-map-reader.ts';
import type { CommandHandlers } from './transport/command-responder.ts';
import { isNearlyFull, planRetention, type VolumeUsage } from './volume-usage.ts';
import { VolumeWatch } from './volume-watch.ts';

export interface AgentOptions {
  readonly place: MemberPlace;
  readonly version: string;
  readonly engine: Pick<Engine, 'positions'>;
  /** The member as the settings now describe it. */
  readonly member: () => Member;
  readonly volumePath: string;
  readonly launcher: LauncherClient;
  readonly completeLaunch: CompleteLaunch;
  readonly shardMap: ShardMapReader;
  readonly files: MountedFiles;
  readonly peers: Pick<PeerAddresses, 'server'>;
  readonly positions: Pick<PeerPositions, 'position'>;
  readonly requestClone: RequestClone;
  /** Pod that is being given a clone; null for none. */
  readonly servedPod: () => string | null;
  readonly onState: (state: AgentState) => void;
  readonly measureVolume?: (path: string) => Promise<VolumeUsage>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Longest time between two passes; heartbeats are written as often. */
const PASS_MILLISECONDS = 450;
const HEARTBEAT_MILLISECONDS = 400;
/** A heartbeat that takes longer is given up on; it stays sent. */
const HEARTBEAT_DEADLINE_MILLISECONDS = 2000;
const CONFIRM_MILLISECONDS = 5000;
const RETENTION_MILLISECONDS = 30_000;
/** Nothing in a pass takes that long; actions run beside it. */
const HANG_MILLISECONDS = 60_000;
const RETENTION_NEARLY_FULL_MILLISECONDS = 5000;

/** One agent. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #id = randomUUID();
  readonly #session: ServerSession;
  readonly #volume: VolumeWatch;
  readonly #runner: ActionRunner;
  #wake = (): void => {};
  #woken = true;
  #commands = 0;
  #decision: Decision | null = null;
  #fitness: ReadFitness = NOT_FIT_YET;
  #standDown: StandDown | null = null;
  #heartbeatAt = -Infinity;
  #retentionAt = -Infinity;
  #epoch = 0;
  #passedAt: number;

  constructor(options: AgentOptions) {
    const { member, volumePath, clock, logger, measureVolume } = options;
    const wake = (): void => this.wake();
    this.#options = options;
    this.#passedAt = clock.monotonic();
    this.#session = new ServerSession({ member, clock, logger, onEnded: wake });
    this.#volume = new VolumeWatch({
      volumePath,
      clock,
      logger,
      onEnds: wake,
      files: () => member().files,
      ...(measureVolume && { measure: measureVolume }),
    });
    const { launcher, completeLaunch, files, requestClone, peers, random } = options;
    this.#runner = new ActionRunner({
      context: {
        member,
        launcher,
        completeLaunch,
        files,
        requestClone,
        clock,
        logger,
        session: this.#session,
        volume: this.#volume,
        serverAddress: (pod) => peers.server(pod),
        retentionRule: () => this.#retentionRule(),
      },
      onActivity: () => this.#publish(),
      onEnded: wake,
      clock,
      logger,
      random,
    });
  }

  /** Runs until the signal aborts; then resolves, with whatever was under way cut short and the server left alone. */
  async run(signal: AbortSignal): Promise<void> {
    const { launcher, shardMap, files } = this.#options;
    const wake = (): void => this.wake();
    const forget = [launcher.onEvent(wake), shardMap.onChange(wake), files.onChange(wake)];
    try {
      while (!signal.aborted) {
        this.#woken = false;
        const pause = await this.#pass(signal);
        this.#passedAt = this.#options.clock.monotonic();
        await this.#sleep(pause, signal);
      }
    } finally {
      forget.forEach((stop) => stop());
      await this.#runner.close();
      this.#session.close();
    }
  }

  /** Has the next pass made at once. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** The newest epoch of the shard that was read. */
  epoch(): number {
    const view = this.#options.shardMap.view();
    this.#epoch = Math.max(this.#epoch, view.kind === 'known' ? view.shard.epoch : 0);
    return this.#epoch;
  }

  /** Throws, with the reason, unless the member is fit for reads. */
  assertFitForReads(): void {
    if (!this.#fitness.isFit) {
      throw new Error(this.#fitness.reason);
    }
  }

  /** Throws when the loop hangs, which only a restart of the agent ends. */
  assertAlive(): void {
    const silence = this.#options.clock.monotonic() - this.#passedAt;
    if (silence > HANG_MILLISECONDS) {
      throw new Error(`no pass for ${Math.round(silence / 1000)} s`);
    }
  }

  /** How full the volume is; null while unknown. */
  usage(): VolumeUsage | null {
    return this.#volume.usage;
  }

  /** The operator's commands. */
  readonly commands: CommandHandlers = {
    stopReceiving: ({ epoch }, signal) =>
      this.#command(epoch, async () => {
        // A change of role that is under way has to end first; it begins nothing new after the stand-down.
        await this.#runner.whenEnded();
        if (this.#session.current === null) {
          throw new RefusedError('NotReady', 'there is no session with the server');
        }
        return { received: await this.#session.require().stopReceiving(signal) };
      }),
    killServer: ({ epoch }, signal) =>
      this.#command(epoch, async () => ({ exit: await this.#options.launcher.kill(signal) })),
  };

  /** Opens a clone of the server for a peer. Throws {@link RefusedError}. */
  async openClone(pod: string, signal: AbortSignal): Promise<CloneStream> {
    const { shardMap, place, member, files } = this.#options;
    const refusal = refuseClone(
      {
        pod: place.pod,
        shard: shardMap.view(),
        member: this.#session.state(),
        isFitForReads: this.#fitness.isFit,
        isCloning: this.#runner.action?.kind === 'clone',
      },
      pod,
    );
    if (refusal !== null) {
      throw refusal;
    }
    const { cloneBytesPerSecond } = files.settings();
    const limit = cloneBytesPerSecond === undefined ? {} : { bytesPerSecond: cloneBytesPerSecond };
    return member().cloneSource.open(limit, signal);
  }

  async #command<T>(epoch: number, carryOut: () => Promise<T>): Promise<T> {
    const view = this.#options.shardMap.view();
    const shard = view.kind === 'known' ? view.shard : null;
    this.#standDown = { epoch, primary: shard?.primary ?? null, mapEpoch: shard?.epoch ?? 0 };
    this.#commands += 1;
    try {
      return await carryOut();
    } finally {
      this.#commands -= 1;
      this.wake();
    }
  }

  /** One pass; returns how long to wait for the next, in milliseconds. */
  async #pass(signal: AbortSignal): Promise<number> {
    const server = this.#server();
    this.#session.keepOnly(server.kind === 'running' ? server.pid : null);
    await this.#volume.look(server, signal);
    await this.#lookAtServer(signal);
    const { clock, files } = this.#options;
    this.#fitness = judgeReadFitness(this.#fitness, {
      member: this.#session.state(),
      maxLagSeconds: files.settings().maxLagSeconds,
      now: clock.monotonic(),
    });
    this.#writeHeartbeat(signal);
    const observation = this.#observation();
    let pause = PASS_MILLISECONDS;
    if (this.#runner.action !== null) {
      this.#runner.stopIfOvertaken(observation, decide);
    } else if (this.#commands === 0) {
      pause = await this.#proceed(observation, signal);
    }
    this.#publish();
    return pause;
  }

  async #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#woken || signal.aborted) {
      return;
    }
    const wait = abortableWait<undefined>(signal);
    const timer = this.#options.clock.setTimer(milliseconds, () => wait.resolve(undefined));
    this.#wake = () => wait.resolve(undefined);
    await wait.promise.catch(() => {});
    timer.cancel();
  }

  /** Looks at the server, but no longer than until something happens: a server that hangs must not hold up the rest. */
  async #lookAtServer(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#session.look(signal), this.#sleep(PASS_MILLISECONDS, signal)]);
  }

  #server(): ServerState {
    const status = this.#options.launcher.status();
    if (status === undefined) {
      return { kind: 'unknown', reason: 'not attached to the launcher' };
    }
    const { server, lastExit } = status;
    return server === null ? { kind: 'ended', lastExit } : { kind: 'running', ...server };
  }

  #observation(): Observation {
    const { place, shardMap, launcher, files, peers, clock } = this.#options;
    const shard = shardMap.view();
    const current = this.#session.current;
    const accounts = files.accounts();
    const primary = shard.kind === 'known' ? shard.shard.primary : null;
    const usage = this.#volume.usage;
    const interval =
      usage !== null && isNearlyFull(usage) ? RETENTION_NEARLY_FULL_MILLISECONDS : RETENTION_MILLISECONDS;
    return {
      pod: place.pod,
      shard,
      server: this.#server(),
      terminating: launcher.status()?.terminating ?? false,
      volume: this.#volume.volume,
      engineVersion: files.settings().engine.version,
      hasSession: current !== null,
      member: this.#session.state(),
      salvaged: current?.salvaged ?? false,
      accountsCurrent: accounts === null ? null : current?.accountsDigest === files.accountsDigest(),
      certificatesCurrent: current === null || current.certificatesDigest === files.certificatesDigest(),
      retentionDue: usage !== null && clock.monotonic() - this.#retentionAt >= interval,
      primaryAddress: primary === null ? null : peers.server(primary),
      standDown: this.#standDown,
    };
  }

  /** Decides, and begins what was decided; returns how long to wait before deciding again. */
  async #proceed(observation: Observation, signal: AbortSignal): Promise<number> {
    const decision = decide(observation);
    this.#note(decision);
    if (decision.kind === 'wait') {
      return PASS_MILLISECONDS;
    }
    const delay = this.#runner.delay(decision);
    if (delay > 0) {
      return Math.min(delay, PASS_MILLISECONDS);
    }
    if (needsConfirmation(decision) && !(await this.#confirm(decision, observation, signal))) {
      return PASS_MILLISECONDS;
    }
    if (decision.kind === 'applyRetention') {
      this.#retentionAt = this.#options.clock.monotonic();
    }
    this.#runner.begin(decision, observation, signal);
    return PASS_MILLISECONDS;
  }

  #note(decision: Decision): void {
    const { logger } = this.#options;
    if (this.#decision === null || !isSameDecision(decision, this.#decision)) {
      const { kind, ...details } = decision;
      logger.debug('decided', { decision: kind, ...details });
      if (decision.kind === 'wait' && decision.problem !== undefined) {
        logger.warn(decision.problem.message, { reason: decision.problem.reason });
      }
    }
    this.#decision = decision;
    this.#runner.keepFailuresOf(decision);
  }

  /** Whether the map, read now, leads to the same decision. */
  async #confirm(decision: Action, observation: Observation, signal: AbortSignal): Promise<boolean> {
    const { shardMap, peers } = this.#options;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(CONFIRM_MILLISECONDS)]);
      const shard = await shardMap.read(limit);
      const primary = shard.kind === 'known' ? shard.shard.primary : null;
      const primaryAddress = primary === null ? null : peers.server(primary);
      const isCurrent = this.#commands === 0 && this.#standDown === observation.standDown;
      return isCurrent && isSameDecision(decide({ ...observation, shard, primaryAddress }), decision);
    } catch (error) {
      if (!signal.aborted) {
        const message = `The API server cannot be asked before a step that needs the ShardMap: ${decision.kind} waits.`;
        this.#runner.refuse(decision, 'ShardMapUnreadable', message, error);
      }
      return false;
    }
  }

  /** On an open primary. Not awaited: it waits for an acknowledgement like any commit. */
  #writeHeartbeat(signal: AbortSignal): void {
    const { clock, logger } = this.#options;
    const member = this.#session.state();
    const isDue = clock.monotonic() - this.#heartbeatAt >= HEARTBEAT_MILLISECONDS;
    if (member?.role.kind !== 'primary' || member.epoch.kind !== 'known' || !isDue) {
      return;
    }
    this.#heartbeatAt = clock.monotonic();
    this.#session
      .require()
      .writeHeartbeat(member.epoch.value, HEARTBEAT_DEADLINE_MILLISECONDS, signal)
      .catch((error: unknown) => logger.debug('heartbeat is not written', errorFields(error)));
  }

  #retentionRule(): RetentionRule | null {
    const { engine, positions, place, shardMap } = this.#options;
    const usage = this.#volume.usage;
    const member = this.#session.state();
    const view = shardMap.view();
    if (usage === null || member?.logBytes.kind !== 'known' || view.kind !== 'known') {
      return null;
    }
    const { primary, replicas } = view.shard;
    const others = [...(primary === null ? [] : [primary]), ...replicas].filter((pod) => pod !== place.pod);
    const needed = others.map((pod) => positions.position(pod));
    return planRetention(usage, member.logBytes.value, needed, engine.positions.empty);
  }

  #publish(): void {
    const { place, version, launcher, servedPod, onState } = this.#options;
    const { namespace, cluster, shard, pod, podUid } = place;
    const member = this.#session.state();
    const decision = this.#decision;
    const ends = this.#volume.ends;
    onState({
      identity: { namespace, cluster, shard, pod, podUid },
      agentId: this.#id,
      agentVersion: version,
      epoch: this.epoch(),
      server: this.#server(),
      volume: this.#volume.volume,
      member,
      ownEnd: ends?.own ?? null,
      receivedEnd: ends?.received ?? null,
      activity: this.#runner.activity,
      awaitingAcker: decision?.kind === 'wait' && decision.reason === 'acker',
      fitForReads: this.#fitness.isFit,
      terminating: launcher.status()?.terminating ?? false,
      cloningTo: servedPod(),
      problems: findProblems({
        decision,
        member,
        usage: this.#volume.usage,
        failures: this.#runner.failures,
      }),
    });
  }
}
