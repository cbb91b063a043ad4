/** What a person should know before slots move. */
import type { DatabaseMeasure, DatabaseMeasures } from './planned-keyspace.ts';
import { databaseOfMove, type PlannedMove } from './planned-move.ts';
import type { TightShard } from './volume-room.ts';

/**
 * - `SizesUnknown`: databases were not measured, so rows, bytes and time are not known.
 * - `NoPrimaryKey`: rows of these tables cannot be told apart, so that they cannot be copied exactly.
 * - `ForeignKeyToOtherDatabase`: the key would point at another shard.
 * - `NotTransactional`: changes of these tables cannot be copied exactly while they are written.
 * - `NotMovable`: something else keeps a database from being moved.
 * - `NotInspected`: nobody has looked for what keeps databases of a shard from being moved.
 * - `LongTransaction`: a cut-over waits for it.
 * - `VolumeNearlyFull`: little room is left on a volume afterwards.
 * - `MostSlotsMove`: the placement moves many more slots than it takes.
 * - `Uneven`: a shard has much more than its share afterwards.
 */
export const PLAN_WARNING_CODES = [
  'SizesUnknown',
  'NoPrimaryKey',
  'ForeignKeyToOtherDatabase',
  'NotTransactional',
  'NotMovable',
  'NotInspected',
  'LongTransaction',
  'VolumeNearlyFull',
  'MostSlotsMove',
  'Uneven',
] as const;
export type PlanWarningCode = (typeof PLAN_WARNING_CODES)[number];

/** One thing to know. */
export interface PlanWarning {
  code: PlanWarningCode;
  /** A sentence or two: what it is about and what to do. At most 1024 characters. */
  message: string;
}

/** A transaction that has been open for long. */
export interface LongTransaction {
  readonly shard: number;
  readonly seconds: number;
}

/** Most names in one message. */
const NAMED = 8;

/** Longest message, in characters. */
const MESSAGE_CHARACTERS = 1024;

/** A placement that moves so many times what it takes, or more, is told of. */
const WASTEFUL = 1.5;

/** A shard that has so many times its share, or more, is told of. */
const UNEVEN = 1.25;

/** Of a keyspace: what it is judged by. */
export interface JudgedKeyspace {
  readonly name: string;
  readonly placement: string;
  readonly slots: number;
  readonly slotsMoved: number;
  readonly slotsMovedAtLeast?: number;
  readonly skewAfter: number;
}

/** What moves will meet, or may. */
export interface Omissions {
  readonly longTransactions: readonly LongTransaction[];
  /** Shards in which nobody has looked for obstacles, and why: a few words for each. */
  readonly notInspected: readonly string[];
}

/** What there is to know, in the order of the codes above. */
export function planWarnings(
  keyspaces: readonly JudgedKeyspace[],
  moves: readonly PlannedMove[],
  measures: DatabaseMeasures,
  tight: readonly TightShard[],
  { longTransactions, notInspected }: Omissions,
): PlanWarning[] {
  const databases = [...new Set(moves.map(databaseOfMove))];
  const unknown = databases.filter((database) => !measures.has(database));
  const sources = new Set(moves.map(({ from }) => from));
  const open = longTransactions.filter(({ shard }) => sources.has(shard));
  return [
    ...warnAbout(
      'SizesUnknown',
      unknown,
      (names) =>
        `The sizes of ${unknown.length} of ${databases.length} databases are not known (${names}), so rows, bytes and time are not: plan again when all primaries are up.`,
    ),
    ...warnAbout(
      'NoPrimaryKey',
      tablesOf(databases, measures, (measure) => measure.tablesWithoutPrimaryKey),
      (names) =>
        `Tables without a primary key cannot be copied exactly, and hold the move of their slot: give ${names} one.`,
    ),
    ...warnAbout(
      'ForeignKeyToOtherDatabase',
      tablesOf(databases, measures, (measure) => measure.tablesReferringElsewhere),
      (names) =>
        `Foreign keys of ${names} point to another database, which stays where it is: drop them, or their moves cannot be carried out.`,
    ),
    ...warnAbout(
      'NotTransactional',
      tablesOf(databases, measures, (measure) => measure.tablesNotTransactional),
      (names) => `Tables without transactions cannot be copied while they are written: make ${names} InnoDB.`,
    ),
    ...warnAbout(
      'NotMovable',
      databases.flatMap((database) =>
        (measures.get(database)?.otherObstacles ?? []).map((obstacle) => `${database}: ${obstacle}`),
      ),
      (names) => `Databases cannot be moved as they are, and hold their move (${names}).`,
    ),
    ...warnAbout(
      'NotInspected',
      notInspected,
      (names) =>
        `Nobody could look for what keeps databases from being moved (${names}): a move that finds something waits.`,
    ),
    ...warnAbout(
      'LongTransaction',
      open.map(({ shard, seconds }) => `${Math.floor(seconds)} s on shard ${shard}`),
      (names) =>
        `Transactions have been open for long (${names}): a cut-over waits for them, or is tried again.`,
    ),
    ...tight
      .filter(({ verdict }) => verdict === 'nearly-full')
      .map(({ shard, needed, free }): PlanWarning => ({
        code: 'VolumeNearlyFull',
        message: `Shard ${shard} gets ${needed} bytes and has ${free} free: little is left.`,
      })),
    ...keyspaces
      .filter(
        ({ slotsMoved, slotsMovedAtLeast }) => slotsMoved > (slotsMovedAtLeast ?? slotsMoved) * WASTEFUL,
      )
      .map(({ name, placement, slots, slotsMoved, slotsMovedAtLeast }): PlanWarning => ({
        code: 'MostSlotsMove',
        message: `${placement} moves ${slotsMoved} of the ${slots} slots of ${name}, where Balanced would move ${slotsMovedAtLeast}.`,
      })),
    ...keyspaces
      .filter(({ slotsMoved, skewAfter }) => slotsMoved > 0 && skewAfter >= UNEVEN)
      .map(({ name, skewAfter }): PlanWarning => ({
        code: 'Uneven',
        message: `The fullest shard has ${skewAfter.toFixed(2)} times the mean of the slots of ${name} afterwards.`,
      })),
  ];
}

function warnAbout(
  code: PlanWarningCode,
  names: readonly string[],
  write: (names: string) => string,
): PlanWarning[] {
  if (names.length === 0) {
    return [];
  }
  const rest = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return [{ code, message: write(names.slice(0, NAMED).join(', ') + rest).slice(0, MESSAGE_CHARACTERS) }];
}

function tablesOf(
  databases: readonly string[],
  measures: DatabaseMeasures,
  read: (measure: DatabaseMeasure) => readonly string[] | undefined,
): readonly string[] {
  return databases.flatMap((database) => {
    const measure = measures.get(database);
    return measure === undefined ? [] : (read(measure) ?? []).map((table) => `${database}.${table}`);
  });
}
