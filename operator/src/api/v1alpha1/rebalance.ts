/** `spec.rebalance`: how fast, when and with whose consent slots move between shards. */
import { z } from 'zod';
import { atomicList, choice, flag, integer, matching, rules } from './fields.ts';

/** Days of the week a window can name. */
export const WEEKDAYS = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
] as const;

const clockTime = (field: string, description: string) =>
  matching(
    {
      maxLength: 5,
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
      message: `spec.rebalance.windows[].${field} is not a time of day: write hours and minutes as 22:30`,
    },
    description,
  );

const windowSchema = z
  .object({
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1)
      .max(7)
      .meta({
        description: 'Days on which the window opens. Every day by default.',
        'x-kubernetes-list-type': 'set',
      })
      .exactOptional(),
    start: clockTime('start', 'Time of day at which the window opens, `HH:MM`.'),
    end: clockTime(
      'end',
      'Time of day at which it closes, `HH:MM`; a time before `start` is on the next day.',
    ),
    timeZone: matching(
      {
        maxLength: 64,
        pattern: '^(UTC|[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)+)$',
        message:
          'spec.rebalance.windows[].timeZone is not an IANA time zone: write it as Europe/Berlin, or UTC',
      },
      'IANA time zone of `start` and `end`.',
      {
        rule: "timestamp('2026-01-01T00:00:00Z').getHours(self) >= 0",
        message: 'spec.rebalance.windows[].timeZone is not a time zone: write it as Europe/Berlin, or UTC',
      },
    ).default('UTC'),
  })
  .meta({
    description: 'A span of time, repeated every week or day, in which slots may move.',
    ...rules({
      rule: 'self.start != self.end',
      message:
        'spec.rebalance.windows[].end equals start, which leaves the window empty: write a later end, or remove ' +
        'all windows to allow moves at any time',
      fieldPath: '.end',
    }),
  });

/** How fast each move may go. */
export const rebalanceLimits = {
  bytesPerSecond: integer(1, 2 ** 40, 'Limit of each move, in bytes copied per second.'),
  rowsPerSecond: integer(1, 2 ** 40, 'Limit of each move, in rows copied per second.'),
  batchRows: integer(1, 100_000, 'Rows written in one transaction on the target.'),
  maxReplicaLagSeconds: integer(
    1,
    3600,
    'Copying pauses while a replica of source or target is further behind than this many seconds.',
  ),
  maxRunningThreads: integer(
    1,
    100_000,
    'Copying pauses while more sessions than this run a statement at once on the server that rows are copied from.',
  ),
};

export const rebalanceSchema = z
  .object({
    approval: choice(
      ['Automatic', 'Manual'],
      '`Automatic` starts moving slots as soon as a plan is made; `Manual` waits until a person approves the plan.',
    ).default('Automatic'),
    automaticUpToBytes: integer(
      0,
      Number.MAX_SAFE_INTEGER,
      'With `approval: Automatic`: a plan that copies more bytes than this, or whose size is unknown, waits until a person ' +
        'approves it. No limit by default.',
    ).exactOptional(),
    bytesPerSecond: rebalanceLimits.bytesPerSecond
      .meta({
        description:
          'Limit of each move, in bytes copied per second. The default is 100 megabits per second.',
      })
      .default(12_500_000),
    rowsPerSecond: rebalanceLimits.rowsPerSecond
      .meta({
        description:
          'Limit of each move, in rows copied per second. The default is 1,000 batches of 1,000 rows.',
      })
      .default(1_000_000),
    batchRows: rebalanceLimits.batchRows.default(1000),
    maxParallelMoves: integer(
      1,
      64,
      'Moves that run at once; never more than one per pair of shards.',
    ).default(2),
    maxReplicaLagSeconds: rebalanceLimits.maxReplicaLagSeconds.default(3),
    maxRunningThreads: rebalanceLimits.maxRunningThreads.default(25),
    windows: atomicList(
      16,
      windowSchema,
      'Times at which slots may move. Empty means at any time. A move under way pauses when its window closes.',
    ).default([]),
    soakSeconds: integer(
      0,
      604_800,
      'Seconds after the cut-over of a slot during which the move can be undone without losing a write.',
    ).default(600),
    paused: flag('Stops moves where they are, until set back. Data is served as before.').default(false),
  })
  .meta({
    description: 'How slots move between shards.',
    ...rules({
      rule: "self.approval == 'Automatic' || !has(self.automaticUpToBytes)",
      message:
        'spec.rebalance.automaticUpToBytes has no effect with approval Manual: remove it, or use Automatic',
      fieldPath: '.automaticUpToBytes',
    }),
  });
