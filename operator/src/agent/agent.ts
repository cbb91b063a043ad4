/**
 * The agent's loop: look, decide, and do at most one thing. It ends without touching the server: a restarted agent
 * finds it running and goes on from what it sees.
 */
import { randomUUID } from 'node:crypto';
import type { CloneStream } from '../engines/clone.ts';
import { abortableWait } from '../runtime/abort.ts';
import { ActionRunner } from './action-runner.ts';
import { refuseClone } from './clone-permission.ts';
import { ContactGuard } from './contact-guard.ts';
import { decide } from './decide.ts';
import { describeAgent } from './describe-agent.ts';
import { type Action, type Decision, isSameDecision } from './decision.ts';
import type { CompleteLaunch } from './launch-plan.ts';
import type { LauncherEvent } from './launcher-client.ts';
import { MemberObserver, type MemberObserverOptions } from './member-observer.ts';
import type { Observation } from './observation.ts';
import { OperatorCommands } from './operator-commands.ts';
import { readProcessorTime } from './processor-time.ts';
import type { AgentState } from './protocol/agent-state.ts';
import type { RequestClone } from './receive-clone.ts';
import { ServerProbe } from './server-probe.ts';
import type { CommandHandlers } from './transport/command-responder.ts';
import { Urgency } from './urgency.ts';
import type { VolumeUsage } from './volume-usage.ts';

export interface AgentOptions extends Omit<MemberObserverOptions, 'onNews' | 'onAcknowledged'> {
  readonly version: string;
  readonly completeLaunch: CompleteLaunch;
  readonly requestClone: RequestClone;
  /** Pod that is being given a clone; null for none. */
  readonly servedPod: () => string | null;
  readonly onState: (state: AgentState) => void;
  /** @default the system's */
  readonly processorTime?: (pid: number) => Promise<number | null>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Longest time between two passes, and so between two heartbeats. */
const PASS_MILLISECONDS = 450;
const CONFIRM_MILLISECONDS = 5000;
/** Nothing in a pass takes that long; actions run beside it. */
const HANG_MILLISECONDS = 60_000;

/** One agent. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #id = randomUUID();
  readonly #observer: MemberObserver;
  readonly #runner: ActionRunner;
  readonly #commands: OperatorCommands;
  readonly #urgency: Urgency;
  readonly #guard: ContactGuard;
  readonly #probe: ServerProbe;
  #wake = (): void => {};
  #woken = true;
  #decision: Decision | null = null;
  #epoch = 0;
  #passedAt: number;

  constructor(options: AgentOptions) {
    const { member, launcher, completeLaunch, files, requestClone, peers, clock, logger, random } = options;
    const wake = (): void => this.wake();
    const observer = new MemberObserver({
      ...options,
      onNews: wake,
      onAcknowledged: (at) => this.#guard.heardReplica(at),
    });
    const { session } = observer;
    this.#options = options;
    this.#observer = observer;
    this.#guard = new ContactGuard({
      session,
      launcher,
      fenceSeconds: () => files.settings().fenceSeconds,
      clock,
      logger,
    });
    this.#probe = new ServerProbe({
      session,
      server: () => launcher.status()?.server ?? null,
      processorTime: options.processorTime ?? readProcessorTime,
      onChange: () => this.#publish(),
      clock,
    });
    this.#passedAt = clock.monotonic();
    this.#urgency = new Urgency(clock);
    this.#runner = new ActionRunner({
      context: {
        member,
        launcher,
        completeLaunch,
        files,
        requestClone,
        clock,
        logger,
        session,
        volume: observer.volume,
        returns: observer.returns,
        volumePath: options.volumePath,
        measure: options.measureVolume,
        serverAddress: (pod) => peers.server(pod),
        retentionRule: () => observer.retentionRule(),
      },
      onActivity: () => this.#publish(),
      onEnded: wake,
      clock,
      logger,
      random,
    });
    this.#commands = new OperatorCommands({
      shardMap: options.shardMap,
      launcher,
      session,
      runner: this.#runner,
      quietHeartbeat: () => observer.heartbeatWritten(),
      onEnded: wake,
      clock,
    });
  }

  /** Runs until the signal aborts; then resolves, with whatever was under way cut short and the server left alone. */
  async run(signal: AbortSignal): Promise<void> {
    const { launcher, shardMap, files } = this.#options;
    const forget = [
      launcher.onEvent((event) => this.#onLauncher(event)),
      shardMap.onChange(() => this.#onShardMap()),
      files.onChange(() => this.wake()),
    ];
    try {
      await Promise.all([this.#loop(signal), this.#guard.run(signal), this.#probe.run(signal)]);
    } finally {
      forget.forEach((stop) => stop());
      await this.#runner.close();
      this.#observer.session.close();
    }
  }

  async #loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = false;
      const pause = await this.#pass(signal);
      this.#passedAt = this.#options.clock.monotonic();
      await this.#sleep(pause, signal);
    }
  }

  /** The operator that leads has asked for something. */
  heardLeader(): void {
    this.#guard.heardLeader();
  }

  /** Others wait for the news of a death: it goes out before anything is looked at. */
  #onLauncher({ kind }: LauncherEvent): void {
    if (kind === 'exited') {
      this.#observer.noteExit();
      this.#publish();
    }
    this.wake();
  }

  #onShardMap(): void {
    this.#urgency.note(this.#options.shardMap.view());
    this.wake();
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
    if (!this.#observer.fitness.isFit) {
      throw new Error(this.#observer.fitness.reason);
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
    return this.#observer.volume.usage;
  }

  /** Carries out the operator's commands. */
  get commands(): CommandHandlers {
    return this.#commands.handlers;
  }

  /** Opens a clone of the server for a peer. Throws `RefusedError`. */
  async openClone(pod: string, signal: AbortSignal): Promise<CloneStream> {
    const { shardMap, place, member, files } = this.#options;
    const refusal = refuseClone(
      {
        pod: place.pod,
        shard: shardMap.view(),
        member: this.#observer.session.state(),
        isFitForReads: this.#observer.fitness.isFit,
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

  /** One pass; returns how long to wait for the next, in milliseconds. */
  async #pass(signal: AbortSignal): Promise<number> {
    // A role that has just changed is acted upon by what was last seen: each action looks for itself.
    if (!this.#urgency.takeNews() || !this.#observer.isRecent) {
      await this.#observer.look(() => this.#sleep(PASS_MILLISECONDS, signal), signal);
    }
    if (!this.#commands.isBusy) {
      this.#observer.writeHeartbeat(signal);
    }
    const observation = this.#observer.observation(this.#commands);
    let pause = PASS_MILLISECONDS;
    if (this.#runner.action !== null) {
      this.#runner.stopIfOvertaken(observation, decide);
    } else if (!this.#commands.isBusy) {
      pause = this.#proceed(observation, signal);
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

  /** Decides, and begins what was decided; returns how long to wait before deciding again. */
  #proceed(observation: Observation, signal: AbortSignal): number {
    const decision = decide(observation);
    this.#note(decision);
    const longest = this.#urgency.longestPause(decision, observation.member);
    if (decision.kind === 'wait') {
      return Math.min(longest, PASS_MILLISECONDS);
    }
    const delay = this.#runner.delay(decision, longest);
    if (delay > 0) {
      return Math.min(delay, PASS_MILLISECONDS);
    }
    const confirm = (limit: AbortSignal): Promise<boolean> => this.#confirm(decision, observation, limit);
    this.#runner.begin(decision, observation, confirm, signal);
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
      const isCurrent = !this.#commands.isBusy && this.#commands.standDown === observation.standDown;
      return isCurrent && isSameDecision(decide({ ...observation, shard, primaryAddress }), decision);
    } catch (error) {
      if (!signal.aborted) {
        const message = `The API server cannot be asked before a step that needs the ShardMap: ${decision.kind} waits.`;
        this.#runner.refuse(decision, 'ShardMapUnreadable', message, error);
      }
      return false;
    }
  }

  #publish(): void {
    const { place, version, servedPod, onState } = this.#options;
    onState(
      describeAgent({
        place,
        agentId: this.#id,
        version,
        epoch: this.epoch(),
        observer: this.#observer,
        unresponsive: this.#probe.unresponsive,
        guardProblem: this.#guard.problem,
        runner: this.#runner,
        decision: this.#decision,
        servedPod: servedPod(),
      }),
    );
  }
}
