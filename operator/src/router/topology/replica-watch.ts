import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { type CollectedResult, columnName, type TextRow } from '../execution/collecting-sink.ts';
import { EMPTY_TOKEN, readWriteToken } from '../session/write-token.ts';
import type { ReplicaState } from '../session/read-server.ts';
import type { OwnStatements } from './own-account.ts';
import type { Server } from './servers.ts';

export interface ReplicaWatchOptions {
  readonly statements: OwnStatements;
  /** All replicas of the newest map. */
  readonly replicas: () => readonly Server[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Pause between two looks at a replica. @default 200 */
  readonly pauseMilliseconds?: number;
  /** A replica that does not answer for so long is not healthy. @default 2000 */
  readonly timeoutMilliseconds?: number;
}

/** What replicas are like, looked at again and again. */
export interface ReplicaWatch {
  /** By pod. */
  states(): ReadonlyMap<string, ReplicaState>;
  run(signal: AbortSignal): Promise<void>;
}

/** What is applied, and the age of the newest heartbeat that is: Seconds_Behind_Master has a grain of a second. */
const OBSERVE_POSITION =
  'SELECT @@gtid_slave_pos, (SELECT TIMESTAMPDIFF(MICROSECOND, MAX(written_at), UTC_TIMESTAMP(6)) FROM shardwright.heartbeat)';

/** Watches replicas for as long as the signal lasts; each at its own pace, so that a slow one delays no other. */
export function createReplicaWatch(options: ReplicaWatchOptions): ReplicaWatch {
  const {
    statements,
    replicas,
    clock,
    logger,
    pauseMilliseconds = 200,
    timeoutMilliseconds = 2000,
  } = options;
  const states = new Map<string, ReplicaState>();
  const underWay = new Set<string>();

  const look = async (replica: Server, signal: AbortSignal): Promise<void> => {
    const started = clock.monotonic();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]);
    try {
      const [position] = await statements.query(replica, OBSERVE_POSITION, limit);
      const responseMilliseconds = clock.monotonic() - started;
      const threads = await statements.run(replica, 'SHOW ALL SLAVES STATUS', limit);
      states.set(replica.pod, stateOf(position, threads, responseMilliseconds));
    } catch (error) {
      signal.throwIfAborted();
      if (states.get(replica.pod)?.isHealthy !== false) {
        logger.warn('a replica is left out of reads', { pod: replica.pod, ...errorFields(error) });
      }
      states.set(replica.pod, UNHEALTHY);
    }
  };

  return {
    states: () => states,
    async run(signal) {
      while (!signal.aborted) {
        const present = replicas();
        for (const pod of states.keys()) {
          if (!present.some((replica) => replica.pod === pod)) {
            states.delete(pod);
          }
        }
        for (const replica of present) {
          if (!underWay.has(replica.pod)) {
            underWay.add(replica.pod);
            void look(replica, signal)
              .catch(() => {})
              .finally(() => underWay.delete(replica.pod));
          }
        }
        await clock.sleep(pauseMilliseconds, signal).catch(() => {});
      }
    },
  };
}

const UNHEALTHY: ReplicaState = {
  isHealthy: false,
  lagMilliseconds: null,
  position: EMPTY_TOKEN,
  responseMilliseconds: Infinity,
};

/** The machines' clocks may differ by so much. */
const CLOCK_TOLERANCE_MILLISECONDS = 1000;

/** Unknown by a clock that is behind: the replica would pass for fresh however far it lags. */
function lagOf(heartbeatAge: number): number | null {
  return heartbeatAge < -CLOCK_TOLERANCE_MILLISECONDS ? null : Math.max(0, heartbeatAge);
}

function stateOf(
  position: TextRow | undefined,
  threads: CollectedResult,
  responseMilliseconds: number,
): ReplicaState {
  const names = threads.columns.map(columnName);
  const [source] = threads.rows;
  const field = (name: string): string | null => source?.[names.indexOf(name)]?.toString() ?? null;
  const isFollowing = field('Slave_IO_Running') === 'Yes' && field('Slave_SQL_Running') === 'Yes';
  const heartbeatAge = position?.[1]?.toString();
  const secondsBehind = field('Seconds_Behind_Master');
  return {
    isHealthy: isFollowing,
    lagMilliseconds:
      heartbeatAge !== undefined
        ? lagOf(Number(heartbeatAge) / 1000)
        : secondsBehind === null
          ? null
          : Number(secondsBehind) * 1000,
    position: readWriteToken(position?.[0]?.toString() ?? '') ?? EMPTY_TOKEN,
    responseMilliseconds,
  };
}
