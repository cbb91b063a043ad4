import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { COLLATION, COLUMN_TYPE } from '../../wire/column-type.ts';
import { decodeTextRow } from '../../wire/text-row.ts';
import type { Calculate, CalculationQuery } from './calculated-rows.ts';
import type { GroupCalculation, GroupValue, MergePlan } from './merge-plan.ts';
import { mergeRows } from './merge-rows.ts';
import { column, sourceOf } from './testing/row-sources.ts';

const NUMBER = column('n', COLUMN_TYPE.longlong);
/** As the statement itself has it: called by its text. */
const DOUBLED = { ...NUMBER, name: 'SUM(n) * 2' };
const CAPS = { rows: 1_000_000, bytes: 100_000_000, milliseconds: 1000 };

/** GROUP BY n: the group, and twice the sum of n, which is calculated. */
function planOf(
  calculation: Partial<GroupCalculation>,
  window: Partial<MergePlan> = {},
  value: GroupValue = { kind: 'sum', column: { from: 'hidden', index: 0 } },
): MergePlan {
  return {
    rows: {
      kind: 'group',
      by: [{ value: { from: 'visible', index: 0 }, weight: null }],
      values: [
        { kind: 'any', column: { from: 'visible', index: 0 }, compared: null },
        { kind: 'any', column: { from: 'visible', index: 1 }, compared: null },
        value,
      ],
      visible: 2,
      having: null,
      order: [],
      sorted: null,
      calculation: {
        inputs: [{ column: { from: 'hidden', index: 0 }, value: 2, text: null }],
        items: [{ item: 1, text: '`shardwright`.h0 * 2' }],
        having: null,
        order: null,
        answered: 2,
        ...calculation,
      },
    },
    hidden: 1,
    offset: 0,
    limit: null,
    ...window,
  };
}

/** A server that doubles, lets even numbers through where there is a condition, and sorts by falling numbers where it is to. */
class Doubler {
  readonly statements: CalculationQuery[] = [];
  readonly answered = { ...NUMBER };

  readonly calculate: Calculate = (query) => {
    this.statements.push(query);
    const { needsColumns, around } = query;
    const given = [...(around?.after.matchAll(/\(NULL,NULL,CAST\((-?\d+) AS SIGNED\),(\d+)\)/g) ?? [])];
    const rows = given.map(([, value, number]) => ({ value: Number(value), number }));
    if (around?.after.includes('ORDER BY h0 DESC') === true) {
      rows.sort((one, other) => other.value - one.value);
    }
    const isConditional = around?.after.includes('(h0 % 2 = 0) IS TRUE') === true;
    const passes = (value: number): string => (isConditional ? String(1 - Math.abs(value % 2)) : '1');
    return Promise.resolve({
      named: needsColumns ? [NUMBER, DOUBLED, NUMBER, NUMBER] : [],
      columns: around === null ? [] : [NUMBER, NUMBER, this.answered],
      rows: rows.map(({ value, number }) =>
        [String(number), passes(value), String(value * 2)].map((text) => Buffer.from(text)),
      ),
    });
  };
}

async function merge(
  plan: MergePlan,
  slots: readonly (readonly number[])[],
  calculate: Calculate,
): Promise<{ names: string[]; rows: (string | undefined)[][] }> {
  const merged = await mergeRows({
    plan,
    sources: slots.map((values) =>
      sourceOf(
        [NUMBER, DOUBLED, NUMBER],
        values.map((value) => [String(value), null, String(value)]),
      ),
    ),
    arrangement: 'mixed',
    caps: CAPS,
    clock: new FakeClock(),
    calculate,
    signal: new AbortController().signal,
  });
  const rows = [];
  for await (const batch of merged.batches) {
    rows.push(...batch.map((payload) => decodeTextRow(payload, 2).map((field) => field?.toString())));
  }
  return { names: merged.columns.map(({ name }) => name), rows };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_value, index) => from + index);

describe('expressions around aggregates', () => {
  it('are calculated from what was merged, and have the columns of the statement', async () => {
    const { calculate, statements } = new Doubler();
    const { names, rows } = await merge(planOf({}), [[1, 2], [2, 5], []], calculate);
    expect(names).toEqual(['n', 'SUM(n) * 2']);
    expect(rows).toEqual([
      ['1', '2'],
      ['2', '8'],
      ['5', '10'],
    ]);
    expect(statements).toHaveLength(1);
    expect(statements[0]?.around).toEqual({
      before: 'WITH `shardwright` (v0,v1,h0,r) AS ((',
      after:
        '\n) UNION ALL VALUES (NULL,NULL,CAST(1 AS SIGNED),0),(NULL,NULL,CAST(4 AS SIGNED),1),(NULL,NULL,CAST(5 AS SIGNED),2))' +
        ' SELECT `shardwright`.r, 1, `shardwright`.h0 * 2 FROM `shardwright` ORDER BY `shardwright`.r LIMIT 3',
    });
  });

  it('have columns where there are no groups', async () => {
    const { calculate, statements } = new Doubler();
    await expect(merge(planOf({}), [[], []], calculate)).resolves.toEqual({
      names: ['n', 'SUM(n) * 2'],
      rows: [],
    });
    expect(statements).toEqual([{ needsColumns: true, around: null }]);
  });

  it('of many groups are calculated in several statements, and no more than LIMIT needs', async () => {
    const all = new Doubler();
    const { rows } = await merge(planOf({}), [range(0, 5000)], all.calculate);
    expect(rows.map(([, doubled]) => Number(doubled))).toEqual(range(0, 5000).map((value) => value * 2));
    expect(all.statements.map(({ needsColumns }) => needsColumns)).toEqual([true, false, false]);
    const some = new Doubler();
    const limited = await merge(planOf({}, { offset: 2, limit: 3 }), [range(0, 5000)], some.calculate);
    expect(limited.rows.map(([n]) => n)).toEqual(['2', '3', '4']);
    expect(some.statements).toHaveLength(1);
  });

  it('let groups through before LIMIT counts them', async () => {
    const { calculate } = new Doubler();
    const plan = planOf({ having: 'h0 % 2 = 0' }, { offset: 1, limit: 2 });
    const { rows } = await merge(plan, [range(1, 20)], calculate);
    expect(rows.map(([n]) => n)).toEqual(['4', '6']);
  });

  it('sort, also more groups than one statement has', async () => {
    const { calculate, statements } = new Doubler();
    const plan = planOf({ order: 'h0 DESC' }, { offset: 1, limit: 3 });
    const { rows } = await merge(plan, [range(0, 30_000), range(30_000, 45_000)], calculate);
    expect(rows.map(([n]) => n)).toEqual(['44998', '44997', '44996']);
    expect(statements).toHaveLength(3);
  });

  it('do not sort more groups than one statement has, where all are asked for', async () => {
    const { calculate } = new Doubler();
    await expect(merge(planOf({ order: 'h0 DESC' }), [range(0, 30_000)], calculate)).rejects.toMatchObject({
      code: 'TooManyRows',
    });
  });

  it('of values that fit into no statement are refused, and statements are no larger than servers take', async () => {
    const wide = (length: number): Promise<unknown> => {
      const { calculate, statements } = new Doubler();
      const text = { ...NUMBER, type: COLUMN_TYPE.varString, collation: COLLATION.binary };
      const value = 'x'.repeat(length);
      return mergeRows({
        plan: planOf({}, {}, { kind: 'any', column: { from: 'hidden', index: 0 }, compared: null }),
        sources: [
          sourceOf(
            [NUMBER, DOUBLED, text],
            range(0, 3).map((n) => [String(n), null, value]),
          ),
        ],
        arrangement: 'mixed',
        caps: CAPS,
        clock: new FakeClock(),
        calculate,
        signal: new AbortController().signal,
      }).then(() => statements.map(({ around }) => (around?.after.length ?? 0) < 9 << 20));
    };
    await expect(wide(3 << 20)).resolves.toEqual([true]);
    await expect(wide(5 << 20)).rejects.toMatchObject({ code: 'TooMuchMemory' });
  });

  it('that come out as another type than the statement has are refused', async () => {
    const doubler = new Doubler();
    doubler.answered.type = COLUMN_TYPE.double;
    await expect(merge(planOf({}), [[1]], doubler.calculate)).rejects.toMatchObject({ code: 'Unsupported' });
  });
});
