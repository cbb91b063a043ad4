/** Databases and rights of one shard against the map. Pure. */
import { assertNever } from '../assert-never.ts';
import { readDatabaseName } from '../keyspace/database-names.ts';
import { readSlotSet } from '../keyspace/slot-set.ts';
import type { AuditedMap } from './audited-map.ts';
import type { ExpectedDatabase } from './expected-databases.ts';
import type { AuditProblem } from './problem.ts';

/** What a shard has. */
export interface ShardHoldings {
  readonly databases: ReadonlySet<string>;
  /** Databases that at least one role of a keyspace has rights on. */
  readonly granted: ReadonlySet<string>;
}

/** What is wrong with the databases of shard `number`. */
export function judgeShard(
  map: AuditedMap,
  number: number,
  expected: readonly ExpectedDatabase[],
  { databases, granted }: ShardHoldings,
): readonly AuditProblem[] {
  const problem = (kind: AuditProblem['kind'], message: string): AuditProblem => ({
    kind,
    shard: number,
    message,
  });
  const known = new Map(expected.map((each) => [each.database, each]));
  const keyspaces = new Set(map.keyspaces?.map(({ name }) => name));
  const isOurs = (database: string): boolean => {
    const read = readDatabaseName(database);
    return read !== undefined && keyspaces.has(read.keyspace);
  };
  return [
    ...expected.flatMap(({ database, stake }): AuditProblem[] => {
      switch (stake) {
        case 'serves':
          return !databases.has(database)
            ? [problem('DatabaseMissing', `${database} is not there, and the map has it here`)]
            : granted.has(database)
              ? []
              : [problem('GrantMissing', `nobody may use ${database}, which the map has here`)];
        case 'hands-over':
          return databases.has(database)
            ? []
            : [problem('DatabaseMissing', `${database} is not there, and the map has it here`)];
        case 'copies':
          return granted.has(database)
            ? [
                problem(
                  'GrantOfAnother',
                  `users may use this copy of ${database}, and another shard serves it`,
                ),
              ]
            : [];
        default:
          return assertNever(stake);
      }
    }),
    ...[...databases]
      .filter((database) => isOurs(database) && !known.has(database))
      .map((database) =>
        problem('OrphanDatabase', `${database} is there, and the map has it on another shard`),
      ),
    ...[...granted]
      .filter((database) => isOurs(database) && !known.has(database))
      .map((database) =>
        problem('GrantOfAnother', `users may use ${database}, which the map has on another shard`),
      ),
  ];
}

/** Slots that are nowhere, or on two shards. */
export function judgeMap(map: AuditedMap): readonly AuditProblem[] {
  return (map.keyspaces ?? []).flatMap(({ name, slots, slotsByShard, ranges }) => {
    const existing = ranges?.map(({ slot }) => slot) ?? Array.from({ length: slots }, (_, slot) => slot);
    const owners = new Map<number, number[]>();
    for (const { shard, slots: text } of slotsByShard) {
      for (const slot of readSlotSet(text)) {
        owners.set(slot, [...(owners.get(slot) ?? []), shard]);
      }
    }
    return existing.flatMap((slot): AuditProblem[] => {
      const shards = owners.get(slot) ?? [];
      return shards.length === 1
        ? []
        : [
            {
              kind: 'SlotWithoutShard',
              shard: null,
              message: `slot ${slot} of ${name} is on ${shards.length === 0 ? 'no shard' : `shards ${shards.join(' and ')}`}`,
            },
          ];
    });
  });
}
