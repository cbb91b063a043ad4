/** `spec.shardWeights`: shards that are to have more slots than others. */
import { z } from 'zod';
import { integer, keyedList } from './fields.ts';
import { MAX_SHARDS } from './limits.ts';

/** Highest weight: a placement by virtual nodes makes points for each unit of it. */
const MAX_WEIGHT = 100;

/** A shard and its weight. */
const shardWeightSchema = z
  .object({
    shard: integer(0, 9999, 'Number of the shard, there or still to be made.'),
    weight: integer(
      1,
      MAX_WEIGHT,
      'Its share of slots relative to that of a shard without a weight, which has 1.',
    ),
  })
  .meta({ description: 'A shard that is to have another share of the slots.' });

/** A list of them. */
export const shardWeights = (description: string) =>
  keyedList({ maxItems: MAX_SHARDS, keys: ['shard'] }, shardWeightSchema, description);
