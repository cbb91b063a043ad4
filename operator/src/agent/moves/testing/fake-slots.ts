/** The engine's part of moves, in memory: nothing happens before the test says so. */
import type { Position } from '../../../engines/position.ts';
import type { FenceOrder, FenceOutcome } from '../../../engines/slot-fence.ts';
import type { SlotOperations } from '../../../engines/slot-operations.ts';
import type {
  CopyOrder,
  CopyResult,
  FollowOrder,
  RecordedProgress,
  Tail,
  Verdict,
  VerifyOrder,
} from '../../../engines/slot-transfer.ts';
import { abortReason } from '../../../runtime/abort.ts';

/** A request that the test answers. */
export interface Pending<Order, Result> {
  readonly order: Order;
  readonly signal: AbortSignal;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
  isOver: boolean;
}

type Unfence = Parameters<SlotOperations['fence']['unfence']>[0];

/** Slot operations of one session. `log` has every call, and the end of every tail, in order. */
export class FakeSlots implements SlotOperations {
  readonly log: string[] = [];
  readonly copies: Pending<CopyOrder, CopyResult>[] = [];
  readonly tails: Pending<FollowOrder, never>[] = [];
  readonly verifications: Pending<VerifyOrder, Verdict>[] = [];
  readonly fences: Pending<FenceOrder, FenceOutcome>[] = [];
  readonly unfences: Pending<Unfence, undefined>[] = [];
  readonly drops: Pending<string, undefined>[] = [];
  recorded: RecordedProgress[] = [];
  /** How many times the session was made ready to give and take rights. */
  prepared = 0;
  /** Whether nothing heeds its signal before the test answers it. */
  isStubborn = false;
  /** How many times what is recorded cannot be read. */
  unreadable = 0;

  readonly transfer: SlotOperations['transfer'] = {
    readProgress: async () => {
      if (this.unreadable > 0) {
        this.unreadable -= 1;
        throw new Error('the table cannot be read');
      }
      return [...this.recorded];
    },
    copy: (order, signal) => this.#ask(`copy ${order.database}`, this.copies, order, signal),
    follow: (order, signal): Tail => {
      const names = order.databases.map(({ database, after }) => `${database}@${after}`).join(' ');
      const ended = this.#ask(`follow ${names}`, this.tails, order, signal);
      // Whoever follows waits for its end.
      ended.catch(() => {});
      return { ended, hold: () => Promise.reject(new Error('not in this test')) };
    },
    verify: (order, signal) => this.#ask(`verify ${order.database}`, this.verifications, order, signal),
    forget: async (moveId) => {
      this.log.push(`forget ${moveId}`);
      this.recorded = this.recorded.filter((each) => each.moveId !== moveId);
    },
    drop: (database, moveId, signal) => this.#ask(`drop ${database} ${moveId}`, this.drops, database, signal),
  };

  readonly fence: SlotOperations['fence'] = {
    prepare: async () => {
      this.prepared += 1;
    },
    fence: (order, signal) =>
      this.#ask(`fence ${order.database} ${order.attempt} by ${order.revision}`, this.fences, order, signal),
    unfence: (order, signal) =>
      this.#ask(`unfence ${order.database} by ${order.revision}`, this.unfences, order, signal),
  };

  /** End of the server's history; a test puts its own in. */
  readEnd: SlotOperations['readEnd'] = async () => '' as Position;
  measure: SlotOperations['measure'] = async () => [];
  holdings: SlotOperations['holdings'] = async () => ({
    served: [],
    closed: [],
    missing: [],
    fences: [],
    moves: [],
  });
  inspect: SlotOperations['inspect'] = async () => [];
  middleKey: SlotOperations['middleKey'] = async () => '0';

  /** The tail that runs. Throws when there is none, or more than one. */
  tail(): Pending<FollowOrder, never> {
    const running = this.tails.filter(({ isOver }) => !isOver);
    const [only] = running;
    if (only === undefined || running.length > 1) {
      throw new Error(`${running.length} tails run`);
    }
    return only;
  }

  #ask<Order, Result>(
    name: string,
    list: Pending<Order, Result>[],
    order: Order,
    signal: AbortSignal,
  ): Promise<Result> {
    this.log.push(name);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const pending: Pending<Order, Result> = { order, signal, resolve, reject, isOver: false };
    list.push(pending);
    const onAbort = (): void => {
      if (!this.isStubborn) {
        reject(abortReason(signal));
      }
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => {
      pending.isOver = true;
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) {
        this.log.push(`stopped: ${name}`);
      }
    });
  }
}

/** A copy that is complete as of `position`. */
export function aCopy(position: string): CopyResult {
  return { position: position as Position, tables: 2, rows: 10, bytes: 1000 };
}

/** A comparison in which both sides are the same. */
export function anEqualVerdict(position: string): Verdict {
  return { position: position as Position, tables: 2, rows: 10, isEqual: true, differences: [] };
}
