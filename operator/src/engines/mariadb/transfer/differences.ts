/** What two sides have and have not in common. Pure. */
import type { RowDifference } from '../../slot-transfer.ts';

/** Most that are told of. */
export const MOST_DIFFERENCES = 20;

/** Figures of one bucket as text. */
export type Figures = ReadonlyMap<number, string>;

/** The buckets whose figures are not the same on both sides, in ascending order. */
export function differingBuckets(source: Figures, target: Figures): readonly number[] {
  return [...new Set([...source.keys(), ...target.keys()])]
    .filter((bucket) => source.get(bucket) !== target.get(bucket))
    .sort((left, right) => left - right);
}

/** The rows that are not the same, given the checksum of each by its key. */
export function differingRows(
  table: string,
  source: ReadonlyMap<string, string>,
  target: ReadonlyMap<string, string>,
): readonly RowDifference[] {
  const differences: RowDifference[] = [];
  for (const [key, checksum] of source) {
    const there = target.get(key);
    if (there === undefined) {
      differences.push({ table, key, kind: 'missing', message: `row (${key}) of ${table} is missing here` });
    } else if (there !== checksum) {
      differences.push({
        table,
        key,
        kind: 'different',
        message: `row (${key}) of ${table} is another one here`,
      });
    }
  }
  for (const key of target.keys()) {
    if (!source.has(key)) {
      differences.push({
        table,
        key,
        kind: 'unexpected',
        message: `row (${key}) of ${table} is here and not at the source`,
      });
    }
  }
  return differences;
}

/** The objects that are not defined the same, given their definitions by a name that tells their kind as well. */
export function differingDefinitions(
  source: ReadonlyMap<string, string>,
  target: ReadonlyMap<string, string>,
): readonly RowDifference[] {
  return [...new Set([...source.keys(), ...target.keys()])]
    .filter((name) => source.get(name) !== target.get(name))
    .map((name) => {
      const how = !target.has(name)
        ? 'is missing here'
        : !source.has(name)
          ? 'is here and not at the source'
          : 'is defined otherwise here';
      return { table: name, key: null, kind: 'definition', message: `${name} ${how}` };
    });
}
