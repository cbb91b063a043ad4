import type { Benchmark } from '../benchmark.ts';
import { measureGrowth, SLOTS, SPREADERS } from './moved-keys.ts';
import { measureSpread, MOST_SHARDS, PLACES, SPREAD_SLOTS, type Spread } from './slot-spread.ts';
import { versionsOf } from './versions.ts';

const KEYS = 50_000;
const COUNTS = [5, 8] as const;
const NAMES = Object.keys(SPREADERS);

/** Three decimals. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

const SPREAD_LABELS: Readonly<Record<keyof Spread, string>> = {
  moved: `1 → ${MOST_SHARDS}, moved ÷ fewest, worst step`,
  fullest: `1 → ${MOST_SHARDS}, fullest ÷ mean, worst`,
  fullestOfBound: `1 → ${MOST_SHARDS}, fullest ÷ mean ÷ (1 + N/S), worst`,
};

/** What `Balanced` promises: nothing moves that need not, and no shard has more than a slot above its share. */
const AIMS: ReadonlyMap<string, number> = new Map([
  [spreadKey('Balanced', 'moved'), 1],
  [spreadKey('Balanced', 'fullestOfBound'), 1],
]);

/** Balance and moves, by counting. */
export const placementBenchmark: Benchmark = {
  name: 'placement',
  title: 'What moves when shards are added, and how even it is then',
  method: [
    `Counted, not timed: ${KEYS} sequential numbers over four shards, then over five and over eight, one shard added at a time; other numbers in every run. Ours with ${SLOTS} slots in each of the placements, and npm's \`hashring\` and \`consistent-hash\` with their defaults, to which the shards are added likewise; the latter puts its points at random.`,
    `The rows 1 → ${MOST_SHARDS} count slots, ${SPREAD_SLOTS} of them, with every number N of shards up to ${MOST_SHARDS}: ours, \`hashring\`, and jump hash (Lamping and Veach, 2014) from the hash of the slot’s number. The fewest slots that one more shard takes are ⌊S / (N + 1)⌋; who moves fewer than that leaves the newcomer with less than its share. The same in every run.`,
    'Moved: keys that are on another shard than with four. An even spread takes 20 % to five shards and 50 % to eight; who moves less leaves the others fuller. Fullest: keys of the shard with the most, in per cent of an even share.',
  ],
  series: [
    ...COUNTS.flatMap((count) =>
      (['moved', 'fullest'] as const).flatMap((what) =>
        NAMES.map((name) => ({
          name: keyOf(name, what, count),
          label: `4 → ${count}, ${what}, ${name}`,
          unit: '%',
        })),
      ),
    ),
    ...(Object.keys(SPREAD_LABELS) as (keyof Spread)[]).flatMap((what) =>
      Object.keys(PLACES).map((name) => {
        const atMost = AIMS.get(spreadKey(name, what));
        return {
          name: spreadKey(name, what),
          label: `${SPREAD_LABELS[what]}, ${name}`,
          unit: 'ratio',
          ...(atMost === undefined ? {} : { atMost }),
        };
      }),
    ),
  ],
  comparisons: [],
  runs: 5,
  async open() {
    return {
      versions: versionsOf('hashring', 'consistent-hash'),
      settle: () => Promise.resolve(),
      async measure(index) {
        const keys = Array.from({ length: KEYS }, (_, key) => String(1 + index * KEYS + key));
        const values: Record<string, number> = {};
        for (const [name, spread] of Object.entries(SPREADERS)) {
          for (const [step, growth] of measureGrowth(spread(keys), keys, COUNTS).entries()) {
            values[keyOf(name, 'moved', COUNTS[step])] = Math.round(growth.moved * 10) / 10;
            values[keyOf(name, 'fullest', COUNTS[step])] = Math.round(growth.fullest * 10) / 10;
          }
        }
        for (const [name, place] of Object.entries(PLACES)) {
          const spread = measureSpread(place);
          for (const what of Object.keys(SPREAD_LABELS) as (keyof Spread)[]) {
            values[spreadKey(name, what)] = rounded(spread[what]);
          }
        }
        return values;
      },
      close: () => Promise.resolve(),
    };
  },
};

function keyOf(name: string, what: 'moved' | 'fullest', count = 0): string {
  return `${name} ${what} ${count}`;
}

function spreadKey(name: string, what: keyof Spread): string {
  return `${name} spread ${what}`;
}
