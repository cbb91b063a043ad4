/**
 * The agent's loop: look, decide, and do at most one thing. It ends without touching the server: a restarted agent
 * finds it running and goes on from what it sees.
 */
import { randomUUID } from 'node:crypto';
import type { CloneStream } from '../engines/clone.ts';
import { abortableWait } from '../runtime/abort.ts';
import { type AgentOptions, type AgentParts, assembleParts } from './agent-parts.ts';
import { refuseClone } from './clone-permission.ts';
import { decide } from './decide.ts';
import { describeAgent } from './describe-agent.ts';
import { type Action, type Decision, isSameDecision, trustsNews } from './decision.ts';
import type { LauncherEvent } from './launcher-client.ts';
import type { Observation } from './observation.ts';
import { holdsStandDown } from './stand-down.ts';
import type { CommandHandlers } from './transport/command-responder.ts';
import type { VolumeUsage } from './volume-usage.ts';

/** Longest time between two passes, and so between two heartbeats. */
const PASS_MILLISECONDS = 450;
const CONFIRM_MILLISECONDS = 5000;
/** Nothing in a pass takes that long; actions run beside it. */
const HANG_MILLISECONDS = 60_000;

/** One agent. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #id = randomUUID();
  readonly #parts: AgentParts;
  #wake = (): void => {};
  #woken = true;
  #decision: Decision | null = null;
  /** The shard's entry in the newest map, while it has moves. */
  #movingShard: string | null = null;
  #epoch = 0;
  #passedAt: number;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#parts = assembleParts(options, { wake: () => this.wake(), publish: () => this.#publish() });
    this.#passedAt = options.clock.monotonic();
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
      const { guard, probe, load, moves, sizes, misdirected } = this.#parts;
      await Promise.all([
        this.#loop(signal),
        guard.run(signal),
        probe.run(signal),
        load.run(signal),
        moves.run(signal),
        sizes.run(signal),
        misdirected.run(signal),
      ]);
    } finally {
      forget.forEach((stop) => stop());
      await this.#parts.runner.close();
      this.#parts.observer.session.close();
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
    this.#parts.guard.heardLeader();
  }

  /** Others wait for the news of a death: it goes out before anything is looked at. */
  #onLauncher({ kind }: LauncherEvent): void {
    if (kind === 'exited') {
      this.#parts.observer.noteExit();
      this.#publish();
    }
    this.wake();
  }

  #onShardMap(): void {
    const view = this.#options.shardMap.view();
    this.#parts.urgency.note(view);
    this.#parts.commands.noteMap();
    // Clients wait for some of it.
    this.#parts.moves.update();
    // For nothing else of a map that only takes moves further: a pass would be in the way of what they wait for.
    const shard = view.kind === 'known' && view.moves !== undefined ? JSON.stringify(view.shard) : null;
    if (shard === null || shard !== this.#movingShard) {
      this.wake();
    }
    this.#movingShard = shard;
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
    if (!this.#parts.observer.fitness.isFit) {
      throw new Error(this.#parts.observer.fitness.reason);
    }
  }

  /**
   * The former primary, while an order to receive nothing more stands; null otherwise. A server that stops receiving
   * calls at its source, and waits a second for one that is cut off: it had better be refused.
   */
  refusedSource(): string | null {
    const { shardMap, place } = this.#options;
    const view = shardMap.view();
    if (view.kind !== 'known' || !holdsStandDown(this.#parts.commands.standDown, view.shard)) {
      return null;
    }
    const former = view.shard.primary ?? view.shard.formerPrimary ?? null;
    return former === place.pod ? null : former;
  }

  /** Whether this is a replica that nothing comes to. */
  isWithoutSource(): boolean {
    const role = this.#parts.observer.session.state()?.role;
    return role?.kind === 'replica' && role.following.receiving.kind !== 'running';
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
    return this.#parts.observer.volume.usage;
  }

  /** Carries out the operator's commands. */
  get commands(): CommandHandlers {
    return this.#parts.commands.handlers;
  }

  /** Opens a clone of the server for a peer. Throws `RefusedError`. */
  async openClone(pod: string, signal: AbortSignal): Promise<CloneStream> {
    const { shardMap, place, member, files } = this.#options;
    const refusal = refuseClone(
      {
        pod: place.pod,
        shard: shardMap.view(),
        member: this.#parts.observer.session.state(),
        isFitForReads: this.#parts.observer.fitness.isFit,
        isCloning: this.#parts.runner.action?.kind === 'clone',
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
    if (!this.#parts.urgency.takeNews() || !this.#parts.observer.isRecent) {
      await this.#parts.observer.look(() => this.#sleep(PASS_MILLISECONDS, signal), signal);
    }
    // Written to a primary that was closed, one would reach this or that replica only, and make it the winner.
    if (!this.#parts.commands.isBusy && !this.#parts.commands.isHeldClosed) {
      this.#parts.observer.heartbeat.begin(signal);
    }
    this.#parts.moves.update();
    const observation = this.#parts.observer.observation(this.#parts.commands, this.#parts.urgency.isNew);
    let pause = PASS_MILLISECONDS;
    if (this.#parts.runner.action !== null) {
      this.#parts.runner.stopIfOvertaken(observation, decide);
    } else if (!this.#parts.commands.isBusy) {
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
    const longest = this.#parts.urgency.longestPause(decision, observation.member);
    if (decision.kind === 'wait') {
      return Math.min(longest, PASS_MILLISECONDS);
    }
    const delay = this.#parts.runner.delay(decision, longest);
    if (delay > 0) {
      return Math.min(delay, PASS_MILLISECONDS);
    }
    const confirm = (limit: AbortSignal): Promise<boolean> => this.#confirm(decision, observation, limit);
    const isTrusted = this.#parts.urgency.isNew && trustsNews(decision, observation);
    this.#parts.runner.begin(decision, observation, { confirm, isTrusted }, signal);
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
    this.#parts.runner.keepFailuresOf(decision);
  }

  /** Whether the map, read now, leads to the same decision. */
  async #confirm(decision: Action, observation: Observation, signal: AbortSignal): Promise<boolean> {
    const { shardMap, peers } = this.#options;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(CONFIRM_MILLISECONDS)]);
      const shard = await shardMap.read(limit);
      const primary = shard.kind === 'known' ? shard.shard.primary : null;
      const primaryAddress = primary === null ? null : peers.server(primary);
      const isCurrent =
        !this.#parts.commands.isBusy && this.#parts.commands.standDown === observation.standDown;
      return isCurrent && isSameDecision(decide({ ...observation, shard, primaryAddress }), decision);
    } catch (error) {
      if (!signal.aborted) {
        const message = `The API server cannot be asked before a step that needs the ShardMap: ${decision.kind} waits.`;
        this.#parts.runner.refuse(decision, 'ShardMapUnreadable', message, error);
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
        observer: this.#parts.observer,
        unresponsive: this.#parts.probe.unresponsive,
        guardProblem: this.#parts.guard.problem,
        runner: this.#parts.runner,
        decision: this.#decision,
        servedPod: servedPod(),
        moves: this.#parts.moves.reports(),
        sizes: this.#parts.sizes.sizes,
        load: this.#parts.load.load(),
      }),
    );
  }
}
