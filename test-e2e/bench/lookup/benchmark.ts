import ConsistentHash from 'consistent-hash';
import HashRing from 'hashring';
import { canonicalKey } from '../../../operator/src/core/keyspace/canonical-key.ts';
import type { KeyLiteral } from '../../../operator/src/core/keyspace/key-literal.ts';
import { type KeyRule, readKeyRule } from '../../../operator/src/core/keyspace/key-rule.ts';
import { type KeyspaceLayout, slotOf } from '../../../operator/src/core/keyspace/keyspace-layout.ts';
import { placeSlots } from '../../../operator/src/core/keyspace/placement/place-slots.ts';
import { readSlotOwners, shardOf } from '../../../operator/src/core/keyspace/slot-owners.ts';
import { writeSlotSet } from '../../../operator/src/core/keyspace/slot-set.ts';
import type { Benchmark } from '../benchmark.ts';
import { lookUpsPerSecond } from './rate.ts';
import { versionsOf } from './versions.ts';

const SHARDS = 4;
const SLOTS = 256;
const LAYOUT: KeyspaceLayout = { strategy: 'ConsistentHash', slots: SLOTS };
/** More than the 5000 that `hashring` remembers. */
const KEYS = 8192;
/** Few enough for it to remember all. */
const FEW_KEYS = 1024;

/** What a look-up may take. */
const LOOK_UP_NANOSECONDS = 100;

/** From a literal of a statement to the shard of its slot, beside the rings of npm. */
export const lookupBenchmark: Benchmark = {
  name: 'lookup',
  title: 'From a key to its shard',
  method: [
    `Ours: from a literal of a statement to the number of the shard: the key is checked and made canonical for the type and collation of its column, hashed to one of ${SLOTS} slots, and the slot looked up. Beside it \`get\` of npm's \`hashring\` and \`consistent-hash\` with their defaults, from a string. All have ${SHARDS} shards and go round the same ${KEYS} keys; \`hashring\`, which remembers the last 5000, also round ${FEW_KEYS}.`,
    'Numbers have five to ten digits; texts are `user-` and such a number, for us in a column under utf8mb4_general_ci, and as the bytes of a statement. Each alternative runs for half a second before it is measured for one, by the median of the times of 256 look-ups; which comes first goes round from run to run.',
  ],
  series: [
    { name: 'oursNumber', label: 'ours, numbers', unit: 'million/s' },
    { name: 'oursText', label: 'ours, texts', unit: 'million/s' },
    { name: 'hashringNumber', label: 'hashring, numbers', unit: 'million/s' },
    { name: 'hashringText', label: 'hashring, texts', unit: 'million/s' },
    { name: 'hashringRemembered', label: 'hashring, numbers it remembers', unit: 'million/s' },
    { name: 'consistentHashNumber', label: 'consistent-hash, numbers', unit: 'million/s' },
    { name: 'consistentHashText', label: 'consistent-hash, texts', unit: 'million/s' },
    { name: 'nanosecondsNumber', label: 'ours, one number', unit: 'ns', atMost: LOOK_UP_NANOSECONDS },
    { name: 'nanosecondsText', label: 'ours, one text', unit: 'ns', atMost: LOOK_UP_NANOSECONDS },
  ],
  comparisons: [
    { label: 'ours against hashring, numbers', of: 'oursNumber', against: 'hashringNumber', atLeast: 10 },
    { label: 'ours against hashring, texts', of: 'oursText', against: 'hashringText', atLeast: 10 },
    { label: 'ours against hashring, numbers it remembers', of: 'oursNumber', against: 'hashringRemembered' },
    { label: 'ours against consistent-hash, numbers', of: 'oursNumber', against: 'consistentHashNumber' },
    { label: 'ours against consistent-hash, texts', of: 'oursText', against: 'consistentHashText' },
  ],
  runs: 7,
  async open() {
    const numbers = Array.from({ length: KEYS }, (_, index) => String(10_007 + index * 24_407));
    const texts = numbers.map((number) => `user-${number}`);
    const lookUps: Readonly<Record<string, LookUp>> = {
      ...ourLookUps(numbers, texts),
      ...othersLookUps(numbers, texts),
    };
    const names = Object.keys(lookUps);
    return {
      versions: versionsOf('hashring', 'consistent-hash'),
      settle: () => Promise.resolve(),
      async measure(index) {
        const turn = index % names.length;
        const values: Record<string, number> = {};
        for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
          const keys = name === 'hashringRemembered' ? FEW_KEYS : KEYS;
          const rate = lookUpsPerSecond(lookUps[name] ?? (() => undefined), keys);
          values[name] = Math.round(rate / 1e3) / 1e3;
        }
        return {
          ...values,
          nanosecondsNumber: nanoseconds(values['oursNumber']),
          nanosecondsText: nanoseconds(values['oursText']),
        };
      },
      close: () => Promise.resolve(),
    };
  },
};

function nanoseconds(millionsPerSecond = NaN): number {
  return Math.round(10_000 / millionsPerSecond) / 10;
}

type LookUp = (index: number) => unknown;

function ourLookUps(numbers: readonly string[], texts: readonly string[]) {
  const placement = placeSlots('Balanced', {
    slots: SLOTS,
    shards: Array.from({ length: SHARDS }, (_, number) => ({ number })),
    current: [],
  });
  const owners = readSlotOwners(
    Array.from({ length: SHARDS }, (_, shard) => ({
      shard,
      slots: writeSlotSet(placement.flatMap((owner, slot) => (owner === shard ? [slot] : []))),
    })),
    SLOTS,
  );
  const lookUp = (literals: readonly KeyLiteral[], columnType: string, collation: string | null): LookUp => {
    const rule = requireRule(columnType, collation);
    return (index) => {
      const key = canonicalKey(literals[index] ?? { kind: 'null' }, rule);
      return key.kind === 'refused' ? undefined : shardOf(owners, slotOf(LAYOUT, key));
    };
  };
  return {
    oursNumber: lookUp(
      numbers.map((text) => ({ kind: 'number', text })),
      'bigint(20)',
      null,
    ),
    oursText: lookUp(
      texts.map((text) => ({ kind: 'string', bytes: Buffer.from(text) })),
      'varchar(64)',
      'utf8mb4_general_ci',
    ),
  };
}

function requireRule(columnType: string, collation: string | null): KeyRule {
  const rule = readKeyRule({ columnType, collation });
  if (rule.kind === 'refused') {
    throw new Error(`a column of type ${columnType} ${rule.reason}`);
  }
  return rule;
}

function othersLookUps(numbers: readonly string[], texts: readonly string[]) {
  const names = Array.from({ length: SHARDS }, (_, shard) => `shard-${shard}`);
  const hashRing = new HashRing(names);
  const remembering = new HashRing(names);
  const consistentHash = new ConsistentHash();
  for (const name of names) {
    consistentHash.add(name);
  }
  return {
    hashringNumber: (index: number) => hashRing.get(numbers[index] ?? ''),
    hashringRemembered: (index: number) => remembering.get(numbers[index] ?? ''),
    hashringText: (index: number) => hashRing.get(texts[index] ?? ''),
    consistentHashNumber: (index: number) => consistentHash.get(numbers[index] ?? ''),
    consistentHashText: (index: number) => consistentHash.get(texts[index] ?? ''),
  };
}
