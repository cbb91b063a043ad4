import { describe, expect, it } from '@jest/globals';
import type { RebalancePhase, ShardRebalance } from '../../../api/v1alpha1/index.ts';
import { aRebalance } from '../../shard-rebalance/testing/observations.ts';
import type { ConditionInput } from './condition-input.ts';
import { rebalanceText, summariseRebalances } from './rebalance-summary.ts';
import { rebalancing } from './rebalancing.ts';

function told(name: string, phase: RebalancePhase, createdAt = '2026-01-01T00:00:00Z'): ShardRebalance {
  const status = { phase, message: `It is ${phase}.`, summary: { moves: '1/4', eta: '-' } };
  return aRebalance({}, status, { name, uid: name, creationTimestamp: createdAt });
}

function verdict(
  rebalances: readonly ShardRebalance[],
  shardsWithoutSlots: ConditionInput['shardsWithoutSlots'] = null,
): string {
  const rebalance = summariseRebalances(rebalances);
  const { status, reason } = rebalancing({ rebalance, shardsWithoutSlots } as unknown as ConditionInput);
  return `${status}/${reason}`;
}

describe('the condition Rebalancing', () => {
  it.each<[RebalancePhase, string, string]>([
    ['Running', 'True/SlotsMoving', 'Running 1/4'],
    ['Held', 'True/RebalanceHeld', 'Held 1/4'],
    ['Soaking', 'True/SlotsSoaking', 'Soaking 1/4'],
    ['AwaitingApproval', 'False/RebalancePlanned', 'AwaitingApproval 1/4'],
    ['Planned', 'False/RebalancePlanned', 'Planned 1/4'],
    ['Failed', 'False/RebalanceFailed', '-'],
    ['Completed', 'False/NotRebalancing', '-'],
    ['Cancelled', 'False/NotRebalancing', '-'],
    ['RolledBack', 'False/NotRebalancing', '-'],
  ])('of one that is %s', (phase, expected, text) => {
    expect(verdict([told('r1', phase)])).toBe(expected);
    expect(rebalanceText(summariseRebalances([told('r1', phase)]))).toBe(text);
  });

  it('is about what moves, rather than what waits or has ended', () => {
    const all = [
      told('r1', 'Failed'),
      told('r2', 'AwaitingApproval'),
      told('r3', 'Running'),
      told('r4', 'Planned'),
    ];
    expect(summariseRebalances(all)?.name).toBe('r3');
    expect(summariseRebalances(all.filter(({ metadata }) => metadata.name !== 'r3'))?.name).toBe('r2');
  });

  it('is about the last that has ended where nothing goes on', () => {
    const failed = told('r1', 'Failed');
    expect(verdict([failed, told('r2', 'Completed', '2026-01-02T00:00:00Z')])).toBe('False/NotRebalancing');
    expect(verdict([failed])).toBe('False/RebalanceFailed');
  });

  it('names shards without slots where nothing is under way', () => {
    const empty = { names: ['demo-shard-2'], slotsSuffice: true };
    expect(verdict([], empty)).toBe('False/ShardsWithoutSlots');
    expect(verdict([told('r1', 'Cancelled')], empty)).toBe('False/ShardsWithoutSlots');
    expect(verdict([told('r1', 'Running')], empty)).toBe('True/SlotsMoving');
    expect(verdict([])).toBe('False/NotRebalancing');
  });

  it.each([
    [true, /made by itself once all shards are ready/u],
    [false, /Nothing moves to them by itself.*move or split slots/u],
  ])('promises slots only where there are enough of them: %s', (slotsSuffice, words) => {
    const shardsWithoutSlots = { names: ['demo-shard-2'], slotsSuffice };
    const { message } = rebalancing({ rebalance: null, shardsWithoutSlots } as unknown as ConditionInput);
    expect(message).toMatch(words);
  });
});
