import type { Benchmark } from '../benchmark.ts';
import { measureGrowth, SLOTS, SPREADERS } from './moved-keys.ts';
import { versionsOf } from './versions.ts';

const KEYS = 50_000;
const COUNTS = [5, 8] as const;
const NAMES = Object.keys(SPREADERS);

/** Balance and moves, by counting. */
export const placementBenchmark: Benchmark = {
  name: 'placement',
  title: 'What moves when shards are added, and how even it is then',
  method: [
    `Counted, not timed: ${KEYS} sequential numbers over four shards, then over five and over eight, one shard added at a time; other numbers in every run. Ours with ${SLOTS} slots in each of the placements, and npm's \`hashring\` and \`consistent-hash\` with their defaults, to which the shards are added likewise; the latter puts its points at random.`,
    'Moved: keys that are on another shard than with four. An even spread takes 20 % to five shards and 50 % to eight; who moves less leaves the others fuller. Fullest: keys of the shard with the most, in per cent of an even share.',
  ],
  series: COUNTS.flatMap((count) =>
    (['moved', 'fullest'] as const).flatMap((what) =>
      NAMES.map((name) => ({
        name: keyOf(name, what, count),
        label: `4 → ${count}, ${what}, ${name}`,
        unit: '%',
      })),
    ),
  ),
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
        return values;
      },
      close: () => Promise.resolve(),
    };
  },
};

function keyOf(name: string, what: 'moved' | 'fullest', count = 0): string {
  return `${name} ${what} ${count}`;
}
