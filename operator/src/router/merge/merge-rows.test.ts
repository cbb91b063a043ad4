import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { COLUMN_TYPE } from '../../wire/column-type.ts';
import { decodeTextRow } from '../../wire/text-row.ts';
import type { Arrangement } from './merge-input.ts';
import type { GroupMerge, MergePlan, RowColumn } from './merge-plan.ts';
import { type MergeOptions, mergeRows } from './merge-rows.ts';
import { column, type Row, sourceOf } from './testing/row-sources.ts';

const CAPS = { rows: 100_000, bytes: 1_000_000, milliseconds: 1000 };
const PLAN: MergePlan = { rows: { kind: 'concatenate' }, hidden: 0, offset: 0, limit: null };
const INTEGER = column('n', COLUMN_TYPE.longlong);
const TEXT = column('t', COLUMN_TYPE.varString);
const DECIMAL = { ...column('d', COLUMN_TYPE.newDecimal), decimals: 2 };
const DOUBLE = { ...column('x', COLUMN_TYPE.double), decimals: 31 };

const visible = (index: number): RowColumn => ({ from: 'visible', index });
const hidden = (index: number): RowColumn => ({ from: 'hidden', index });

interface Case {
  readonly plan: Partial<MergePlan>;
  readonly columns: Parameters<typeof sourceOf>[0];
  readonly slots: readonly (readonly Row[])[];
  readonly caps?: Partial<typeof CAPS>;
  readonly arrangement?: Arrangement;
}

async function merge({
  plan,
  columns,
  slots,
  caps = {},
  arrangement = 'bySlot',
}: Case): Promise<(string | null)[][]> {
  return readAll({
    plan: { ...PLAN, ...plan },
    sources: slots.map((rows) => sourceOf(columns, rows)),
    arrangement,
    caps: { ...CAPS, ...caps },
    clock: new FakeClock(),
    signal: new AbortController().signal,
  });
}

async function readAll(options: MergeOptions): Promise<(string | null)[][]> {
  const merged = await mergeRows(options);
  const rows: (string | null)[][] = [];
  for await (const batch of merged.batches) {
    for (const payload of batch) {
      rows.push(
        decodeTextRow(payload, merged.columns.length).map((field) => field?.toString('latin1') ?? null),
      );
    }
  }
  return rows;
}

/** Rows dealt out to slots at random. */
const dealt = fc.array(
  fc.record({ slot: fc.nat(4), value: fc.option(fc.integer({ min: -20, max: 20 })), group: fc.nat(3) }),
);

function deal<Value extends { readonly slot: number }, Result>(
  rows: readonly Value[],
  row: (value: Value) => Result,
): Result[][] {
  return Array.from({ length: 5 }, (_slot, slot) => rows.filter((value) => value.slot === slot).map(row));
}

function nullsFirst(left: number | null, right: number | null): number {
  return (left ?? -Infinity) - (right ?? -Infinity) || 0;
}

describe('merging what slots answer is answering for all of them', () => {
  it('in order, with LIMIT and OFFSET', async () => {
    await fc.assert(
      fc.asyncProperty(
        dealt,
        fc.boolean(),
        fc.nat(5),
        fc.option(fc.nat(9)),
        async (rows, descending, offset, limit) => {
          const sign = descending ? -1 : 1;
          const sorted = rows.toSorted((left, right) => nullsFirst(left.value, right.value) * sign);
          const text = (value: number | null): string | null => (value === null ? null : String(value));
          const merged = await merge({
            plan: {
              rows: { kind: 'order', by: [{ value: visible(0), weight: null, descending }] },
              offset,
              limit,
            },
            columns: [INTEGER],
            slots: deal(sorted, ({ value }) => [text(value)]),
          });
          const end = limit === null ? rows.length : offset + limit;
          expect(merged).toEqual(sorted.slice(offset, end).map(({ value }) => [text(value)]));
        },
      ),
    );
  });

  it('each row once', async () => {
    await fc.assert(
      fc.asyncProperty(dealt, async (rows) => {
        const merged = await merge({
          plan: { rows: { kind: 'distinct', values: [{ value: visible(0), weight: null }], by: [] } },
          columns: [INTEGER],
          slots: deal(rows, ({ value }) => [value === null ? null : String(value)]),
        });
        const once = new Set(rows.map(({ value }) => value));
        const expected = new Set([...once].map((value) => (value === null ? null : String(value))));
        expect(merged).toHaveLength(expected.size);
        expect(new Set(merged.map(([value]) => value))).toEqual(expected);
      }),
    );
  });

  it('in groups, with exact sums, averages and extremes', async () => {
    await fc.assert(
      fc.asyncProperty(dealt, async (rows) => {
        // What each slot says of its groups: n, COUNT, SUM, AVG, MIN, MAX, and the parts of AVG.
        const parts = deal(rows, (row) => row).map((own) =>
          [...new Set(own.map(({ group }) => group))].map((group) => aggregate(own, group)),
        );
        const merged = await merge({
          plan: {
            hidden: 2,
            rows: {
              kind: 'group',
              calculation: null,
              by: [{ value: visible(0), weight: null }],
              visible: 6,
              values: [
                { kind: 'any', column: visible(0), compared: { value: visible(0), weight: null } },
                { kind: 'count', column: visible(1) },
                { kind: 'sum', column: visible(2) },
                { kind: 'average', result: visible(3), sum: hidden(0), count: hidden(1) },
                { kind: 'minimum', compared: { value: visible(4), weight: null } },
                { kind: 'maximum', compared: { value: visible(5), weight: null } },
              ],
              having: null,
              order: [{ index: 0, descending: false }],
              sorted: null,
            },
          },
          columns: [
            INTEGER,
            INTEGER,
            DECIMAL,
            { ...DECIMAL, decimals: 6 },
            INTEGER,
            INTEGER,
            DECIMAL,
            INTEGER,
          ],
          slots: parts,
        });
        const groups = [...new Set(rows.map(({ group }) => group))].toSorted((left, right) => left - right);
        expect(merged).toEqual(groups.map((group) => aggregate(rows, group).slice(0, 6)));
      }),
    );
  });
});

type Dealt = readonly { readonly group: number; readonly value: number | null }[];

/** What MariaDB says of a group of DECIMAL(n,2): hundredths, so that sums are exact. */
function aggregate(rows: Dealt, group: number): (string | null)[] {
  const values = rows.flatMap((row) => (row.group === group && row.value !== null ? [row.value] : []));
  const sum = values.reduce((total, value) => total + value, 0);
  const decimal = (value: number): string => (value / 100).toFixed(2).replace(/^-(0\.00)$/, '$1');
  const average = values.length === 0 ? null : Math.round((Math.abs(sum) * 1e4) / values.length);
  const sign = sum < 0 && average !== 0 ? '-' : '';
  return [
    String(group),
    String(values.length),
    values.length === 0 ? null : decimal(sum),
    average === null ? null : `${sign}${Math.floor(average / 1e6)}.${String(average % 1e6).padStart(6, '0')}`,
    values.length === 0 ? null : String(Math.min(...values)),
    values.length === 0 ? null : String(Math.max(...values)),
    values.length === 0 ? null : decimal(sum),
    String(values.length),
  ];
}

describe('groups that come sorted are merged one at a time', () => {
  const BY = { value: visible(0), weight: null } as const;
  /** n, COUNT(x), SUM(x), and a second element of GROUP BY. */
  const COLUMNS = [INTEGER, INTEGER, DECIMAL, INTEGER];

  /** What a slot sends: its groups in the order asked for. */
  function sortedParts(
    rows: readonly { readonly slot: number; readonly value: number | null; readonly group: number }[],
    descending: boolean,
  ): Row[][] {
    return deal(rows, (row) => row).map((own) => {
      const groups = [...new Set(own.map(({ group, value }) => `${group}/${value}`))].map((key) => {
        const [group = '', value = ''] = key.split('/');
        const members = own.filter((row) => row.group === Number(group) && String(row.value) === value);
        return { group: Number(group), value: value === 'null' ? null : Number(value), members };
      });
      groups.sort(
        (left, right) =>
          nullsFirst(left.value, right.value) * (descending ? -1 : 1) || left.group - right.group,
      );
      return groups.map(({ group, value, members }) => [
        value === null ? null : String(value),
        String(members.length),
        (members.length / 100).toFixed(2),
        String(group),
      ]);
    });
  }

  const groupMerge = (order: GroupMerge['order'], inOrder: boolean, descending: boolean): GroupMerge => ({
    kind: 'group',
    calculation: null,
    by: [BY, { value: visible(3), weight: null }],
    visible: 4,
    values: [
      { kind: 'any', column: visible(0), compared: BY },
      { kind: 'count', column: visible(1) },
      { kind: 'sum', column: visible(2) },
      { kind: 'any', column: visible(3), compared: { value: visible(3), weight: null } },
    ],
    having: {
      kind: 'compare',
      operator: '>',
      left: { kind: 'value', index: 1 },
      right: { kind: 'constant', text: '1' },
    },
    order,
    sorted: {
      by: [
        { ...BY, descending },
        { value: visible(3), weight: null, descending: false },
      ],
      inOrder,
    },
  });

  it.each([
    ['in the order of the result', true],
    ['in another order than the result', false],
  ])('%s, as if all had been kept', async (_name, inOrder) => {
    await fc.assert(
      fc.asyncProperty(
        dealt,
        fc.boolean(),
        fc.nat(4),
        fc.option(fc.integer({ min: 1, max: 9 })),
        async (rows, descending, offset, limit) => {
          const order = inOrder
            ? [
                { index: 0, descending },
                { index: 3, descending: false },
              ]
            : [
                { index: 1, descending },
                { index: 0, descending: false },
                { index: 3, descending: true },
              ];
          const options = {
            plan: { rows: groupMerge(order, inOrder, descending), offset, limit },
            columns: COLUMNS,
            slots: sortedParts(rows, descending),
          };
          const sorted = await merge({ ...options, arrangement: 'bySlot' });
          expect(sorted).toEqual(await merge({ ...options, arrangement: 'mixed' }));
        },
      ),
    );
  });

  const MANY = Array.from({ length: 2000 }, (_value, index) => [String(index), '2', '0.02', '0']);

  it.each([
    ['in their order', { inOrder: true, limit: null }],
    ['the first by something else', { inOrder: false, limit: 10 }],
  ])('however many there are, in little memory: %s', async (_name, { inOrder, limit }) => {
    const order = inOrder ? [] : [{ index: 2, descending: false }];
    const options = {
      plan: { rows: groupMerge(order, inOrder, false), limit },
      columns: COLUMNS,
      slots: [MANY, MANY, []],
      caps: { bytes: 200_000 },
    };
    const sorted = await merge({ ...options, arrangement: 'bySlot' });
    expect(sorted).toHaveLength(limit ?? 2000);
    expect(sorted[7]).toEqual(['7', '4', '0.04', '0']);
    await expect(merge({ ...options, arrangement: 'mixed' })).rejects.toMatchObject({
      code: 'TooMuchMemory',
    });
  });

  it('not by texts, which servers sort by their beginnings alone', async () => {
    const long = 'x'.repeat(2000);
    const rows: GroupMerge = {
      ...groupMerge([], true, false),
      by: [BY],
      having: null,
      visible: 2,
      values: [
        { kind: 'any', column: visible(0), compared: null },
        { kind: 'count', column: visible(1) },
      ],
      sorted: { by: [{ ...BY, descending: false }], inOrder: true },
    };
    const merged = await merge({
      plan: { rows },
      columns: [TEXT, INTEGER],
      slots: [
        [
          [`${long}b`, '1'],
          [`${long}a`, '1'],
        ],
        [[`${long}a`, '1']],
      ],
    });
    expect(merged).toHaveLength(2);
  });
});

describe('texts', () => {
  /** Weights of letters; a space weighs more than a tab, as it does on the server. */
  const weigh = (text: string): string => text.toLowerCase();
  const row = (text: string | null): Row => [
    text,
    text === null ? null : weigh(text),
    text === null ? null : ' ',
  ];
  const compared = { value: visible(0), weight: { text: hidden(0), space: hidden(1) } } as const;

  it('are in the order of their weights, as if the shorter went on with spaces', async () => {
    const merged = await merge({
      plan: { hidden: 2, rows: { kind: 'order', by: [{ ...compared, descending: false }] } },
      columns: [TEXT, TEXT, TEXT],
      slots: [
        [row(null), row('a\tb'), row('B')],
        [row('a'), row('ab')],
        [row('a!'), row('c')],
      ],
    });
    expect(merged.flat()).toEqual([null, 'a\tb', 'a', 'a!', 'ab', 'B', 'c']);
  });

  it('that weigh the same are one, whatever spaces they end with', async () => {
    const merged = await merge({
      plan: { hidden: 2, rows: { kind: 'distinct', values: [compared], by: [] } },
      columns: [TEXT, TEXT, TEXT],
      slots: [
        [row('a'), row('b ')],
        [row('A  '), row('B')],
        [row(null), row(null)],
      ],
    });
    expect(merged.flat()).toEqual(['a', 'b ', null]);
  });
});

describe('groups', () => {
  const GROUP = {
    kind: 'group',
    by: [],
    visible: 2,
    having: null,
    order: [],
    sorted: null,
    calculation: null,
  } as const;

  it('without rows and without GROUP BY are one', async () => {
    const merged = await merge({
      plan: {
        hidden: 1,
        rows: {
          ...GROUP,
          values: [
            { kind: 'countDistinct', result: visible(0), values: [{ value: hidden(0), weight: null }] },
            { kind: 'sum', column: visible(1) },
          ],
        },
      },
      columns: [INTEGER, DECIMAL, INTEGER],
      slots: [[], []],
    });
    expect(merged).toEqual([['0', null]]);
  });

  it.each([
    ['>', '5', [['7', '1']]],
    ['<=', '5', [['5', '2']]],
    ['<>', '5.00', [['7', '1']]],
    ['=', '5e0', [['5', '2']]],
    ['=', null, []],
  ] as const)('are chosen by HAVING: sum %s %s', async (operator, text, expected) => {
    const merged = await merge({
      plan: {
        rows: {
          ...GROUP,
          by: [{ value: visible(1), weight: null }],
          values: [
            { kind: 'sum', column: visible(0) },
            { kind: 'any', column: visible(1), compared: null },
          ],
          having: {
            kind: 'compare',
            operator,
            left: { kind: 'value', index: 0 },
            right: { kind: 'constant', text },
          },
        },
      },
      columns: [INTEGER, INTEGER],
      slots: [
        [
          ['3', '1'],
          ['5', '2'],
        ],
        [['4', '1']],
      ],
    });
    expect(merged).toEqual(expected);
  });

  it('have sums beyond 2^53 exactly', async () => {
    const merged = await merge({
      plan: { rows: { ...GROUP, visible: 1, values: [{ kind: 'sum', column: visible(0) }] } },
      columns: [DECIMAL],
      slots: [[['9007199254740993.01']], [['9007199254740993.02']], [['-0.01']]],
    });
    expect(merged).toEqual([['18014398509481986.02']]);
  });
});

describe('a merge is given up', () => {
  it.each([
    ['TooManyRows', { rows: 2 }, { kind: 'concatenate' }],
    [
      'TooMuchMemory',
      { bytes: 300 },
      { kind: 'distinct', values: [{ value: visible(0), weight: null }], by: [] },
    ],
  ] as const)('%s', async (code, caps, rows) => {
    const slots = [
      [['1'], ['2']],
      [['3'], ['4']],
    ];
    await expect(merge({ plan: { rows }, columns: [INTEGER], slots, caps })).rejects.toMatchObject({ code });
  });

  it('when slots answer with different columns', async () => {
    const sources = [sourceOf([INTEGER], []), sourceOf([DOUBLE], [])];
    const options = {
      plan: PLAN,
      sources,
      arrangement: 'bySlot' as const,
      caps: CAPS,
      clock: new FakeClock(),
      signal: new AbortController().signal,
    };
    await expect(mergeRows(options)).rejects.toMatchObject({ code: 'Mismatch' });
    expect(options.clock.pending).toBe(0);
  });

  const silence = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });

  it.each([
    ['before its columns', { open: silence, read: silence }],
    ['before its rows', { open: () => Promise.resolve([INTEGER]), read: silence }],
  ])('when it takes too long, also while a slot keeps silent %s', async (_when, silent) => {
    const clock = new FakeClock();
    const rows = readAll({
      plan: PLAN,
      sources: [silent],
      arrangement: 'mixed',
      caps: CAPS,
      clock,
      signal: new AbortController().signal,
    });
    await Promise.all([
      expect(rows).rejects.toMatchObject({ code: 'TooLong', errno: 1969, sqlState: '70100' }),
      clock.advance(1000),
    ]);
  });

  it('hands large rows on one by one', async () => {
    const large = 'x'.repeat(100_000);
    const merged = await mergeRows({
      plan: {
        ...PLAN,
        rows: { kind: 'order', by: [{ value: visible(0), weight: null, descending: false }] },
      },
      sources: [sourceOf([TEXT], [[large], [large]]), sourceOf([TEXT], [[large]])],
      arrangement: 'bySlot',
      caps: { ...CAPS, bytes: 1 },
      clock: new FakeClock(),
      signal: new AbortController().signal,
    });
    const sizes: number[] = [];
    for await (const batch of merged.batches) {
      sizes.push(batch.length);
    }
    expect(sizes).toEqual([1, 1, 1]);
  });

  it('reads no more than LIMIT needs', async () => {
    const source = sourceOf([INTEGER], [['1'], ['2'], ['3'], ['4']]);
    const merged = await mergeRows({
      plan: { ...PLAN, limit: 1 },
      sources: [source],
      arrangement: 'mixed',
      caps: CAPS,
      clock: new FakeClock(),
      signal: new AbortController().signal,
    });
    for await (const batch of merged.batches) {
      expect(batch).toHaveLength(1);
    }
    expect(source.reads).toBe(1);
  });
});
