import { describe, expect, it } from '@jest/globals';
import { parseShardRebalance, type ShardRebalance } from '../api/v1alpha1/index.ts';
import { aCluster } from '../controllers/sharded-cluster/testing/builders.ts';
import { limitsOf, mayBegin, wishOf, type WishInput } from './move-wishes.ts';
import { movePrefix, rebalanceOf } from './planned-moves.ts';
import { aMove } from '../api/v1alpha1/testing/moves.ts';

function aRebalance(spec: object = {}, status: object = {}): ShardRebalance {
  return parseShardRebalance({
    apiVersion: 'shardwright.io/v1alpha1',
    kind: 'ShardRebalance',
    metadata: { name: 'grow', namespace: 'test', uid: '01234567-89ab' },
    spec: { clusterName: 'demo', scale: { shards: 3 }, ...spec },
    status,
  });
}

function wish(change: Partial<WishInput> = {}, id = 'grow-01234567-1') {
  const input = { cluster: aCluster(), rebalance: aRebalance(), isWindowOpen: true, ...change };
  return wishOf(aMove('Copying', { id }), input);
}

const suspended = aCluster({ suspend: true });
const paused = aCluster({ rebalance: { paused: true } });

describe('wishOf', () => {
  it.each<[string, Partial<WishInput>, object]>([
    ['nothing is said', {}, { kind: 'proceed' }],
    ['the cluster is paused', { cluster: paused }, { kind: 'hold', reason: 'ClusterPaused' }],
    ['the cluster is suspended', { cluster: suspended }, { kind: 'hold', reason: 'Suspended' }],
    [
      'the rebalance is paused',
      { rebalance: aRebalance({ paused: true }) },
      { kind: 'hold', reason: 'Paused' },
    ],
    ['no window is open', { isWindowOpen: false }, { kind: 'hold', reason: 'OutsideWindow' }],
    ['it is cancelled', { rebalance: aRebalance({ cancel: true }) }, { kind: 'cancel' }],
    [
      'it is cancelled while no window is open',
      { rebalance: aRebalance({ cancel: true }), isWindowOpen: false },
      { kind: 'cancel' },
    ],
    [
      'it is cancelled while all is paused',
      { rebalance: aRebalance({ cancel: true }), cluster: paused },
      { kind: 'cancel' },
    ],
    [
      'it is cancelled while suspended',
      { rebalance: aRebalance({ cancel: true }), cluster: suspended },
      { kind: 'hold', reason: 'Suspended' },
    ],
    ['it is rolled back', { rebalance: aRebalance({ rollback: true, cancel: true }) }, { kind: 'rollback' }],
    ['it was deleted', { rebalance: undefined }, { kind: 'cancel' }],
  ])('when %s', (_, input, expected) => {
    expect(wish(input)).toMatchObject(expected);
  });

  it('gives up the one move that failed', () => {
    const failed = {
      id: 'grow-01234567-1',
      keyspace: 'app',
      unit: 'Slot',
      slot: 1,
      from: 0,
      to: 2,
      phase: 'Failed',
    };
    const figures = { attempt: 1, rowsDone: 0, bytesDone: 0, rowsPerSecond: 0, bytesPerSecond: 0 };
    const rebalance = aRebalance({}, { phase: 'Running', moves: [{ ...failed, ...figures }] });
    expect(wish({ rebalance })).toEqual({ kind: 'cancel' });
    expect(wish({ rebalance }, 'grow-01234567-2')).toEqual({ kind: 'proceed' });
  });
});

describe('mayBegin', () => {
  const may = (rebalance: ShardRebalance, change: Partial<WishInput> = {}): boolean =>
    mayBegin({ cluster: aCluster(), isWindowOpen: true, ...change, rebalance });

  it('lets moves begin while the rebalance is under way and nobody says otherwise', () => {
    expect(may(aRebalance({}, { phase: 'Running' }))).toBe(true);
    for (const phase of ['Planned', 'AwaitingApproval', 'Completed', 'Failed']) {
      expect(may(aRebalance({}, { phase }))).toBe(false);
    }
    expect(may(aRebalance({ cancel: true }, { phase: 'Running' }))).toBe(false);
    expect(may(aRebalance({ paused: true }, { phase: 'Held' }))).toBe(false);
    expect(may(aRebalance({}, { phase: 'Running' }), { cluster: paused })).toBe(false);
  });
});

describe('moves and their rebalance', () => {
  it('belong together by name and uid', () => {
    const rebalance = aRebalance();
    expect(movePrefix(rebalance)).toBe('grow-01234567-');
    expect(rebalanceOf({ id: 'grow-01234567-12' }, [rebalance])).toBe(rebalance);
    expect(rebalanceOf({ id: 'grow-89abcdef-12' }, [rebalance])).toBeUndefined();
    expect(rebalanceOf({ id: 'grow-01234567-12-1' }, [rebalance])).toBeUndefined();
  });
});

describe('limitsOf', () => {
  it('is what the spec says', () => {
    const cluster = aCluster({ rebalance: { rowsPerSecond: 10, bytesPerSecond: 20, batchRows: 30 } });
    expect(limitsOf(cluster, true)).toEqual({
      rowsPerSecond: 10,
      bytesPerSecond: 20,
      batchRows: 30,
      maxReplicaLagSeconds: 3,
      maxRunningThreads: 25,
      paused: true,
    });
  });
});
