import { describe, expect, it } from '@jest/globals';
import { plannedDepartures } from './planned-departures.ts';

const slots = { keyspace: 'app', unit: 'Slot', slots: '1-2', from: 0, to: 1 } as const;

describe('what plans say of where databases leave from', () => {
  it('is the shard that has them, of slots and unsharded tables', () => {
    const unsharded = { keyspace: 'app', unit: 'Unsharded', from: 0, to: 2 } as const;
    expect(Object.fromEntries(plannedDepartures([[slots, unsharded]]) ?? [])).toEqual({
      app_s0001: 0,
      app_s0002: 0,
      app$single: 0,
    });
  });

  it('is nothing of what is copied, split, or in two plans', () => {
    const reference = { keyspace: 'app', unit: 'Reference', from: 0, to: 2 } as const;
    const split = { ...slots, slots: '5', to: 0, split: { at: '9', lower: 6, upper: 7 } } as const;
    const again = { ...slots, slots: '2', from: 1, to: 0 } as const;
    expect(Object.fromEntries(plannedDepartures([[slots, reference, split], [again]]) ?? [])).toEqual({
      app_s0001: 0,
      app_s0002: null,
      app$shared: null,
      app_s0005: null,
      app_s0006: null,
      app_s0007: null,
    });
  });

  it('is empty without a rebalance, and unknown with one that has no plan that can be read', () => {
    expect(plannedDepartures([])?.size).toBe(0);
    expect(plannedDepartures([[slots], undefined])).toBeNull();
    expect(plannedDepartures([[{ ...slots, slots: '3-1' }]])).toBeNull();
  });
});
