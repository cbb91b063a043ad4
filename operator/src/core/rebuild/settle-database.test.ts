import { describe, expect, it } from '@jest/globals';
import { type Claim, settleDatabase } from './settle-database.ts';

const GIVING = 0;
const RECEIVING = 1;

function claim(shard: number, change: Partial<Claim> = {}): Claim {
  return { shard, isThere: true, isGranted: false, fence: null, moves: [], ...change };
}

/** What both sides of a move have at each of its steps, and which of them have everything that was ever acknowledged. */
const STEPS: readonly {
  readonly step: string;
  readonly giving: Partial<Claim> | null;
  readonly receiving: Partial<Claim> | null;
  /** Sides that nobody can have written past. */
  readonly complete: readonly number[];
}[] = [
  { step: 'before it', giving: { isGranted: true }, receiving: null, complete: [GIVING] },
  { step: 'while tables are made', giving: { isGranted: true }, receiving: {}, complete: [GIVING] },
  {
    step: 'copied, and following',
    giving: { isGranted: true },
    receiving: { moves: ['m'] },
    complete: [GIVING],
  },
  {
    step: 'recorded, rights not taken',
    giving: { isGranted: true, fence: 7 },
    receiving: { moves: ['m'] },
    complete: [GIVING],
  },
  { step: 'rights taken, not recorded', giving: {}, receiving: { moves: ['m'] }, complete: [GIVING] },
  { step: 'fenced', giving: { fence: 7 }, receiving: { moves: ['m'] }, complete: [GIVING] },
  { step: 'undone, rights not back', giving: { fence: 7 }, receiving: { moves: ['m'] }, complete: [GIVING] },
  { step: 'undone, copied anew', giving: { fence: 7 }, receiving: {}, complete: [GIVING] },
  {
    step: 'rights back, the fence not forgotten',
    giving: { isGranted: true, fence: 7 },
    receiving: { moves: ['m'] },
    complete: [GIVING],
  },
  {
    step: 'cut over, nothing else',
    giving: { fence: 7 },
    receiving: { moves: ['m'] },
    complete: [GIVING, RECEIVING],
  },
  {
    step: 'cut over, followed back, no rights yet',
    giving: { fence: 7, moves: ['m'] },
    receiving: { moves: ['m'] },
    complete: [RECEIVING],
  },
  {
    step: 'soaking',
    giving: { fence: 7, moves: ['m'] },
    receiving: { isGranted: true, moves: ['m'] },
    complete: [RECEIVING],
  },
  {
    step: 'on the way back, rights taken, not recorded',
    giving: { fence: 7, moves: ['m'] },
    receiving: { moves: ['m'] },
    complete: [RECEIVING],
  },
  {
    step: 'on the way back, recorded, rights not taken',
    giving: { fence: 7, moves: ['m'] },
    receiving: { isGranted: true, fence: 9, moves: ['m'] },
    complete: [RECEIVING],
  },
  {
    step: 'on the way back, fenced',
    giving: { fence: 7, moves: ['m'] },
    receiving: { fence: 9, moves: ['m'] },
    complete: [RECEIVING],
  },
  {
    step: 'back, no rights yet',
    giving: { fence: 7, moves: ['m'] },
    receiving: { fence: 9, moves: ['m'] },
    complete: [GIVING, RECEIVING],
  },
  {
    step: 'back, and served',
    giving: { isGranted: true, moves: ['m'] },
    receiving: { fence: 9, moves: ['m'] },
    complete: [GIVING],
  },
  {
    step: 'the former copy half removed',
    giving: { fence: 7 },
    receiving: { isGranted: true, moves: ['m'] },
    complete: [RECEIVING],
  },
  {
    step: 'the former copy removed, its fence not',
    giving: { isThere: false, fence: 7 },
    receiving: { isGranted: true },
    complete: [RECEIVING],
  },
  { step: 'after it', giving: null, receiving: { isGranted: true }, complete: [RECEIVING] },
];

describe('settleDatabase', () => {
  it.each(STEPS)('finds a side that has everything: $step', ({ giving, receiving, complete }) => {
    const sides = [
      ...(giving === null ? [] : [claim(GIVING, giving)]),
      ...(receiving === null ? [] : [claim(RECEIVING, receiving)]),
    ];
    for (const claims of [sides, sides.toReversed()]) {
      const verdict = settleDatabase(claims);
      expect(verdict.kind).toBe('owner');
      expect(complete).toContain(verdict.kind === 'owner' ? verdict.shard : null);
    }
  });

  // Without a fence the records alone do not tell which of two moves was the last.
  const told = STEPS.filter(({ step }) => step !== 'rights taken, not recorded');
  it.each(told)('finds it beside what is not yet forgotten of an earlier move: $step', (each) => {
    const { giving, receiving, complete } = each;
    const sides = [
      ...(giving === null ? [] : [claim(GIVING, { ...giving, moves: ['earlier', ...(giving.moves ?? [])] })]),
      ...(receiving === null ? [] : [claim(RECEIVING, receiving)]),
    ];
    for (const claims of [sides, sides.toReversed()]) {
      const verdict = settleDatabase(claims);
      expect(verdict.kind).toBe('owner');
      expect(complete).toContain(verdict.kind === 'owner' ? verdict.shard : null);
    }
  });

  // Somebody gave users rights on both sides by hand.
  const contradicted = STEPS.filter(({ giving, receiving }) => giving !== null && receiving !== null);
  it.each(contradicted)('finds the owner by the records of a planned move, or nobody: $step', (each) => {
    const giving = claim(GIVING, { ...each.giving, isGranted: true });
    const receiving = claim(RECEIVING, { ...each.receiving, isGranted: true });
    const verdict = settleDatabase([giving, receiving], GIVING);
    expect(verdict.kind === 'owner' ? each.complete : [null]).toContain(
      verdict.kind === 'owner' ? verdict.shard : null,
    );
    expect(settleDatabase([giving, receiving]).kind).toBe('unsettled');
  });

  it.each<[string, Partial<Claim>, Partial<Claim>, number | null]>([
    ['before any record', {}, {}, GIVING],
    ['copied, and not fenced', {}, { moves: ['m'] }, GIVING],
    ['taken back, and served', { moves: ['m'] }, { moves: ['m'], fence: 9 }, GIVING],
    ['cut over, and followed', { fence: 7, moves: ['m'] }, { moves: ['m'] }, RECEIVING],
    ['fenced, perhaps cut over', { fence: 7 }, { moves: ['m'] }, null],
    ['on the way back', { fence: 7, moves: ['m'] }, { fence: 9, moves: ['m'] }, null],
    ['followed by another move', { fence: 7, moves: ['n'] }, { moves: ['m'] }, null],
    ['gone where it leaves', { isThere: false }, { moves: ['m'] }, null],
  ])('with rights on both sides, %s', (_, giving, receiving, owner) => {
    const claims = [
      claim(GIVING, { ...giving, isGranted: true }),
      claim(RECEIVING, { ...receiving, isGranted: true }),
    ];
    expect(settleDatabase(claims, GIVING)).toMatchObject(
      owner === null ? { kind: 'unsettled' } : { kind: 'owner', shard: owner, byPlan: true },
    );
  });

  it('goes by no plan where rights do not contradict each other', () => {
    expect(settleDatabase([claim(0), claim(1, { isGranted: true })], 0)).toEqual({ kind: 'owner', shard: 1 });
    expect(settleDatabase([claim(0), claim(1)], 0).kind).toBe('unsettled');
  });

  it('takes the one that is there where nobody has rights yet', () => {
    expect(settleDatabase([claim(3)])).toEqual({ kind: 'owner', shard: 3 });
  });

  it('takes the one whose users have rights, though it is not there, and nowhere else', () => {
    expect(settleDatabase([claim(3, { isThere: false, isGranted: true })])).toEqual({
      kind: 'owner',
      shard: 3,
    });
  });

  it('finds nothing where nothing is', () => {
    expect(settleDatabase([])).toEqual({ kind: 'nowhere' });
  });

  it.each<[string, readonly Claim[]]>([
    ['rights in two shards', [claim(0, { isGranted: true }), claim(1, { isGranted: true })]],
    ['rights where it is not', [claim(0, { isThere: false, isGranted: true }), claim(1)]],
    ['no rights, and nothing on record', [claim(0), claim(1)]],
    ['one fence of the same map in each', [claim(0, { fence: 4 }), claim(1, { fence: 4 })]],
    ['records of different moves, and no fence', [claim(0, { moves: ['a'] }), claim(1, { moves: ['b'] })]],
    ['records of moves in each, and no fence', [claim(0, { moves: ['a'] }), claim(1, { moves: ['a'] })]],
    ['three shards, and no rights', [claim(0, { fence: 4 }), claim(1, { moves: ['a'] }), claim(2)]],
  ])('does not guess with %s', (_, claims) => {
    const verdict = settleDatabase(claims);
    expect(verdict.kind).toBe('unsettled');
    expect(verdict).toMatchObject({ shards: claims.map(({ shard }) => shard) });
  });
});
