import { describe, expect, it } from '@jest/globals';
import type { AuditedMap, AuditedPhase } from './audited-map.ts';
import { expectedDatabases } from './expected-databases.ts';

/** Slot 0 of `log` is split into 4 and 5 on shard 1. */
function stakes(phase: AuditedPhase, slots: string): ReadonlyMap<string, string> {
  const map = {
    keyspaces: [
      {
        name: 'log',
        homeShard: 0,
        referenceShards: [],
        slotsByShard: [{ shard: 1, slots }],
      },
    ],
    moves: [{ keyspace: 'log', unit: 'Slot', slot: 0, from: 1, to: 1, phase, split: { lower: 4, upper: 5 } }],
  } as unknown as AuditedMap;
  return new Map(expectedDatabases(map, 1).map(({ database, stake }) => [database, stake]));
}

describe('the databases of a shard on which a slot is split', () => {
  it.each([
    ['Copying', '0', 'serves', 'copies'],
    ['Switching', '0', 'hands-over', 'copies'],
    ['Soaking', '4-5', 'copies', 'serves'],
    ['Returning', '4-5', 'copies', 'hands-over'],
    ['Undoing', '0', 'serves', 'copies'],
    ['Finishing', '4-5', 'copies', 'serves'],
  ] as const)('are in %s the slot and both parts', (phase, slots, slot, parts) => {
    const found = stakes(phase, slots);
    expect(found.get('log_s0000')).toBe(slot);
    expect(found.get('log_s0004')).toBe(parts);
    expect(found.get('log_s0005')).toBe(parts);
  });
});
