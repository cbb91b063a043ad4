import { describe, expect, it } from '@jest/globals';
import type { ShardRebalance } from '../../api/v1alpha1/index.ts';
import { RebalanceReconciler, type RebalanceReconcilerOptions } from './reconciler.ts';
import { aRebalance, NOW } from './testing/observations.ts';

/** A reconciler that finds these rebalances and no cluster, and what it writes of them. */
function withoutCluster(rebalances: ShardRebalance[]) {
  const written: ShardRebalance[] = [];
  const options = {
    client: {
      replace: (_: unknown, rebalance: ShardRebalance) => {
        written.push(rebalance);
        rebalances.splice(
          rebalances.findIndex(({ metadata }) => metadata.name === rebalance.metadata.name),
          1,
          rebalance,
        );
        return Promise.resolve(rebalance);
      },
    },
    clusters: { get: () => undefined },
    rebalances: { list: () => rebalances },
    clock: { now: () => NOW },
  };
  const reconciler = new RebalanceReconciler(options as unknown as RebalanceReconcilerOptions);
  const reconcile = () =>
    reconciler.reconcile({ namespace: 'test', name: 'demo' }, new AbortController().signal);
  return { reconcile, written };
}

describe('a ShardRebalance of a cluster that is not there', () => {
  it('says so, once', async () => {
    const { reconcile, written } = withoutCluster([
      aRebalance(),
      aRebalance({ clusterName: 'other' }, {}, { name: 'other-r1' }),
    ]);
    await reconcile();
    await reconcile();
    expect(written.map(({ metadata, status }) => [metadata.name, status])).toEqual([
      [
        'demo-r1',
        expect.objectContaining({
          observedGeneration: 2,
          phase: 'Planned',
          message: expect.stringContaining('There is no ShardedCluster demo'),
        }),
      ],
    ]);
  });

  it('ends where it is cancelled, and stays as it is once it was planned or has ended', async () => {
    const { reconcile, written } = withoutCluster([
      aRebalance({ cancel: true }),
      aRebalance({}, { phase: 'Completed' }, { name: 'demo-r2' }),
    ]);
    await reconcile();
    await reconcile();
    expect(written.map(({ metadata, status }) => [metadata.name, status?.phase])).toEqual([
      ['demo-r1', 'Cancelled'],
    ]);
  });
});
