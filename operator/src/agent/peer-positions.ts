import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { Position } from '../engines/position.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import type { AgentState } from './protocol/agent-state.ts';

/** A move by which another shard follows this one. */
export interface FollowingMove {
  readonly id: string;
  /** The other shard. */
  readonly shard: Pick<ShardMapShard, 'name' | 'primary'>;
}

/** Where those who follow this shard were last seen to be: its other members, and shards that slots move to. */
export interface PeerPositions {
  /** Null where a pod was not seen since this agent started. */
  position(pod: string): Position | null;
  /** How far each move that follows this shard now has come; null where that was not heard, or it has yet to begin. */
  followed(): readonly (Position | null)[];
  /** Asks the peers from time to time, until the signal aborts; then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

export interface PeerPositionsOptions {
  /** Pods of the others, as the map now lists them. */
  readonly peers: () => readonly string[];
  /** Moves by which other shards follow this one, as the map now lists them. */
  readonly following: () => readonly FollowingMove[];
  readonly fetchState: (pod: string, signal: AbortSignal) => Promise<AgentState>;
  /** What the agent of a member of another shard tells. */
  readonly fetchOther: (
    shard: FollowingMove['shard'],
    pod: string,
    signal: AbortSignal,
  ) => Promise<AgentState>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default 30000 */
  readonly intervalMilliseconds?: number;
}

const DEADLINE_MILLISECONDS = 5000;

/**
 * Remembers what each peer has in its possession, which is what it need not receive any more. What a peer applied
 * only grows, so an old position errs by keeping too much.
 */
export function createPeerPositions(options: PeerPositionsOptions): PeerPositions {
  const { peers, following, fetchState, fetchOther, clock, logger, intervalMilliseconds = 30_000 } = options;
  const positions = new Map<string, Position>();
  const moves = new Map<string, Position>();

  const ask = async (
    pod: string,
    fetch: (limit: AbortSignal) => Promise<AgentState>,
    take: (state: AgentState) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    try {
      take(await fetch(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MILLISECONDS)])));
    } catch (error) {
      logger.debug('a peer does not tell its position', { pod, ...errorFields(error) });
    }
  };

  const takePosition = (id: string, { moves: reports }: AgentState): void => {
    const position = reports.find((report) => report.id === id)?.position ?? null;
    // One that copies anew needs everything again.
    if (position === null) {
      moves.delete(id);
    } else {
      moves.set(id, position);
    }
  };

  return {
    position: (pod) => positions.get(pod) ?? null,
    followed: () => following().map(({ id }) => moves.get(id) ?? null),
    async run(signal) {
      while (!signal.aborted) {
        for (const pod of peers()) {
          const take = ({ member }: AgentState): void => {
            if (member !== null) {
              positions.set(pod, member.applied);
            }
          };
          await ask(pod, (limit) => fetchState(pod, limit), take, signal);
        }
        const wanted = following();
        [...moves.keys()]
          .filter((id) => !wanted.some((move) => move.id === id))
          .forEach((id) => moves.delete(id));
        for (const [pod, group] of Map.groupBy(wanted, ({ shard }) => shard.primary)) {
          const [first] = group;
          if (pod !== null && first !== undefined) {
            const take = (state: AgentState): void => group.forEach(({ id }) => takePosition(id, state));
            await ask(pod, (limit) => fetchOther(first.shard, pod, limit), take, signal);
          }
        }
        await clock.sleep(intervalMilliseconds, signal).catch(() => {});
      }
    },
  };
}
