import type { V1Pod, V1Secret } from '@kubernetes/client-node';
import { RefusedError } from '../../agent/protocol/commands.ts';
import type { UsersCommand } from '../../agent/protocol/users.ts';
import {
  applicationSecretName,
  routerName,
  type ShardedCluster,
  type ShardMap,
  type ShardMapShard,
} from '../../api/v1alpha1/index.ts';
import type { ClusterKey, InstanceProblem } from '../../core/instance-report.ts';
import type { CarriedOrder, Credentials } from '../../engines/users.ts';
import { ROUTER_SECRET_KEYS } from '../../router/pod-contract.ts';
import type { Informer } from '../../runtime/cache/informer.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { formatKey, isBeingDeleted } from '../../runtime/objects.ts';
import type { AgentStreams } from '../agent-streams.ts';
import { CarriedUsers, type PrimaryOfShard } from './carried-users.ts';
import { decideUsers, type UsersDecision, type UsersInput } from './decide-users.ts';
import { PasswordSecrets } from './password-secrets.ts';
import { secretText } from './secret-text.ts';

export interface UserKeeperOptions {
  readonly client: ApiClient;
  readonly clusters: Informer<ShardedCluster>;
  readonly shardMaps: Pick<Informer<ShardMap>, 'list'>;
  readonly pods: Pick<Informer<V1Pod>, 'get'>;
  /** Those of the clusters themselves. */
  readonly secrets: Pick<Informer<V1Secret>, 'get'>;
  readonly streams: Pick<AgentStreams, 'view' | 'command'>;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** How often to compare. Comparing asks nobody anything. */
const PASS_MILLISECONDS = 250;
/** A primary that was told, and does not say that it is done, is told again after so long. */
const REPEAT_MILLISECONDS = 10_000;
/** An agent answers at once. */
const COMMAND_MILLISECONDS = 3000;

/** What was last told to an agent. */
interface Told {
  readonly digest: string;
  /** Monotonic milliseconds. */
  readonly at: number;
  /** Why it was not taken; null where it was. */
  problem: InstanceProblem | null;
}

/** Has the primary of every shard keep the users that the spec of its cluster asks for; on the leader. */
export class UserKeeper {
  readonly #options: UserKeeperOptions;
  readonly #passwords: PasswordSecrets;
  readonly #problems = new Map<string, readonly InstanceProblem[]>();
  /** By the uid of the pod. */
  readonly #told = new Map<string, Told>();
  /** By the cluster. */
  readonly #carried = new Map<string, CarriedUsers>();

  constructor(options: UserKeeperOptions) {
    this.#options = options;
    this.#passwords = new PasswordSecrets(options);
  }

  /** What is wrong with the users of a cluster, as far as it is known. */
  problems(cluster: ClusterKey): readonly InstanceProblem[] {
    return this.#problems.get(formatKey(cluster)) ?? [];
  }

  /** Runs until the signal aborts, then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      while (!signal.aborted) {
        this.#passSafely(signal);
        await clock.sleep(PASS_MILLISECONDS, signal).catch(() => {});
      }
    } finally {
      await this.#passwords.close();
    }
  }

  #passSafely(signal: AbortSignal): void {
    try {
      this.#pass(signal);
    } catch (error) {
      this.#options.logger.error('users were not compared', errorFields(error));
    }
  }

  #pass(signal: AbortSignal): void {
    const kept = this.#kept();
    this.#passwords.watch(
      kept.flatMap(({ object }) =>
        object.spec.users.map(({ passwordSecretKeyRef }) => ({
          namespace: object.metadata.namespace,
          name: passwordSecretKeyRef.name,
        })),
      ),
      signal,
    );
    this.#problems.clear();
    const seen = new Set<string>();
    const clusters = new Set<string>();
    for (const { map, object } of kept) {
      const router = this.#routerOf(object);
      if (router !== undefined) {
        const key = formatKey(object.metadata);
        clusters.add(key);
        const decision = this.#decide(map, object, router);
        const primaries = map.spec.shards.map((shard) => this.#primaryOf(object.metadata.namespace, shard));
        const carried = this.#carriedOf(key);
        const orders = carried.orders(primaries, router.key, signal);
        const found = primaries.flatMap((primary) => {
          if (primary.uid === undefined) {
            return [];
          }
          seen.add(primary.uid);
          const command = withCarried(decision.command, orders.get(primary.uid));
          const problem = carried.problem(primary);
          return [...this.#bring(primary, command, signal), ...(problem === null ? [] : [problem])];
        });
        this.#problems.set(key, [...decision.problems, ...found]);
      }
    }
    [...this.#told.keys()].filter((uid) => !seen.has(uid)).forEach((uid) => this.#told.delete(uid));
    [...this.#carried.keys()].filter((key) => !clusters.has(key)).forEach((key) => this.#carried.delete(key));
  }

  #carriedOf(cluster: string): CarriedUsers {
    const known = this.#carried.get(cluster);
    if (known !== undefined) {
      return known;
    }
    const made = new CarriedUsers(this.#options);
    this.#carried.set(cluster, made);
    return made;
  }

  /** Clusters with keyspaces in their map, of which the operator takes care. */
  #kept(): readonly { readonly map: ShardMap; readonly object: ShardedCluster }[] {
    return this.#options.shardMaps.list().flatMap((map) => {
      const { namespace, name } = map.metadata;
      const object = this.#options.clusters.get({ namespace, name });
      const isOurs = object !== undefined && !object.spec.suspend && !isBeingDeleted(object);
      return isOurs && (map.spec.keyspaces ?? []).length > 0 ? [{ map, object }] : [];
    });
  }

  /** Undefined while the routers' Secret is missing, without which nobody can be set. */
  #routerOf({ metadata: { namespace, name } }: ShardedCluster): UsersInput['router'] | undefined {
    const ofRouters = this.#options.secrets.get({ namespace, name: routerName(name) });
    const key = secretText(ofRouters, ROUTER_SECRET_KEYS.key);
    const username = secretText(ofRouters, ROUTER_SECRET_KEYS.username);
    const password = secretText(ofRouters, ROUTER_SECRET_KEYS.password);
    return key === undefined || username === undefined || password === undefined
      ? undefined
      : { key, username, password };
  }

  #decide(
    { spec }: ShardMap,
    { metadata: { namespace, name }, spec: { users, tls } }: ShardedCluster,
    router: UsersInput['router'],
  ): UsersDecision {
    const { secrets, credentials } = this.#options;
    const ofApplication = secrets.get({ namespace, name: applicationSecretName(name) });
    return decideUsers({
      spec: { users, tls },
      keyspaces: (spec.keyspaces ?? []).map((keyspace) => keyspace.name),
      applicationPassword: secretText(ofApplication, 'password'),
      router,
      passwordOf: (reference) => this.#passwords.password({ namespace, name: reference.name }, reference.key),
      credentials,
    });
  }

  /** Without a uid while the shard has no primary. */
  #primaryOf(
    namespace: string,
    shard: ShardMapShard,
  ): PrimaryOfShard | { readonly shard: ShardMapShard; readonly uid?: undefined } {
    const { pods, streams } = this.#options;
    const uid =
      shard.primary === null ? undefined : pods.get({ namespace, name: shard.primary })?.metadata?.uid;
    if (uid === undefined) {
      return { shard };
    }
    const state = streams.view(uid)?.frame?.state;
    return { shard, uid, state: state?.member?.role.kind === 'primary' ? state : null };
  }

  /** Tells a primary its users unless it has them, and returns what is wrong with that. */
  #bring(
    { uid, shard, state }: PrimaryOfShard,
    command: UsersCommand,
    signal: AbortSignal,
  ): readonly InstanceProblem[] {
    const { clock } = this.#options;
    if (state === null) {
      return [];
    }
    if (state.users?.digest === command.digest) {
      return state.users.taken.map((user) => taken(user, shard));
    }
    const before = this.#told.get(uid);
    const isDue = before?.digest !== command.digest || clock.monotonic() - before.at >= REPEAT_MILLISECONDS;
    if (!isDue) {
      return before.problem === null ? [] : [before.problem];
    }
    const told: Told = { digest: command.digest, at: clock.monotonic(), problem: before?.problem ?? null };
    this.#told.set(uid, told);
    void this.#tell(uid, shard, command, told, signal);
    return told.problem === null ? [] : [told.problem];
  }

  async #tell(
    uid: string,
    shard: ShardMapShard,
    command: UsersCommand,
    told: Told,
    signal: AbortSignal,
  ): Promise<void> {
    const { streams, logger } = this.#options;
    try {
      const request = { command: 'setUsers', epoch: shard.epoch, ...command } as const;
      await streams.command(uid, request, COMMAND_MILLISECONDS, signal);
      told.problem = null;
    } catch (error) {
      told.problem = problemOf(error, shard);
      logger.warn('an agent was not told its users', { shard: shard.name, ...errorFields(error) });
    }
  }
}

/** The order with what is to be carried; one digest stands for both. */
function withCarried(command: UsersCommand, carried: CarriedOrder | undefined): UsersCommand {
  return carried === undefined
    ? command
    : { ...command, carried, digest: `${command.digest} ${carried.digest}${carried.isFinal ? '!' : ''}` };
}

function taken(user: string, { name }: ShardMapShard): InstanceProblem {
  return {
    reason: 'UserNotSet',
    message:
      `The user ${user} exists on ${name} and was not made by the operator, so it is left alone. Drop it there, or ` +
      'take it out of spec.users.',
  };
}

/** An agent of a former version cannot read the order; everything else passes by itself. */
function problemOf(error: unknown, { primary, name }: ShardMapShard): InstanceProblem | null {
  return error instanceof RefusedError && error.code === 'InvalidRequest'
    ? {
        reason: 'UserNotSet',
        message:
          `The agent of ${primary ?? 'the primary'} is of a former version and knows nothing of users. Restart the ` +
          `pods of ${name}, replicas first.`,
      }
    : null;
}
