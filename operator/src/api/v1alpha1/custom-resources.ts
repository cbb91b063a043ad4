/** What a CustomResourceDefinition says beside the schema: names, columns, sub-resources. */
import type { z } from 'zod';
import {
  type ResourceNames,
  SHARD_MAP_NAMES,
  SHARD_REBALANCE_NAMES,
  SHARDED_CLUSTER_NAMES,
} from './group.ts';
import { shardMapSchema } from './shard-map.ts';
import { shardRebalanceSchema } from './shard-rebalance.ts';
import { shardedClusterSchema } from './sharded-cluster.ts';

/** A column of `kubectl get`. The path can only read: it cannot count or format. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** Shown with `-o wide` only when above 0. */
  readonly priority?: number;
}

/** One kind of the API. */
export interface CustomResource {
  readonly names: ResourceNames;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly schema: z.ZodType;
  readonly columns: readonly PrinterColumn[];
  readonly subresources: {
    readonly status?: Record<string, never>;
    readonly scale?: {
      readonly specReplicasPath: string;
      readonly statusReplicasPath: string;
      readonly labelSelectorPath: string;
    };
  };
}

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since it was created.',
};

/** Every kind of the API. */
export const CUSTOM_RESOURCES: readonly CustomResource[] = [
  {
    names: SHARDED_CLUSTER_NAMES,
    shortNames: ['shc'],
    categories: ['all', 'shardwright'],
    schema: shardedClusterSchema,
    columns: [
      {
        name: 'Ready',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Ready")].status',
        description: 'Whether everything asked for is in place and data is served.',
      },
      {
        name: 'Shards',
        type: 'string',
        jsonPath: '.status.summary.shards',
        description: 'Shards with all instances ready, of those asked for.',
      },
      {
        name: 'Primaries',
        type: 'string',
        jsonPath: '.status.summary.primaries',
        description: 'Shards with a ready primary, of those asked for.',
      },
      {
        name: 'Lag',
        type: 'string',
        jsonPath: '.status.summary.lag',
        description: 'Largest lag of a replica.',
      },
      {
        name: 'Rebalance',
        type: 'string',
        jsonPath: '.status.summary.rebalance',
        description: 'Rebalance under way.',
      },
      AGE,
      {
        name: 'Reason',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
        description: 'Why it is ready or not.',
        priority: 1,
      },
    ],
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.shards',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
  },
  {
    names: SHARD_MAP_NAMES,
    shortNames: ['shm'],
    categories: ['shardwright'],
    schema: shardMapSchema,
    columns: [
      {
        name: 'Revision',
        type: 'integer',
        jsonPath: '.spec.revision',
        description: 'Number of the last change.',
      },
      AGE,
    ],
    subresources: {},
  },
  {
    names: SHARD_REBALANCE_NAMES,
    shortNames: ['shr'],
    categories: ['shardwright'],
    schema: shardRebalanceSchema,
    columns: [
      {
        name: 'Cluster',
        type: 'string',
        jsonPath: '.spec.clusterName',
        description: 'ShardedCluster whose slots move.',
      },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'What it is at.' },
      {
        name: 'Moves',
        type: 'string',
        jsonPath: '.status.summary.moves',
        description: 'Moves that are cut over, of all.',
      },
      {
        name: 'ETA',
        type: 'string',
        jsonPath: '.status.summary.eta',
        description: 'Time until all are cut over.',
      },
      AGE,
      {
        name: 'Message',
        type: 'string',
        jsonPath: '.status.message',
        description: 'A sentence about the phase.',
        priority: 1,
      },
    ],
    subresources: { status: {} },
  },
];
