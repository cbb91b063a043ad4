/** What acts and faults of moves are played on, whatever it is made of: what a person does to a cluster, and what is seen of it. */
import {
  type HandMove,
  type MovePhase,
  parseShardRebalance,
  type RebalancePhase,
  type ShardMapMove,
  type ShardMapSpec,
  type ShardRebalance,
} from '../../operator/src/api/v1alpha1/index.ts';
import {
  shardedClusters,
  shardRebalances,
} from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { auditCluster } from '../../operator/src/core/audit/audit-cluster.ts';
import type { AuditReport } from '../../operator/src/core/audit/problem.ts';
import { readSlotOwners, shardOf } from '../../operator/src/core/keyspace/slot-owners.ts';
import { readSlotSet } from '../../operator/src/core/keyspace/slot-set.ts';
import type { ApiClient } from '../../operator/src/runtime/client/api-client.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { KEYSPACE } from './cluster-objects.ts';
import type { LoadTarget } from './load-target.ts';

const NEVER = new AbortController().signal;
const READY = { timeoutMilliseconds: 240_000 };

/** What a stage has. */
export interface MovesStageOptions {
  /** Shards that the spec asks for, and that have slots at first. */
  readonly filledShards: number;
  /** Shards that there are to be at the most. */
  readonly shards: number;
  /** Servers of each. */
  readonly instances: number;
  /** Whether a keyspace is cut by intervals. @default false */
  readonly hasRanges?: boolean;
  /** Whether slots and shards of a keyspace are remainders. @default false */
  readonly hasRemainders?: boolean;
  /** Settings of the servers. @default those of small ones */
  readonly configuration?: string;
  /** Whether `cutOff` is possible. @default false */
  readonly canBeCut?: boolean;
  /** Size of volumes, in memory then, that `fillVolume` can fill. @default the usual volumes, which it cannot */
  readonly volumeMebibytes?: number;
}

/** A cluster with the keyspaces of `cluster-objects.ts`, where slots move. */
export abstract class MovesStage implements LoadTarget {
  readonly #client: ApiClient;
  readonly #key: { readonly namespace: string; readonly name: string };
  #asked = 0;

  protected constructor(client: ApiClient, key: { readonly namespace: string; readonly name: string }) {
    this.#client = client;
    this.#key = key;
  }

  /** The map as last seen. */
  abstract map(): ShardMapSpec;
  /** What is known of a rebalance; undefined while there is none of that name. */
  abstract rebalance(name: string): ShardRebalance | undefined;
  /** Names of all rebalances. */
  abstract rebalances(): readonly string[];
  abstract reach(host: string): ReturnType<LoadTarget['reach']>;
  abstract query(shard: number, sql: string): Promise<readonly (readonly string[])[]>;
  /** Changes something as the agent on the primary of a shard, behind everybody's back. */
  abstract execute(shard: number, sql: string): Promise<void>;
  /** Resolves when all members are at work and the users are set. */
  abstract untilWhole(): Promise<void>;
  /** Kills the server of a pod, which is started again. */
  abstract killServer(pod: string): Promise<void>;
  /** Kills the agent of a pod, which is started again. */
  abstract killAgent(pod: string): Promise<void>;
  /** Kills the operator at work, whose work another one takes up. */
  abstract killOperator(): Promise<void>;
  /** Kills a router, which is started again. */
  abstract killRouter(): Promise<void>;
  /**
   * Lets nothing through between two shards, in either direction, as if every packet were lost: connections stay, and nobody is told.
   * Everybody else reaches both. Until `heal`.
   */
  abstract cutOff(one: number, other: number): Promise<void>;
  abstract heal(): Promise<void>;
  /** Takes all the room that is left on the volume of a pod, until `freeVolume`. */
  abstract fillVolume(pod: string): Promise<void>;
  abstract freeVolume(pod: string): Promise<void>;
  abstract close(): Promise<void>;

  /** Copies what everybody has logged to a folder. */
  abstract keepLogs(folder: string): Promise<void>;

  /** Asks for so many shards, as a person does. */
  async scale(shards: number): Promise<void> {
    await this.changeSpec({ shards });
  }

  primaryPod(shard: number): string | undefined {
    return this.map().shards.find(({ number }) => number === shard)?.primary ?? undefined;
  }

  /** The primary of a shard by the map. */
  requirePrimary(shard: number): string {
    const pod = this.primaryPod(shard);
    if (pod === undefined) {
      throw new Error(`shard ${shard} has no primary`);
    }
    return pod;
  }

  /** A replica of a shard by the map. */
  requireReplica(shard: number): string {
    const [pod] = this.map().shards.find(({ number }) => number === shard)?.replicas ?? [];
    if (pod === undefined) {
      throw new Error(`shard ${shard} has no replica`);
    }
    return pod;
  }

  /**
   * What the primary of a shard keeps about moves although nothing moves: fences, and how far moves of databases have come
   * that it does not have. Of those that it has, how they came there stays on record until they leave.
   */
  async leftovers(shard: number): Promise<readonly string[]> {
    const tables = await this.query(
      shard,
      "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shardwright' AND TABLE_NAME IN ('move_progress', 'slot_fences')",
    );
    const found: string[] = [];
    for (const [table = ''] of tables) {
      const condition =
        table === 'slot_fences'
          ? 'TRUE'
          : 'database_name NOT IN (SELECT SCHEMA_NAME FROM information_schema.SCHEMATA)';
      const rows = await this.query(
        shard,
        `SELECT database_name FROM shardwright.${table} WHERE ${condition}`,
      );
      found.push(...rows.map(([database]) => `${table} of shard ${shard} has a row about ${database}`));
    }
    return found;
  }

  /** The audit of all shards, as `kubectl shardwright report` runs it. */
  async audit(): Promise<AuditReport> {
    return auditCluster(this.map(), (shard, sql) => this.query(shard, sql));
  }

  /** Changes `spec` of the ShardedCluster, as a person does. */
  async changeSpec(spec: object): Promise<void> {
    await this.#client.mergePatch(shardedClusters, this.#key, { spec }, {}, NEVER);
  }

  /** Asks for moves by hand; returns the name of the rebalance. */
  async move(...moves: readonly HandMove[]): Promise<string> {
    return this.#ask({ moves });
  }

  /** Asks for a split; returns the name of the rebalance. */
  async split(split: NonNullable<ShardRebalance['spec']['split']>): Promise<string> {
    return this.#ask({ split });
  }

  async #ask(purpose: object): Promise<string> {
    this.#asked += 1;
    const name = `by-hand-${this.#asked}`;
    const object = parseShardRebalance({
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardRebalance',
      metadata: { name, namespace: this.#key.namespace },
      spec: { clusterName: this.#key.name, ...purpose },
    });
    await this.#client.create(shardRebalances, object, NEVER);
    return name;
  }

  /** Says something of a rebalance: `approved`, `paused`, `cancel` or `rollback`. */
  async tell(name: string, spec: object): Promise<void> {
    const key = { namespace: this.#key.namespace, name };
    await this.#client.mergePatch(shardRebalances, key, { spec }, {}, NEVER);
  }

  /** Resolves when a rebalance has ended in that way. */
  async untilRebalance(name: string, phase: RebalancePhase): Promise<ShardRebalance> {
    return waitFor(
      `${name} to be ${phase}`,
      () => {
        const rebalance = this.rebalance(name);
        if (rebalance?.status?.phase !== phase) {
          throw new Error(describeRebalance(rebalance));
        }
        return rebalance;
      },
      READY,
    );
  }

  /** Resolves when a move of a slot is on the map in one of these phases, as soon as the map tells. */
  async untilMove(slot: number, phases: readonly MovePhase[]): Promise<ShardMapMove> {
    return this.#untilMove(`the move of slot ${slot}`, phases, (move) => move.slot === slot);
  }

  /** The same of any move. */
  async untilAnyMove(phases: readonly MovePhase[]): Promise<ShardMapMove> {
    return this.#untilMove('a move', phases, () => true);
  }

  async #untilMove(
    what: string,
    phases: readonly MovePhase[],
    accept: (move: ShardMapMove) => boolean,
  ): Promise<ShardMapMove> {
    return waitFor(
      `${what} to be in ${phases.join(' or ')}`,
      () => this.map().moves?.find((move) => accept(move) && phases.includes(move.phase)),
      { ...READY, everyMilliseconds: 2 },
    );
  }

  /** Number of the shard that has a slot, of {@link KEYSPACE} unless another is named. */
  ownerOf(slot: number, name: string = KEYSPACE): number {
    const keyspace = this.map().keyspaces?.find((each) => each.name === name);
    const owner = keyspace && shardOf(readSlotOwners(keyspace.slotsByShard, keyspace.slots), slot);
    if (owner === undefined) {
      throw new Error(`slot ${slot} is nowhere`);
    }
    return owner;
  }

  /** The slots of {@link KEYSPACE} that a shard has. */
  slotsOf(shard: number): readonly number[] {
    const keyspace = this.map().keyspaces?.find(({ name }) => name === KEYSPACE);
    return readSlotSet(keyspace?.slotsByShard.find((owner) => owner.shard === shard)?.slots ?? '');
  }
}

/** One line of what a rebalance is at, for whoever waits in vain. */
function describeRebalance(rebalance: ShardRebalance | undefined): string {
  const { phase, message, held, moves = [] } = rebalance?.status ?? {};
  const details = moves.map(({ slot, unit, phase: at, stage, heldBecause, error }) =>
    [slot ?? unit, at, stage, heldBecause, error].filter((part) => part !== undefined).join(' '),
  );
  return `it is ${phase}: ${message} ${held?.message ?? ''} [${details.join('; ')}]`;
}
