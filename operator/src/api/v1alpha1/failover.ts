/** `spec.failover` and `spec.readService`: when a replica takes over, and which replicas may be read. */
import { z } from 'zod';
import { choice, flag, integer } from './fields.ts';

export const failoverSchema = z
  .object({
    policy: choice(
      ['NoDataLoss', 'Availability'],
      '`NoDataLoss` promotes a replica only when it is proven to hold every acknowledged write, and otherwise says in ' +
        'the condition `FailoverBlocked` what a person can do. `Availability` promotes the most advanced replica ' +
        'and records what may be missing.',
    ).default('NoDataLoss'),
    delaySeconds: integer(
      0,
      3600,
      'Seconds to wait after a primary was found dead before a replica is promoted. Meanwhile a primary that has only lost ' +
        'its server starts it again. 0 promotes at once.',
    ).default(0),
    minSecondsBetween: integer(
      0,
      86_400,
      'Shortest time in seconds between two automatic promotions of one shard, unless the new primary is proven dead.',
    ).default(300),
    fenceSeconds: integer(
      1,
      3600,
      'A primary that hears neither from the operator nor from a replica for this many seconds kills its own server; a ' +
        'primary that nobody hears of is replaced no earlier. Pauses of the network or of a processor that are longer ' +
        'cost a promotion.',
    ).default(1),
    acknowledgementTimeoutSeconds: integer(
      5,
      3600,
      'Seconds for which commits may wait while no replica can reach a primary that lives, before another instance ' +
        'is promoted in its place.',
    ).default(10),
  })
  .meta({ description: 'When and how a replica takes over from a failed primary.' });

export const readServiceSchema = z
  .object({
    maxLagSeconds: integer(
      1,
      86_400,
      'A replica further behind its primary than this many seconds takes no reads.',
    ).default(5),
    fallbackToPrimary: flag(
      'Whether the primary takes the reads while no replica of its shard is fit to.',
    ).default(true),
  })
  .meta({ description: 'Which instances the `-replicas` Services and the routers read from.' });
