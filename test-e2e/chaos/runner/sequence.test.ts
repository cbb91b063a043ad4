import { describe, expect, it } from '@jest/globals';
import { planSequence, runRandom, withoutDone } from './sequence.ts';

const of = (runs: number) => ['a', 'b', 'c'].map((fault) => ({ fault, runs }));

describe('planSequence', () => {
  it('has every fault as often as asked', () => {
    const plan = planSequence(of(4), 7);
    expect(plan.map(({ fault }) => fault).toSorted()).toEqual('aaaabbbbcccc'.split(''));
    expect(plan.map(({ index }) => index)).toEqual(plan.map((_, index) => index));
  });

  it('is decided by the seed', () => {
    const text = (seed: number): string =>
      planSequence(of(9), seed)
        .map(({ fault }) => fault)
        .join('');
    expect(text(7)).toBe(text(7));
    expect(text(7)).not.toBe(text(8));
    expect(text(7)).not.toBe('a'.repeat(9) + 'b'.repeat(9) + 'c'.repeat(9));
  });
});

describe('planSequence with ranks', () => {
  it('keeps those of one rank together, and the order within it', () => {
    const plan = (rankOf?: (fault: string) => number): string =>
      planSequence(of(5), 7, rankOf)
        .map(({ fault }) => fault)
        .join('');
    const ranked = plan((fault) => (fault === 'a' ? 1 : 0));
    expect(ranked).toBe(`${plan().replaceAll('a', '')}aaaaa`);
  });
});

describe('runRandom', () => {
  it('differs from run to run and repeats with the seed', () => {
    expect(runRandom(7, 0)()).toBe(runRandom(7, 0)());
    expect(runRandom(7, 0)()).not.toBe(runRandom(7, 1)());
  });
});

describe('withoutDone', () => {
  it('leaves out what was done with this seed', () => {
    const plan = [
      { index: 0, fault: 'a' },
      { index: 1, fault: 'b' },
    ];
    expect(withoutDone(plan, 7, [{ seed: 7, index: 0, fault: 'a' }])).toEqual([{ index: 1, fault: 'b' }]);
    expect(withoutDone(plan, 7, [{ seed: 8, index: 0, fault: 'a' }])).toEqual(plan);
  });
});
