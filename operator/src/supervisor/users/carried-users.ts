import type { AgentState } from '../../agent/protocol/agent-state.ts';
import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import type { InstanceProblem } from '../../core/instance-report.ts';
import type { CarriedOrder, Credentials } from '../../engines/users.ts';
import { errorMessage } from '../../engines/engine-error.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import type { AgentStreams } from '../agent-streams.ts';
import { carriedList, type CarriedList, decideCarried, decideSource } from './carried-lists.ts';

export interface CarriedUsersOptions {
  readonly streams: Pick<AgentStreams, 'command'>;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A shard and its primary. */
export interface PrimaryOfShard {
  readonly shard: ShardMapShard;
  readonly uid: string;
  /** What it told last; null while it tells nothing, or is no primary. */
  readonly state: Pick<AgentState, 'users'> | null;
}

/** How long a list is good for. */
const LIST_MILLISECONDS = 1000;
/** A server reads its users in one go. */
const READ_MILLISECONDS = 3000;

/** Has the shards of one cluster that are new get the users that were made through routers before. */
export class CarriedUsers {
  readonly #options: CarriedUsersOptions;
  #list: CarriedList | undefined;
  #isReading = false;
  #readAt = -Infinity;
  #problem: string | null = null;
  /** Since when a primary has a list, by its uid. */
  readonly #had = new Map<string, { readonly digest: string; readonly since: number }>();

  constructor(options: CarriedUsersOptions) {
    this.#options = options;
  }

  /** What each primary is to be told, by its uid; reads what it needs for that in the background. */
  orders(
    primaries: readonly (PrimaryOfShard | { readonly shard: ShardMapShard; readonly uid?: undefined })[],
    routerKey: string,
    signal: AbortSignal,
  ): ReadonlyMap<string, CarriedOrder> {
    const told = primaries.flatMap((primary) => (primary.uid === undefined ? [] : [primary]));
    const source = decideSource(
      primaries.map((primary) => ({
        number: primary.shard.number,
        carried: primary.uid === undefined ? null : (primary.state?.users?.carried ?? null),
      })),
    );
    const orders = new Map<string, CarriedOrder>();
    let isListWanted = false;
    for (const { shard, uid, state } of told) {
      const carried = state?.users?.carried ?? null;
      const isSource = shard.number === source;
      isListWanted ||= carried?.isComplete === false && !isSource;
      const order = decideCarried({
        carried,
        isSource,
        list: this.#list,
        hasListSince: this.#since(uid, carried?.digest ?? null),
      });
      if (order !== null) {
        orders.set(uid, order);
      }
    }
    const from = told.find(({ shard }) => shard.number === source);
    if (!isListWanted) {
      this.#list = undefined;
      this.#problem = null;
      this.#had.clear();
    } else if (from !== undefined) {
      this.#readWhenDue(from, routerKey, signal);
    } else {
      this.#problem = silentOnes(told);
    }
    return orders;
  }

  /** What keeps a shard from having the users; null for nothing. */
  problem({ shard, state }: PrimaryOfShard): InstanceProblem | null {
    return this.#problem === null || state?.users?.carried?.isComplete !== false
      ? null
      : {
          reason: 'UserNotSet',
          message: `Users that were made through the routers are not on ${shard.name} yet, and no slot moves there before: ${this.#problem}`,
        };
  }

  #since(uid: string, digest: string | null): number | undefined {
    const had = this.#had.get(uid);
    if (digest === null || had?.digest === digest) {
      return digest === null ? undefined : had?.since;
    }
    const since = this.#options.clock.monotonic();
    this.#had.set(uid, { digest, since });
    return since;
  }

  #readWhenDue(from: PrimaryOfShard, routerKey: string, signal: AbortSignal): void {
    const now = this.#options.clock.monotonic();
    if (!this.#isReading && now - this.#readAt >= LIST_MILLISECONDS) {
      this.#isReading = true;
      this.#readAt = now;
      void this.#read(from, routerKey, now, signal).finally(() => (this.#isReading = false));
    }
  }

  async #read(
    { shard, uid }: PrimaryOfShard,
    routerKey: string,
    readAt: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { streams, credentials, logger } = this.#options;
    try {
      const request = { command: 'readUsers', epoch: shard.epoch } as const;
      const { users } = await streams.command(uid, request, READ_MILLISECONDS, signal);
      this.#list = carriedList(users, routerKey, credentials, readAt);
      this.#problem = null;
    } catch (error) {
      this.#problem = `those of ${shard.name} could not be read: ${errorMessage(error)}`;
      logger.warn('users were not read', { shard: shard.name, ...errorFields(error) });
    }
  }
}

/** An agent of a former version tells nothing of these users. */
function silentOnes(told: readonly PrimaryOfShard[]): string | null {
  const silent = told.filter(({ state }) => state?.users?.carried === null).map(({ shard }) => shard.name);
  return silent.length === 0
    ? null
    : `the agents of ${silent.join(', ')} are of a former version. Restart their pods, replicas first`;
}
