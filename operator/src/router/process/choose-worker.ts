/** What is known of a worker when a client is to be given to it. */
export interface WorkerLoad {
  readonly index: number;
  /** It has said that it can serve. */
  readonly isAble: boolean;
  /** It has not answered an offer in time, and said nothing since. */
  readonly isStalled: boolean;
  /** Clients that it serves. */
  readonly connections: number;
  /** Clients that it was offered and has not answered for. */
  readonly offers: number;
  /** When it was last chosen: grows with each choice. */
  readonly lastChoice: number;
}

/**
 * Offers to one worker at a time. Node.js sends a handle only after the one before was received, and every further message waits
 * behind it; clients beyond wait in the primary process, where they are free for whoever has room first.
 */
export const OFFERS_AT_A_TIME = 8;

/**
 * The worker for the next client: the one with the fewest, and of several the one that was chosen longest ago. One that has
 * stalled only gets it when all have. Null when nobody can take it now.
 */
export function chooseWorker(workers: readonly WorkerLoad[]): WorkerLoad | null {
  let best: WorkerLoad | null = null;
  for (const worker of workers) {
    if (worker.isAble && worker.offers < OFFERS_AT_A_TIME && (best === null || isBetter(worker, best))) {
      best = worker;
    }
  }
  return best;
}

function isBetter(one: WorkerLoad, other: WorkerLoad): boolean {
  if (one.isStalled !== other.isStalled) {
    return other.isStalled;
  }
  const difference = one.connections + one.offers - (other.connections + other.offers);
  return difference === 0 ? one.lastChoice < other.lastChoice : difference < 0;
}
