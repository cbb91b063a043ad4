import { describe, expect, it } from '@jest/globals';
import { ApiSchemaError, parseShardedCluster, parseShardMap } from './parse.ts';

const cluster = (spec: unknown) => ({
  apiVersion: 'shardwright.io/v1alpha1',
  kind: 'ShardedCluster',
  metadata: { name: 'shop', namespace: 'web', uid: 'u', labels: { team: 'shop' }, selfLink: '/' },
  spec,
});

describe('parseShardedCluster', () => {
  it('fills in every default', () => {
    expect(parseShardedCluster(cluster({ shards: 2 })).spec).toEqual({
      engine: { type: 'MariaDB', version: '11.8' },
      shards: 2,
      instances: 3,
      keyspaces: [],
      shardWeights: [],
      storage: { size: '10Gi' },
      resources: { requests: { cpu: '100m', memory: '512Mi' } },
      failover: {
        policy: 'NoDataLoss',
        delaySeconds: 0,
        minSecondsBetween: 300,
        fenceSeconds: 1,
        acknowledgementTimeoutSeconds: 10,
      },
      readService: { maxLagSeconds: 5, fallbackToPrimary: true },
      clone: { bytesPerSecond: 250_000_000 },
      router: {
        replicas: 2,
        maxConnections: 5000,
        idleTimeoutSeconds: 28_800,
        holdSeconds: 10,
        resources: { requests: { cpu: '100m', memory: '128Mi' } },
        service: { type: 'ClusterIP' },
      },
      rebalance: {
        approval: 'Automatic',
        bytesPerSecond: 12_500_000,
        rowsPerSecond: 1_000_000,
        batchRows: 1000,
        maxParallelMoves: 2,
        maxReplicaLagSeconds: 3,
        maxRunningThreads: 25,
        windows: [],
        soakSeconds: 600,
        paused: false,
      },
      users: [],
      tls: { required: false },
      podAntiAffinity: 'Preferred',
      suspend: false,
      hibernated: false,
      deletionPolicy: 'Retain',
    });
  });

  it('keeps metadata it does not know', () => {
    expect(parseShardedCluster(cluster({ shards: 2 })).metadata).toMatchObject({
      labels: { team: 'shop' },
      selfLink: '/',
    });
  });

  it('names every fault with its path', () => {
    const faulty = cluster({ shards: 0, storage: { size: 7 } });
    expect(() => parseShardedCluster(faulty)).toThrow(ApiSchemaError);
    expect(() => parseShardedCluster(faulty)).toThrow(/spec\.shards: .*; spec\.storage\.size: /u);
  });

  it('refuses another kind', () => {
    expect(() => parseShardedCluster({ ...cluster({ shards: 2 }), kind: 'ShardMap' })).toThrow(/kind/u);
  });
});

const map = (primary: unknown) => ({
  ...cluster({
    revision: 1,
    shards: [
      {
        number: 0,
        name: 'shop-shard-0',
        epoch: 1,
        primary,
        replicas: [],
        ackers: [],
        initialised: true,
        acknowledgement: 'None',
      },
    ],
  }),
  kind: 'ShardMap',
});

describe('parseShardMap', () => {
  it('takes a shard without a primary only when that is said', () => {
    expect(parseShardMap(map(null)).spec.shards[0]?.primary).toBeNull();
    expect(() => parseShardMap(map(undefined))).toThrow('spec.shards.0.primary');
  });
});
