/** The objects of a cluster that the supervisor reads: those that the operator's controller makes in a real one. */
import { randomBytes } from 'node:crypto';
import {
  applicationSecretName,
  parseShardedCluster,
  routerName,
  type ShardMap,
  type ShardMapKeyspace,
} from '../../operator/src/api/v1alpha1/index.ts';
import { shardedClusters, shardMaps } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { operatorCertificateName } from '../../operator/src/controllers/sharded-cluster/resources/certificates.ts';
import { clusterLabels } from '../../operator/src/controllers/sharded-cluster/resources/labels.ts';
import { writeSlotSet } from '../../operator/src/core/keyspace/slot-set.ts';
import type { TlsMaterial } from '../../operator/src/pki/tls-material.ts';
import type { ApiClient } from '../../operator/src/runtime/client/api-client.ts';
import { secrets } from '../../operator/src/runtime/resources.ts';
import { CLUSTER, NAMESPACE, shardOf } from '../agent/cluster-processes.ts';

const NEVER = new AbortController().signal;

/** The keyspace that is moved. */
export const KEYSPACE = 'app';
export const SLOTS = 8;

/** How the keyspace is written in a spec: for the tables of `load-tables.ts`. */
export const KEYSPACE_SPEC = {
  name: KEYSPACE,
  slots: SLOTS,
  defaultKey: 'id',
  tables: [
    { name: 'registers', key: 'k' },
    { name: 'accounts', key: 'bank' },
    { name: 'transfers', key: 'bank' },
    { name: 'countries', type: 'Reference' },
    { name: 'settings', type: 'Unsharded' },
  ],
} as const;

/** A keyspace that is cut by intervals, all of it one slot on shard 0 at first. */
export const RANGE_KEYSPACE_SPEC = { name: 'log', slots: 16, strategy: 'Range', defaultKey: 'id' } as const;

/**
 * A keyspace whose slots and shards are remainders. Its number of slots is a multiple of 4, 5 and 8, so that exactly four fifths of
 * it move between four and five shards, and half between four and eight.
 */
export const REMAINDER_KEYSPACE_SPEC = {
  name: 'hashed',
  slots: 40,
  strategy: 'Hash',
  placement: 'Modulo',
  defaultKey: 'id',
} as const;

/** The keyspaces of a spec. */
export function keyspaceSpecs({
  hasRanges = false,
  hasRemainders = false,
}: {
  readonly hasRanges?: boolean;
  readonly hasRemainders?: boolean;
}): readonly object[] {
  return [
    KEYSPACE_SPEC,
    ...(hasRanges ? [RANGE_KEYSPACE_SPEC] : []),
    ...(hasRemainders ? [REMAINDER_KEYSPACE_SPEC] : []),
  ];
}

/** What a cluster's objects are made from. */
export interface ClusterObjectsOptions {
  /** Shards on the map. */
  readonly shards: number;
  readonly instancesPerShard: number;
  /** How many of them the spec asks for, and have slots; the others are empty. */
  readonly filledShards: number;
  /** Whether there is {@link RANGE_KEYSPACE_SPEC} as well. */
  readonly hasRanges: boolean;
  /** Whether there is {@link REMAINDER_KEYSPACE_SPEC} as well. */
  readonly hasRemainders: boolean;
  readonly tls: TlsMaterial;
  readonly applicationPassword: string;
  /** The routers' Secret. */
  readonly router: { readonly key: string; readonly password: string };
}

/** Makes the ShardedCluster, its Secrets and its ShardMap, whose shards have no database yet. */
export async function createClusterObjects(client: ApiClient, options: ClusterObjectsOptions): Promise<void> {
  const { instancesPerShard, filledShards, tls, applicationPassword, router } = options;
  await createSecret(client, operatorCertificateName(CLUSTER), {
    'tls.crt': tls.certificate,
    'tls.key': tls.key,
    'ca.crt': tls.authorities,
  });
  await createSecret(client, applicationSecretName(CLUSTER), {
    username: 'app',
    password: applicationPassword,
  });
  await createSecret(client, routerName(CLUSTER), {
    key: router.key,
    username: 'shardwright_router',
    password: router.password,
  });
  await client.create(
    shardedClusters,
    parseShardedCluster({
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardedCluster',
      metadata: { name: CLUSTER, namespace: NAMESPACE },
      spec: {
        shards: filledShards,
        instances: instancesPerShard,
        failover: { minSecondsBetween: 0 },
        rebalance: { soakSeconds: 1 },
        keyspaces: keyspaceSpecs(options),
      },
    }),
    NEVER,
  );
  await client.create(shardMaps, firstMap(options), NEVER);
}

/** A password that nobody knows. */
export function randomSecret(): string {
  return randomBytes(24).toString('base64url');
}

async function createSecret(
  client: ApiClient,
  name: string,
  stringData: Readonly<Record<string, string>>,
): Promise<void> {
  const metadata = { name, namespace: NAMESPACE, labels: clusterLabels(CLUSTER) };
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, stringData }, NEVER);
}

function firstMap(options: ClusterObjectsOptions): ShardMap {
  const { shards, instancesPerShard, filledShards, hasRanges, hasRemainders } = options;
  const keyspace: ShardMapKeyspace = {
    ...KEYSPACE_SPEC,
    tables: [...KEYSPACE_SPEC.tables],
    strategy: 'ConsistentHash',
    placement: 'Balanced',
    transactions: 'Single',
    consistency: 'Strong',
    homeShard: 0,
    slotsByShard: slotsByShard(SLOTS, filledShards, (slot) => Math.floor((slot * filledShards) / SLOTS)),
    referenceShards: Array.from({ length: filledShards }, (_, shard) => shard),
  };
  const ranges: ShardMapKeyspace = {
    ...keyspace,
    ...RANGE_KEYSPACE_SPEC,
    tables: [],
    slotsByShard: [{ shard: 0, slots: '0' }],
    ranges: [{ slot: 0 }],
  };
  const remainders: ShardMapKeyspace = {
    ...keyspace,
    ...REMAINDER_KEYSPACE_SPEC,
    tables: [],
    slotsByShard: slotsByShard(REMAINDER_KEYSPACE_SPEC.slots, filledShards, (slot) => slot % filledShards),
  };
  return {
    apiVersion: 'shardwright.io/v1alpha1',
    kind: 'ShardMap',
    metadata: { name: CLUSTER, namespace: NAMESPACE, labels: clusterLabels(CLUSTER) },
    spec: {
      revision: 1,
      shards: Array.from({ length: shards }, (_, number) => {
        const [primary = '', ...replicas] = Array.from(
          { length: instancesPerShard },
          (__, ordinal) => `${shardOf(number)}-${ordinal}`,
        );
        return {
          number,
          name: shardOf(number),
          epoch: 1,
          primary,
          replicas,
          ackers: [],
          initialised: false,
          acknowledgement: instancesPerShard === 1 ? 'None' : 'OneReplica',
        };
      }),
      keyspaces: [keyspace, ...(hasRanges ? [ranges] : []), ...(hasRemainders ? [remainders] : [])],
    },
  };
}

function slotsByShard(
  slots: number,
  shards: number,
  shardOfSlot: (slot: number) => number,
): ShardMapKeyspace['slotsByShard'] {
  const all = Array.from({ length: slots }, (_, slot) => slot);
  return Array.from({ length: shards }, (_, shard) => ({
    shard,
    slots: writeSlotSet(all.filter((slot) => shardOfSlot(slot) === shard)),
  }));
}
