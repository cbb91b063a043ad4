import type { MoveLimits, ShardMapShard } from '../../api/v1alpha1/index.ts';
import type { SourceAddress } from '../../engines/member-state.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AgentState } from '../protocol/agent-state.ts';
import type { MoveReason } from '../protocol/move-report.ts';
import type { VolumeUsage } from '../volume-usage.ts';
import { chooseSource, DEFAULT_REPLICA_LAG_SECONDS, type SourceUse } from './choose-source.ts';
import { holdCopy } from './hold-copy.ts';
import type { ChosenSource } from './move-task-context.ts';
import type { SourceWatch } from './source-watch.ts';

/** The account that is used at a source. */
export interface SourceAccount {
  readonly name: string;
  readonly password: string;
}

export interface MemberSourcesOptions {
  readonly watch: Pick<SourceWatch, 'states' | 'ask'>;
  /** Another shard of the moves on the map; undefined for one that has none. */
  readonly shard: (number: number) => ShardMapShard | undefined;
  /** This shard; undefined while it is not known. */
  readonly ownShard: () => ShardMapShard | undefined;
  readonly limits: () => MoveLimits | null;
  /** Where the server of a member is reached. */
  readonly address: (shard: ShardMapShard, pod: string) => SourceAddress;
  /** Throws where it cannot be read. */
  readonly account: () => SourceAccount;
  /** How full the own volume is; null while unknown. */
  readonly usage: () => VolumeUsage | null;
  readonly clock: Clock;
}

/** A member that failed as a source is left alone for so long, where there is another. */
const AVOID_MILLISECONDS = 10_000;

/** The members that rows and changes may come from, and when rows may. */
export class MemberSources {
  readonly #options: MemberSourcesOptions;
  readonly #avoided = new Map<string, number>();

  constructor(options: MemberSourcesOptions) {
    this.#options = options;
  }

  /** The best member of a shard. Rejects where there is none. */
  async choose(number: number, use: SourceUse, signal: AbortSignal): Promise<ChosenSource> {
    const { watch, shard: find, address, account } = this.#options;
    const shard = this.#require(find(number), number);
    // Changes come from the primary, which needs no look at the others unless it failed.
    if (use === 'rows' || shard.primary === null || this.#avoidedNow().has(shard.primary)) {
      await watch.ask(shard, signal);
    }
    const pod = chooseSource(
      {
        shard,
        states: watch.states(shard),
        avoided: this.#avoidedNow(),
        maxReplicaLagSeconds: this.#options.limits()?.maxReplicaLagSeconds ?? DEFAULT_REPLICA_LAG_SECONDS,
      },
      use,
    );
    if (pod === null) {
      throw new Error(`no member of ${shard.name} can be received from`);
    }
    const { name, password } = account();
    const isBest = use === 'rows' || pod === shard.primary;
    return { pod, source: { ...address(shard, pod), user: name, password }, isBest };
  }

  /** Has a member left alone for a while. */
  avoid(pod: string): void {
    this.#avoided.set(pod, this.#options.clock.monotonic() + AVOID_MILLISECONDS);
  }

  /** Why rows may not be read from a member now; null when they may. */
  hold(number: number, pod: string): MoveReason | null {
    const { watch, shard: find, ownShard, limits, usage } = this.#options;
    const statesOf = (shard: ShardMapShard | undefined): ReadonlyMap<string, AgentState> =>
      shard === undefined ? new Map() : watch.states(shard);
    const theirs = statesOf(find(number));
    return holdCopy({
      limits: limits(),
      states: [...theirs.values(), ...statesOf(ownShard()).values()],
      source: theirs.get(pod) ?? null,
      usage: usage(),
    });
  }

  #require(shard: ShardMapShard | undefined, number: number): ShardMapShard {
    if (shard === undefined) {
      throw new Error(`shard ${number} has no move with this one`);
    }
    return shard;
  }

  #avoidedNow(): ReadonlySet<string> {
    const now = this.#options.clock.monotonic();
    return new Set([...this.#avoided].flatMap(([pod, until]) => (until > now ? [pod] : [])));
  }
}
