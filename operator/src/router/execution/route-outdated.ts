import { ClientError } from '../client/client-error.ts';
import type { Session } from '../session/session.ts';
import { ERRORS } from './errors.ts';

/** The map no longer has the place that a statement was routed to: its slot was split since. What a client is told otherwise. */
export class RouteOutdated extends ClientError {
  /** Whether nothing of the statement can have been sent anywhere. */
  readonly isBeforeAll: boolean;

  constructor(isBeforeAll: boolean) {
    const [errno, sqlState] = ERRORS.unknown;
    super(errno, sqlState, 'The map of the cluster has no such place; it may be about to change: try again');
    this.isBeforeAll = isBeforeAll;
  }
}

/** A transaction that has done nothing yet is not bound to a place that is no more. */
export function unbindOutdated({ transaction }: Session): void {
  if (transaction.kind === 'open' && transaction.participants.size === 0) {
    transaction.place = null;
  }
}
