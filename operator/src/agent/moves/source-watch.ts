import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import type { AgentState } from '../protocol/agent-state.ts';

/** A shard whose members are asked. */
export type WatchedShard = Pick<ShardMapShard, 'name' | 'primary' | 'replicas'>;

/** What agents of other members tell, of this shard and of others. */
export interface SourceWatch {
  /** What members of a shard told within the last seconds. */
  states(shard: WatchedShard): ReadonlyMap<string, AgentState>;
  /** Asks all members of a shard now; resolves when each has answered or failed to. Never rejects. */
  ask(shard: WatchedShard, signal: AbortSignal): Promise<void>;
  /** Asks the shards of `watched` once a second, until the signal aborts; then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

export interface SourceWatchOptions {
  /** Shards of which something is to be known, now. */
  readonly watched: () => readonly WatchedShard[];
  /** Rejects where the agent does not answer. */
  readonly fetchState: (shard: WatchedShard, pod: string, signal: AbortSignal) => Promise<AgentState>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL_MILLISECONDS = 1000;
/** An agent answers within milliseconds. */
const DEADLINE_MILLISECONDS = 2000;
/** What was told longer ago says nothing about now. */
const STALE_MILLISECONDS = 5000;

/** Remembers what was told, for a few seconds. */
export function createSourceWatch(options: SourceWatchOptions): SourceWatch {
  const { watched, fetchState, clock, logger } = options;
  const told = new Map<string, { readonly state: AgentState; readonly at: number }>();

  const askMember = async (shard: WatchedShard, pod: string, signal: AbortSignal): Promise<void> => {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MILLISECONDS)]);
      told.set(pod, { state: await fetchState(shard, pod, limit), at: clock.monotonic() });
    } catch (error) {
      logger.debug('a member of another shard does not tell its state', { pod, ...errorFields(error) });
    }
  };

  const ask = async (shard: WatchedShard, signal: AbortSignal): Promise<void> => {
    await Promise.all(membersOf(shard).map((pod) => askMember(shard, pod, signal)));
  };

  return {
    states(shard) {
      const since = clock.monotonic() - STALE_MILLISECONDS;
      return new Map(
        membersOf(shard).flatMap((pod): [string, AgentState][] => {
          const entry = told.get(pod);
          return entry === undefined || entry.at < since ? [] : [[pod, entry.state]];
        }),
      );
    },
    ask,
    async run(signal) {
      while (!signal.aborted) {
        await Promise.all(watched().map((shard) => ask(shard, signal)));
        await clock.sleep(INTERVAL_MILLISECONDS, signal).catch(() => {});
      }
    },
  };
}

function membersOf({ primary, replicas }: WatchedShard): readonly string[] {
  return [...(primary === null ? [] : [primary]), ...replicas];
}
