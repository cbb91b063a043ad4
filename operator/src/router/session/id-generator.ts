/**
 * Generated ids: 63 bits, ordered by time, unique across routers: milliseconds since {@link ID_EPOCH} (41 bits, until the
 * year 2095), a node (10 bits) and a number within the millisecond (12 bits), as Twitter's Snowflake lays them out.
 *
 * Uniqueness rests on no clock. Whoever generates holds a claim to a node for an interval of times, which is recorded in a
 * database before its first use, and no two claims to a node overlap. A clock that is wrong, or a router that was believed
 * dead, can make ids come out of order, and never twice.
 */
import type { Clock } from '../../runtime/clock.ts';

/** Where the time in an id begins: 2026-01-01. */
export const ID_EPOCH = Date.UTC(2026, 0, 1);

const NODE_BITS = 10n;
const SEQUENCE_BITS = 12n;

/** Nodes there can be at once. */
export const ID_NODES = 1 << Number(NODE_BITS);
/** Ids of one node in a millisecond. */
export const IDS_PER_MILLISECOND = 1 << Number(SEQUENCE_BITS);

/** The right to make ids of `node` for times from `from` up to, not including, `until`, in milliseconds since 1970. */
export interface IdClaim {
  readonly node: number;
  readonly from: number;
  readonly until: number;
}

/**
 * Records claims. Resolves with a claim to times that begin at `now` or later, overlapping no other claim to its node, once it is recorded
 * durably. `preferred` is the node held before.
 */
export type ClaimIds = (
  request: { readonly now: number; readonly preferred: number | undefined },
  signal: AbortSignal,
) => Promise<IdClaim>;

/** Composes an id. */
export function composeId(time: number, node: number, sequence: number): bigint {
  return (
    (BigInt(time - ID_EPOCH) << (NODE_BITS + SEQUENCE_BITS)) |
    (BigInt(node) << SEQUENCE_BITS) |
    BigInt(sequence)
  );
}

/** A claim this close to its end is renewed in the background, so that no statement waits for it (milliseconds). */
const RENEW_BEFORE_MILLISECONDS = 60_000;

/** Makes the ids of one process. */
export class IdGenerator {
  readonly #claimIds: ClaimIds;
  readonly #clock: Clock;
  #claim: IdClaim | undefined;
  #next: IdClaim | undefined;
  #newest: IdClaim | undefined;
  #claiming: Promise<void> | undefined;
  #time = 0;
  #sequence = 0;

  constructor(claimIds: ClaimIds, clock: Clock) {
    this.#claimIds = claimIds;
    this.#clock = clock;
  }

  /**
   * `count` ids (1 to {@link IDS_PER_MILLISECOND}), consecutive and growing; the first. Waits only for a claim.
   * @throws RangeError for more at once, and what claiming rejects with.
   */
  async take(count: number, signal: AbortSignal): Promise<bigint> {
    if (count < 1 || count > IDS_PER_MILLISECOND) {
      throw new RangeError(`${count} ids cannot be generated at once: at most ${IDS_PER_MILLISECOND}`);
    }
    for (;;) {
      const first = this.#tryTake(count);
      if (first !== undefined) {
        this.#renewSoon(signal);
        return first;
      }
      await this.#requestClaim(signal);
    }
  }

  #tryTake(count: number): bigint | undefined {
    const now = this.#clock.now();
    if (this.#claim === undefined || this.#time >= this.#claim.until || now >= this.#claim.until) {
      if (this.#next === undefined) {
        return undefined;
      }
      this.#claim = this.#next;
      this.#next = undefined;
      this.#time = this.#claim.from;
      this.#sequence = 0;
    }
    let time = Math.max(this.#time, now);
    let sequence = time > this.#time ? 0 : this.#sequence;
    if (sequence + count > IDS_PER_MILLISECOND) {
      // Ahead of the clock rather than waiting: the order is kept, and the claim bounds it.
      time += 1;
      sequence = 0;
    }
    if (time >= this.#claim.until) {
      this.#claim = undefined;
      return this.#next === undefined ? undefined : this.#tryTake(count);
    }
    this.#time = time;
    this.#sequence = sequence + count;
    return composeId(time, this.#claim.node, sequence);
  }

  #renewSoon(signal: AbortSignal): void {
    const claim = this.#claim;
    if (
      claim !== undefined &&
      this.#next === undefined &&
      this.#claiming === undefined &&
      claim.until - this.#clock.now() < RENEW_BEFORE_MILLISECONDS
    ) {
      // A failure shows when the claim is needed.
      this.#requestClaim(signal).catch(() => {});
    }
  }

  /** One request at a time, and each claim is taken over once: used twice, it would yield its ids twice. */
  #requestClaim(signal: AbortSignal): Promise<void> {
    this.#claiming ??= this.#takeClaim(signal).finally(() => (this.#claiming = undefined));
    return this.#claiming;
  }

  async #takeClaim(signal: AbortSignal): Promise<void> {
    const claim = await this.#claimIds(
      { now: Math.max(this.#clock.now(), this.#newest?.until ?? 0), preferred: this.#newest?.node },
      signal,
    );
    this.#next = claim;
    this.#newest = claim;
  }
}
