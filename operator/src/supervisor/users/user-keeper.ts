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
import type { Credentials } from '../../engines/users.ts';
import { ROUTER_SECRET_KEYS } from '../../router/pod-contract.ts';
import type { Informer } from '../../runtime/cache/informer.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { formatKey, isBeingDeleted } from '../../runtime/objects.ts';
import type { AgentStreams } from '../agent-streams.ts';
import { decideUsers, type UsersDecision } from './decide-users.ts';
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
    for (const { map, object } of kept) {
      const decision = this.#decide(map, object);
      if (decision !== undefined) {
        const { namespace, name } = object.metadata;
        const found = map.spec.shards.flatMap((shard) => {
          const uid = this.#uidOfPrimary(namespace, shard);
          seen.add(uid ?? '');
          return uid === undefined ? [] : this.#bring(uid, shard, decision, signal);
        });
        this.#problems.set(formatKey({ namespace, name }), [...decision.problems, ...found]);
      }
    }
    [...this.#told.keys()].filter((uid) => !seen.has(uid)).forEach((uid) => this.#told.delete(uid));
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
  #decide({ spec }: ShardMap, { metadata, spec: { users, tls } }: ShardedCluster): UsersDecision | undefined {
    const { secrets, credentials } = this.#options;
    const { namespace, name } = metadata;
    const ofRouters = secrets.get({ namespace, name: routerName(name) });
    const key = secretText(ofRouters, ROUTER_SECRET_KEYS.key);
    const username = secretText(ofRouters, ROUTER_SECRET_KEYS.username);
    const password = secretText(ofRouters, ROUTER_SECRET_KEYS.password);
    if (key === undefined || username === undefined || password === undefined) {
      return undefined;
    }
    const ofApplication = secrets.get({ namespace, name: applicationSecretName(name) });
    return decideUsers({
      spec: { users, tls },
      keyspaces: (spec.keyspaces ?? []).map((keyspace) => keyspace.name),
      applicationPassword: secretText(ofApplication, 'password'),
      router: { key, username, password },
      passwordOf: (reference) => this.#passwords.password({ namespace, name: reference.name }, reference.key),
      credentials,
    });
  }

  #uidOfPrimary(namespace: string, { primary }: ShardMapShard): string | undefined {
    return primary === null ? undefined : this.#options.pods.get({ namespace, name: primary })?.metadata?.uid;
  }

  /** Tells a primary its users unless it has them, and returns what is wrong with that. */
  #bring(
    uid: string,
    shard: ShardMapShard,
    { command }: UsersDecision,
    signal: AbortSignal,
  ): readonly InstanceProblem[] {
    const { streams, clock } = this.#options;
    const state = streams.view(uid)?.frame?.state;
    if (state?.member?.role.kind !== 'primary') {
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
