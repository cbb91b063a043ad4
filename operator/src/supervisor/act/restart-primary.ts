import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import type { ShardObservation } from '../observe-shard.ts';
import type { SendCommand } from './fence-members.ts';

export interface RestartOptions {
  readonly send: SendCommand;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * What replicas say may be so old: they look at their servers twice a second. One may turn out to hold everything, and
 * to take over sooner than a server boots.
 */
const PATIENCE_MILLISECONDS = 600;
/** An order is repeated after so long, and waited for no longer. */
const REPEAT_MILLISECONDS = 1000;

const NEVER = new AbortController().signal;

/**
 * Tells the agent of a primary that has ended that nobody else can take over, so that it does not wait for that. By
 * itself it starts its server again after some seconds, whatever becomes of the operator.
 */
export class Restart {
  readonly #options: RestartOptions;
  #orderedAt = -Infinity;

  constructor(options: RestartOptions) {
    this.#options = options;
  }

  /** Gives the order when it is due. Never waits. */
  proceed({ troubledMilliseconds, shard }: ShardObservation, pod: string): void {
    const { send, clock, logger } = this.#options;
    const now = clock.monotonic();
    if ((troubledMilliseconds ?? 0) < PATIENCE_MILLISECONDS || now - this.#orderedAt < REPEAT_MILLISECONDS) {
      return;
    }
    this.#orderedAt = now;
    const request = { command: 'restartPrimary', epoch: shard.epoch } as const;
    send(pod, request, REPEAT_MILLISECONDS, NEVER).then(
      () => logger.info('a primary is started again: nobody else can take over', { pod }),
      (error: unknown) => logger.debug('a primary is not started again', { pod, ...errorFields(error) }),
    );
  }
}
