import {
  type EventReason,
  type InvalidRequest,
  type ShardedCluster,
  type ShardMapShard,
  type SwitchoverRequest,
  switchoverRequestOf,
} from '../../api/v1alpha1/index.ts';
import type { SwitchoverReport } from '../../core/instance-report.ts';
import type { PositionArithmetic } from '../../engines/position.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { decideSwitchover, type SwitchoverDecision } from '../decide-switchover.ts';
import { type ShardObservation, stateOf } from '../observe-shard.ts';
import type { ShardEdit } from '../shard-map-writer.ts';
import type { SendCommand } from './fence-members.ts';
import { handOver, type Handover, type HandoverOutcome, HOLD_MILLISECONDS } from './hand-over.ts';
import type { Promotion } from './promote.ts';

/** Something of a switchover that people should hear of, as an event. */
export interface SwitchoverNews {
  readonly kind: Extract<EventReason, 'SwitchoverRefused' | 'SwitchoverUndone'>;
  readonly note: string;
}

export interface SwitchoverOptions {
  readonly send: SendCommand;
  /** Writes the map of this shard; see `ShardMapWriter.change`. */
  readonly change: (edit: ShardEdit, signal: AbortSignal) => Promise<ShardMapShard | undefined>;
  /** Goes on with what is begun here. */
  readonly promotion: Pick<Promotion, 'begin'>;
  /** Has the next pass made at once. */
  readonly wake: () => void;
  readonly positions: PositionArithmetic;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onNews: (news: SwitchoverNews) => void;
}

/** A primary that leaves is not closed again so soon after an attempt that was undone; each time twice as long. */
const RETRY_MILLISECONDS = 5000;

/** The primary is closed still when the first write of the promotion is through. */
const WRITE_MILLISECONDS = 500;

type Begun = Extract<SwitchoverDecision, { kind: 'begin' }> & Pick<Handover, 'epoch' | 'reached'>;

interface Attempt extends Begun {
  readonly scope: AbortController;
  /** Undefined while it is under way. */
  outcome: HandoverOutcome | undefined;
}

/**
 * Planned changes of the primary of one shard. What a person asks for is recorded in the map when it is dealt with, so
 * that no instance of the operator deals with it again.
 */
export class Switchover {
  readonly #options: SwitchoverOptions;
  /** What is wished for, and since when that is known here; monotonic milliseconds. */
  #pending: { readonly wish: string; readonly since: number } | null = null;
  #attempt: Attempt | null = null;
  /** The promotion that an attempt has led to. */
  #begun: Begun | null = null;
  #retryAt = 0;
  /** Attempts of this term that were undone. */
  #undone = 0;
  #report: SwitchoverReport | null = null;

  constructor(options: SwitchoverOptions) {
    this.#options = options;
  }

  /** What became of the last one; null for none. */
  get report(): SwitchoverReport | null {
    return this.#report;
  }

  /** Whether a primary is being closed. */
  get isUnderWay(): boolean {
    return this.#attempt !== null;
  }

  /** Gives up what is under way; the primary opens by itself. */
  close(): void {
    this.#attempt?.scope.abort(new Error('the switchover is given up'));
    this.#attempt = null;
  }

  /**
   * Watches what was begun, in whatever state the shard is.
   */
  follow({ shard }: Pick<ShardObservation, 'shard'>, cluster: ShardedCluster): void {
    const attempt = this.#attempt;
    if (attempt !== null && (shard.primary !== attempt.from || shard.epoch !== attempt.epoch)) {
      this.close();
    }
    const { primary } = shard;
    if (primary === null) {
      return;
    }
    const begun = this.#begun;
    if (begun !== null && shard.epoch > begun.epoch) {
      this.#undone = 0;
      this.#retryAt = 0;
      this.#begun = null;
      const isDone = primary !== begun.from;
      const message = isDone
        ? `${primary} took over from ${begun.from}.`
        : `${begun.from} is the primary again, in epoch ${shard.epoch}: nobody else could be promoted.`;
      this.#note(begun.request, isDone ? 'Completed' : 'Undone', message);
      return;
    }
    // Another instance dealt with it, and did not live to tell.
    const handled = shard.handledSwitchover;
    const request = switchoverRequestOf(cluster, shard.number);
    const status = cluster.status?.shards?.find(({ name }) => name === shard.name);
    const isTold = handled === status?.lastSwitchover?.request || handled === this.#report?.request;
    if (begun === null && handled !== undefined && handled === request?.value && !isTold) {
      const isDone = 'to' in request && (request.to === null || request.to === primary);
      const message = `The operator that dealt with it was replaced meanwhile; ${primary} is the primary.`;
      this.#note(handled, isDone ? 'Completed' : 'Undone', message);
    }
  }

  /**
   * Goes as far as it can with what is wished for, in a shard that is well. Never waits for agents: they are asked while
   * passes go on, so that a primary that dies meanwhile is noticed.
   */
  async proceed(
    observation: ShardObservation,
    request: SwitchoverRequest | InvalidRequest | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { positions, clock } = this.#options;
    if (this.#attempt !== null) {
      await this.#conclude(this.#attempt, observation, signal);
      return;
    }
    const decision = decideSwitchover({
      observation,
      request,
      pendingMilliseconds: this.#pendingMilliseconds(observation, request),
      positions,
    });
    if (decision.kind === 'refuse') {
      await this.#refuse(decision, signal);
    } else if (
      decision.kind === 'begin' &&
      (decision.cause === 'person' || clock.monotonic() >= this.#retryAt)
    ) {
      const reached = stateOf(observation, decision.from)?.member?.applied ?? null;
      this.#start({ ...decision, reached, epoch: observation.shard.epoch });
    }
  }

  #pendingMilliseconds(
    { shard }: ShardObservation,
    request: SwitchoverRequest | InvalidRequest | null,
  ): number {
    const now = this.#options.clock.monotonic();
    const wish = JSON.stringify([request?.value, shard.handledSwitchover, shard.epoch]);
    if (this.#pending?.wish !== wish) {
      this.#pending = { wish, since: now };
    }
    return now - this.#pending.since;
  }

  #start(begun: Begun): void {
    const { logger } = this.#options;
    const scope = new AbortController();
    const attempt: Attempt = { ...begun, scope, outcome: undefined };
    this.#attempt = attempt;
    logger.info('a switchover begins', { from: begun.from, to: begun.to, request: begun.request });
    void this.#carryOut(attempt);
  }

  async #carryOut(attempt: Attempt): Promise<void> {
    const { logger, wake } = this.#options;
    try {
      attempt.outcome = await handOver(attempt, this.#options, attempt.scope.signal);
      wake();
    } catch (error) {
      logger.info('a switchover was given up', errorFields(error));
    }
  }

  async #conclude(attempt: Attempt, observation: ShardObservation, signal: AbortSignal): Promise<void> {
    const { outcome, cause, request, from, to } = attempt;
    const { promotion, change, clock } = this.#options;
    if (outcome === undefined) {
      return;
    }
    this.#attempt = null;
    const isHeld =
      outcome.kind === 'ready' &&
      clock.monotonic() - outcome.closedAt < HOLD_MILLISECONDS - WRITE_MILLISECONDS;
    if (isHeld) {
      this.#begun = attempt;
      const recorded = cause === 'person' ? request : null;
      const wish = {
        reason: 'Switchover',
        detectedMilliseconds: 0,
        preferred: to,
        request: recorded,
        closedAt: outcome.position,
      } as const;
      if (!(await promotion.begin(wish, observation, signal))) {
        this.#begun = null;
      }
      return;
    }
    const why =
      outcome.kind === 'ready' ? 'It could not be replaced while it was closed for writes.' : outcome.message;
    const message = `${from} remains the primary. ${why}`;
    this.#undone += 1;
    this.#retryAt = clock.monotonic() + RETRY_MILLISECONDS * 2 ** (this.#undone - 1);
    if (cause === 'departure' || (await record(change, request, signal))) {
      this.#tell(request, 'Undone', message);
    }
  }

  async #refuse(
    { cause, request, message }: Extract<SwitchoverDecision, { kind: 'refuse' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const isTold = this.#report?.request === request && this.#report.message === message;
    if (cause === 'departure' ? !isTold : await record(this.#options.change, request, signal)) {
      this.#tell(request, 'Refused', message);
    }
  }

  #tell(request: string, outcome: 'Refused' | 'Undone', message: string): void {
    this.#note(request, outcome, message);
    const kind = outcome === 'Refused' ? 'SwitchoverRefused' : 'SwitchoverUndone';
    this.#options.onNews({ kind, note: `${request}: ${message}` });
  }

  #note(request: string, outcome: SwitchoverReport['outcome'], message: string): void {
    const { clock, logger } = this.#options;
    this.#report = { request, outcome, message, at: clock.now() };
    logger.info('a switchover has ended', { request, outcome, message });
  }
}

/** Records a request as dealt with; false when it was already. */
async function record(
  change: SwitchoverOptions['change'],
  request: string,
  signal: AbortSignal,
): Promise<boolean> {
  const changed = await change(
    (shard) => (shard.handledSwitchover === request ? undefined : { ...shard, handledSwitchover: request }),
    signal,
  );
  return changed !== undefined;
}
