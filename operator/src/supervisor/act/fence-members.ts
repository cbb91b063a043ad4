import type { CommandName, CommandRequest, CommandResults } from '../../agent/protocol/commands.ts';
import type { Position } from '../../engines/position.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { cannotLead, isHung } from '../diagnose-primary.ts';
import type { FinalPosition } from '../election-input.ts';
import { memberOf, type MemberObservation, type ShardObservation } from '../observe-shard.ts';

/** Sends a command to the agent of a pod. Rejects when it is refused, cannot be reached, or does not answer in time. */
export type SendCommand = <Name extends CommandName>(
  pod: string,
  request: CommandRequest<Name>,
  deadlineMilliseconds: number,
  signal: AbortSignal,
) => Promise<CommandResults[Name]>;

export interface FencingOptions {
  /** Epoch of the promotion. */
  readonly epoch: number;
  /**
   * Where the log of the former primary ends that is closed for a switchover: it may step down instead of being killed.
   * Null for any other.
   */
  readonly closedAt: Position | null;
  readonly send: SendCommand;
  /** Whether a member has applied what it received: one that has not is asked again, as the map waits for a winner. */
  readonly hasDrained: (position: FinalPosition) => boolean;
  /** Called after every answer. */
  readonly onNews: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A stop may take seconds while the source is silent, see `Roles.stopReceiving`. */
const STOP_DEADLINE_MILLISECONDS = 5000;
const KILL_DEADLINE_MILLISECONDS = 1000;
/** A step down takes a few round trips. Whoever does not answer by then is killed. */
const STEP_DOWN_DEADLINE_MILLISECONDS = 700;
/** Pause before a member that did not do as it was told is told again. */
const RETRY_MILLISECONDS = 100;
/** Pause before a member that has yet to apply what it received is asked again. */
const DRAIN_MILLISECONDS = 10;
/**
 * Orders are carried out to their end, by their deadlines: an agent whose caller hangs up loses its session with the
 * server, and with it the time to open another when there is none to lose.
 */
const NEVER = new AbortController().signal;
/** Looks at a replica wait while it stops, but not for so long: it may never stop, as one whose volume is full. */
const UNSEEN_MILLISECONDS = 3000;
/** A kill that has no effect for so long leaves the matter to the ackers: whoever is dying acknowledges nothing alone. */
const KILL_PATIENCE_MILLISECONDS = 3000;

/**
 * Has the former primary killed, or step down, and everybody else stop receiving, so that nothing is acknowledged any more.
 * Everything it asks for can be asked for again, by this or another instance of the operator; but no other asks a primary
 * to step down, for only whoever has closed it knows where it ends.
 */
export class Fencing {
  readonly #options: FencingOptions;
  #isClosed = false;
  readonly #answers = new Map<string, FinalPosition>();
  /** Who is being asked to stop. */
  readonly #pending = new Set<string>();
  /** Whose server is being killed. */
  readonly #killing = new Set<string>();
  readonly #retryAt = new Map<string, number>();
  readonly #startedAt: number;
  #isKilled = false;
  #stepDown: 'possible' | 'asked' | 'done' | 'impossible';

  constructor(options: FencingOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
    this.#stepDown = options.closedAt === null ? 'impossible' : 'possible';
  }

  get epoch(): number {
    return this.#options.epoch;
  }

  /** Final positions, by pod. */
  get answers(): ReadonlyMap<string, FinalPosition> {
    return this.#answers;
  }

  /** The same, of those who are not being asked again: nothing is under way with them. */
  get settled(): ReadonlyMap<string, FinalPosition> {
    return new Map([...this.#answers].filter(([pod]) => !this.#pending.has(pod)));
  }

  /** Whether somebody has been asked and may still answer. */
  get isWaiting(): boolean {
    const isAsked = [...this.#pending, ...this.#killing].some((pod) => !this.#answers.has(pod));
    return isAsked || this.#stepDown === 'asked';
  }

  /** Where the log of the former primary ends that has stepped down; null for one that has not. */
  get formerEnd(): Position | null {
    return this.#stepDown === 'done' ? this.#options.closedAt : null;
  }

  /** Milliseconds since this instance of the operator began. */
  get elapsed(): number {
    return this.#options.clock.monotonic() - this.#startedAt;
  }

  /** Takes no more notice of whatever is under way. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * Has the replicas stop receiving before the map says so. Only from a primary that can acknowledge nothing new, for
   * else the answers are not final: nobody but the map keeps an agent that is started anew from following it again.
   */
  proceedEarly({ shard, members }: ShardObservation): void {
    for (const member of members) {
      const isReplica = member.state?.server.kind === 'running' && member.state.server.role !== 'primary';
      if (member.pod !== shard.primary && isReplica && !mustBeKilled(member, undefined)) {
        this.#askToStop(member.pod, true);
      }
    }
  }

  /**
   * Asks everybody who is to be asked now. Never waits. Once a winner is being prepared, nobody who has answered is
   * asked again: it would end what it was told to begin.
   */
  proceed(observation: ShardObservation, isPreparing: boolean): void {
    const former = observation.shard.formerPrimary;
    for (const member of observation.members) {
      const { pod, state } = member;
      const isDue = this.#options.clock.monotonic() >= (this.#retryAt.get(pod) ?? 0);
      if (state === null) {
        continue;
      }
      if (pod === former && this.#stepsDown(member)) {
        continue;
      }
      if (mustBeKilled(member, former) || this.#isStuck(member)) {
        // Also one that was asked and hangs: it answers when it is too late.
        if (!this.#killing.has(pod) && isDue) {
          this.#ask(pod, this.#killing, async () => {
            await this.#send(pod, { command: 'killServer', epoch: this.epoch }, KILL_DEADLINE_MILLISECONDS);
            this.#isKilled ||= pod === former;
          });
        }
        continue;
      }
      if (
        state.server.kind === 'running' &&
        isDue &&
        !this.#pending.has(pod) &&
        this.#mustBeAsked(pod, isPreparing)
      ) {
        this.#askToStop(pod, false);
      }
    }
  }

  /**
   * Whether the former primary cannot take writes any more: it is dead, has stepped down, has heard of nobody for so long that it has
   * killed itself, or never became one and has stopped.
   */
  isFenced(observation: ShardObservation): boolean {
    const { shard, failover } = observation;
    const former = memberOf(observation, shard.formerPrimary);
    if (this.#isKilled || this.#stepDown === 'done' || (former !== undefined && hasEnded(former))) {
      return true;
    }
    if (former !== undefined && isReplicaForGood(former) && this.#answers.has(former.pod)) {
      return true;
    }
    if (former?.state !== null && former?.state !== undefined) {
      return this.elapsed >= KILL_PATIENCE_MILLISECONDS;
    }
    const unattended = former?.unattendedMilliseconds ?? this.elapsed;
    return unattended >= failover.fenceSeconds * 1000 + FENCE_MARGIN_MILLISECONDS;
  }

  /** Whether the former primary is left to step down, or has. It is told once: whatever keeps it from that, it is killed. */
  #stepsDown({ pod, state, isTerminating }: MemberObservation): boolean {
    const { closedAt } = this.#options;
    if (this.#stepDown === 'possible') {
      const isRunning = state?.server.kind === 'running' && !state.terminating && !isTerminating;
      this.#stepDown = isRunning && closedAt !== null ? 'asked' : 'impossible';
      if (isRunning && closedAt !== null) {
        void this.#askToStepDown(pod, closedAt);
      }
    }
    return this.#stepDown === 'asked' || this.#stepDown === 'done';
  }

  async #askToStepDown(pod: string, position: Position): Promise<void> {
    const { clock, logger, onNews } = this.#options;
    const askedAt = clock.monotonic();
    const request = { command: 'stepDown', epoch: this.epoch, position } as const;
    try {
      await this.#send(pod, request, STEP_DOWN_DEADLINE_MILLISECONDS);
      this.#stepDown = 'done';
      logger.debug('the former primary has stepped down', {
        pod,
        milliseconds: Math.round(clock.monotonic() - askedAt),
      });
    } catch (error) {
      this.#stepDown = 'impossible';
      logger.info('the former primary does not step down, and is killed', { pod, ...errorFields(error) });
    }
    if (!this.#isClosed) {
      onNews();
    }
  }

  /** Whether a replica does not tell what it holds, for it can neither stop nor be looked at. */
  #isStuck({ pod, state }: MemberObservation): boolean {
    const isUnseen = state?.server.kind === 'running' && state.unseenMilliseconds >= UNSEEN_MILLISECONDS;
    return isUnseen && !this.#answers.has(pod);
  }

  #mustBeAsked(pod: string, isPreparing: boolean): boolean {
    const answer = this.#answers.get(pod);
    return answer === undefined || (!isPreparing && !this.#options.hasDrained(answer));
  }

  #askToStop(pod: string, isSourceInReach: boolean): void {
    this.#ask(pod, this.#pending, async () => {
      const request = { command: 'stopReceiving', epoch: this.epoch, isSourceInReach } as const;
      this.#answers.set(pod, await this.#send(pod, request, STOP_DEADLINE_MILLISECONDS));
    });
  }

  #ask(pod: string, underWay: Set<string>, ask: () => Promise<void>): void {
    const { clock, logger } = this.#options;
    const askedAt = clock.monotonic();
    const facts = () => ({ pod, milliseconds: Math.round(clock.monotonic() - askedAt) });
    underWay.add(pod);
    ask()
      .then(() => logger.debug('a member has done as it was told', facts()))
      .catch((error: unknown) => {
        logger.debug('a member does not do as it is told', { ...facts(), ...errorFields(error) });
      })
      .finally(() => {
        underWay.delete(pod);
        const pause = this.#answers.has(pod) ? DRAIN_MILLISECONDS : RETRY_MILLISECONDS;
        this.#retryAt.set(pod, this.#options.clock.monotonic() + pause);
        if (!this.#isClosed) {
          this.#options.onNews();
        }
      });
  }

  #send<Name extends CommandName>(
    pod: string,
    request: CommandRequest<Name>,
    deadlineMilliseconds: number,
  ): Promise<CommandResults[Name]> {
    return this.#options.send(pod, request, deadlineMilliseconds, NEVER);
  }
}

/** An agent looks at its own fence now and then, and a kill takes its time. */
const FENCE_MARGIN_MILLISECONDS = 250;

/** By the word of whoever reaped it; a launcher that was killed took its server with it. */
function hasEnded({ state, hasContainerEnded }: MemberObservation): boolean {
  return state?.server.kind === 'ended' || (hasContainerEnded && state?.server.kind !== 'running');
}

/**
 * Whether a winner was started as a replica, never became the primary, and cannot: told to stop, it opens nothing, and what it
 * says of itself is more than its files may tell, which can be what keeps it from applying.
 */
function isReplicaForGood({ state }: MemberObservation): boolean {
  return state?.server.kind === 'running' && state.server.role !== 'primary' && cannotLead(state);
}

/**
 * The former primary, unless it is dead already or never became one; whoever else takes writes, or was started to; and a replica that hangs,
 * which cannot tell what it holds before it is dead: then its files do.
 */
function mustBeKilled(member: MemberObservation, former: string | undefined): boolean {
  const { pod, state } = member;
  if (state?.server.kind !== 'running') {
    return false;
  }
  const takesWrites = state.member?.role.kind === 'primary' || (state.member?.writable ?? false);
  const wasPrimary = pod === former && !isReplicaForGood(member);
  return wasPrimary || takesWrites || state.server.role === 'primary' || isHung(state);
}
