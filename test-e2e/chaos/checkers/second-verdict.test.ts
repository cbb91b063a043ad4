import { describe, expect, it } from '@jest/globals';
import { compareVerdicts } from './second-verdict.ts';

describe('compareVerdicts', () => {
  const violated = { kind: 'violated', at: {} } as never;

  it('is content where both say the same', () => {
    expect(
      compareVerdicts(
        new Map([
          [1, { kind: 'linearizable' }],
          [2, violated],
        ]),
        new Map([
          [1, 'Ok'],
          [2, 'Illegal'],
        ]),
      ),
    ).toEqual([]);
  });

  it.each([
    ['they differ', { kind: 'linearizable' } as const, 'Illegal' as const],
    ['they differ the other way', violated, 'Ok' as const],
    ['one of them gave up', { kind: 'linearizable' } as const, 'Unknown' as const],
    ['both gave up', { kind: 'undecided' } as const, 'Unknown' as const],
  ])('complains where %s', (_, own, second) => {
    expect(compareVerdicts(new Map([[1, own]]), new Map([[1, second]]))).toMatchObject([
      { rule: 'secondVerdictAgrees' },
    ]);
  });
});
