/** `spec.keyspaces[].split`: from when on a slot of a `Range` keyspace is split by itself. */
import { z } from 'zod';
import { integer, rules } from './fields.ts';

/** Below this a slot is never split by itself: two databases would cost more than they bring. Bytes. */
export const LEAST_BYTES = 2 ** 20;

/** Likewise, in rows. */
export const LEAST_ROWS = 1000;

export const keyspaceSplitSchema = z
  .object({
    maxBytes: integer(
      LEAST_BYTES,
      Number.MAX_SAFE_INTEGER,
      'A slot whose tables and indexes take more bytes than this is split.',
    ).exactOptional(),
    maxRows: integer(
      LEAST_ROWS,
      Number.MAX_SAFE_INTEGER,
      'A slot with more rows than this, by the estimate of the server, is split.',
    ).exactOptional(),
    maxRowsPerSecond: integer(
      100,
      Number.MAX_SAFE_INTEGER,
      'A slot of which statements read and change more rows than this in a second is split, unless it has less than 1 MiB or 1,000 ' +
        'rows. Takes `userstat = 1` in `spec.config`, which has the server count them.',
    ).exactOptional(),
    minIntervalSeconds: integer(
      60,
      2_592_000,
      'Least time between the end of one split of the keyspace and the beginning of the next by itself.',
    ).default(600),
  })
  .meta({
    description:
      'Of a `Range` keyspace: splits a slot that has grown over a threshold at the key in the middle, by a ShardRebalance that ' +
      'obeys `spec.rebalance`. Never by itself where the field is absent.',
    ...rules({
      rule: 'has(self.maxBytes) || has(self.maxRows) || has(self.maxRowsPerSecond)',
      message:
        'spec.keyspaces[].split has no threshold: set maxBytes, maxRows or maxRowsPerSecond, or remove split',
      reason: 'FieldValueRequired',
    }),
  });

/** Thresholds of a keyspace, defaults filled in. */
export type KeyspaceSplit = z.output<typeof keyspaceSplitSchema>;
