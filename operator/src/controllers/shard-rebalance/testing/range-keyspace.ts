/** A keyspace that is cut by intervals, for tests of splits. */
import type { ShardedClusterSpecInput, ShardMapSpec } from '../../../api/v1alpha1/index.ts';
import { aMap } from '../../../movers/testing/move-observations.ts';

export const MEBIBYTE = 2 ** 20;

/** A spec whose keyspace `log` is split from so much on. */
export function specOfLog(split: object = { maxBytes: 10 * MEBIBYTE }): Partial<ShardedClusterSpecInput> {
  return { keyspaces: [{ name: 'log', strategy: 'Range', slots: 8, defaultKey: 'id', split }] };
}

/** Its map: three shards, of which each has one of the slots 0 to 2. */
export function mapOfLog(change: Partial<ShardMapSpec> = {}): ShardMapSpec {
  const [keyspace] = aMap().keyspaces ?? [];
  if (keyspace === undefined) {
    throw new Error('there is no keyspace');
  }
  return aMap({
    keyspaces: [
      {
        ...keyspace,
        name: 'log',
        strategy: 'Range',
        slots: 8,
        defaultKey: 'id',
        tables: [{ name: 'events', key: 'at' }],
        slotsByShard: [0, 1, 2].map((number) => ({ shard: number, slots: String(number) })),
        ranges: [{ slot: 0 }, { slot: 1, from: '100' }, { slot: 2, from: '200' }],
      },
    ],
    ...change,
  });
}
