import type { MemberSession } from '../../engines/member-session.ts';
import type { MemberState } from '../../engines/member-state.ts';
import type { DatabaseSize, MeasuredSize } from '../../engines/slot-measure.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import type { WantedDatabases } from '../wanted-databases.ts';

export interface SizesWatchOptions {
  readonly session: {
    /** Null while there is none. */
    readonly current: {
      readonly session: Pick<MemberSession, 'slots'>;
      readonly databasesDigest: string;
    } | null;
    /** What the server was last seen to be; null while that is not known. */
    readonly state: () => MemberState | null;
  };
  /** The databases of this shard; null while they are not known. */
  readonly databases: () => WantedDatabases | null;
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Sizes change slowly; who plans a move wants no more than an idea. */
const INTERVAL_MILLISECONDS = 60_000;
/** Databases that were made, or have moved, are to be in the next plan. */
const LOOK_MILLISECONDS = 1000;
/** Over less than that, a rate says little. */
const LEAST_RATE_MILLISECONDS = 30_000;
/** A state is sent several times a second: what is told of the others is nothing. */
const MOST_SIZES = 1024;

/** How often rows were handled by some moment, and at which rate until then. */
interface HandledRows {
  readonly rows: number;
  readonly at: number;
  readonly rowsPerSecond?: number;
}

/** Measures the databases of keyspaces on the open primary once a minute, and when there are others. */
export class SizesWatch {
  readonly #options: SizesWatchOptions;
  #sizes: readonly DatabaseSize[] | null = null;
  /** What loads are reckoned from, by database. */
  #counts = new Map<string, HandledRows>();
  #measured: { readonly digest: string; readonly at: number } | null = null;

  constructor(options: SizesWatchOptions) {
    this.#options = options;
  }

  /** The largest databases, largest first; null while unknown. */
  get sizes(): readonly DatabaseSize[] | null {
    return this.#sizes;
  }

  /** Measures until the signal aborts; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.#look(signal);
      await clock.sleep(LOOK_MILLISECONDS, signal).catch(() => {});
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { session, databases, clock, logger } = this.#options;
    const member = session.state();
    const order = databases();
    const current = session.current;
    // Before that, some of the databases are not there.
    const isMade = current !== null && current.databasesDigest === order?.digest;
    if (order === null || member?.role.kind !== 'primary' || !member.writable) {
      this.#set(null);
      this.#measured = null;
      return;
    }
    if (current === null || !isMade || !this.#isDue(order)) {
      return;
    }
    this.#measured = { digest: order.digest, at: clock.monotonic() };
    try {
      const names = order.wanted.flatMap(({ databases: held }) => held);
      const sizes = await current.session.slots.measure(names, signal);
      this.#set(
        this.#withRates(sizes)
          .toSorted((left, right) => right.bytes - left.bytes)
          .slice(0, MOST_SIZES),
      );
    } catch (error) {
      if (!signal.aborted) {
        logger.warn('databases cannot be measured', errorFields(error));
      }
    }
  }

  #withRates(sizes: readonly MeasuredSize[]): readonly DatabaseSize[] {
    const now = this.#options.clock.monotonic();
    this.#counts = new Map(
      sizes.flatMap(({ database, rowsHandled }) =>
        rowsHandled === null
          ? []
          : [[database, nextCount(this.#counts.get(database), rowsHandled, now)] as const],
      ),
    );
    return sizes.map(({ database, rows, bytes }) => {
      const rate = this.#counts.get(database)?.rowsPerSecond;
      return { database, rows, bytes, ...(rate === undefined ? {} : { rowsPerSecond: rate }) };
    });
  }

  #isDue({ digest }: WantedDatabases): boolean {
    const { clock } = this.#options;
    return (
      this.#measured?.digest !== digest || clock.monotonic() - this.#measured.at >= INTERVAL_MILLISECONDS
    );
  }

  #set(sizes: readonly DatabaseSize[] | null): void {
    if (JSON.stringify(sizes) !== JSON.stringify(this.#sizes)) {
      this.#sizes = sizes;
      this.#options.onChange();
    }
  }
}

/** A count that has become less was begun anew. */
function nextCount(before: HandledRows | undefined, rows: number, at: number): HandledRows {
  if (before === undefined || rows < before.rows) {
    return { rows, at };
  }
  return at - before.at < LEAST_RATE_MILLISECONDS
    ? before
    : { rows, at, rowsPerSecond: Math.round((1000 * (rows - before.rows)) / (at - before.at)) };
}
