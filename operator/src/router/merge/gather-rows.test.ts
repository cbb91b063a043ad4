import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { COLUMN_TYPE } from '../../wire/column-type.ts';
import { decodeTextRow } from '../../wire/text-row.ts';
import type { Calculate, CalculationQuery } from './calculated-rows.ts';
import type { MergePlan } from './merge-plan.ts';
import { mergeRows } from './merge-rows.ts';
import { column, type Row, sourceOf } from './testing/row-sources.ts';

const NUMBER = column('n', COLUMN_TYPE.longlong);
const TEXT = column('t', COLUMN_TYPE.varString);
const LIST = column('GROUP_CONCAT(t)', COLUMN_TYPE.blob);
const CAPS = { rows: 1_000_000, bytes: 100_000_000, milliseconds: 1000 };

const PLAN: MergePlan = {
  rows: {
    kind: 'gathered',
    columns: [
      { column: { from: 'hidden', index: 0 }, text: null },
      {
        column: { from: 'hidden', index: 1 },
        text: { bytes: { from: 'hidden', index: 2 }, charset: { from: 'hidden', index: 3 } },
      },
    ],
    most: 3,
    select: 'SELECT GROUP_CONCAT(`shardwright`.h1) FROM `shardwright`',
  },
  hidden: 4,
  offset: 0,
  limit: null,
};

/** A server that says of everything that it is a list. */
class Lister {
  readonly statements: CalculationQuery[] = [];
  made = column('made', COLUMN_TYPE.varString);

  readonly calculate: Calculate = (query) => {
    this.statements.push(query);
    return Promise.resolve({ named: [LIST], columns: [this.made], rows: [[Buffer.from('a list')]] });
  };
}

async function merge(slots: readonly (readonly Row[])[], { calculate }: Lister, type = TEXT) {
  const merged = await mergeRows({
    plan: PLAN,
    sources: slots.map((rows) => sourceOf([NUMBER, type, TEXT, TEXT], rows)),
    arrangement: 'mixed',
    caps: CAPS,
    clock: new FakeClock(),
    calculate,
    signal: new AbortController().signal,
  });
  const rows = [];
  for await (const batch of merged.batches) {
    rows.push(...batch.map((payload) => decodeTextRow(payload, 1).map((field) => field?.toString())));
  }
  return { names: merged.columns.map(({ name }) => name), rows };
}

const row = (number: number): Row => [String(number), 'x', 'x', 'latin1'];

describe('rows that are gathered', () => {
  it('are given to one server, which answers with the columns of the statement', async () => {
    const server = new Lister();
    await expect(merge([[row(1)], [[null, null, null, 'latin1']]], server)).resolves.toEqual({
      names: ['GROUP_CONCAT(t)'],
      rows: [['a list']],
    });
    expect(server.statements).toEqual([
      {
        needsColumns: true,
        around: {
          before: 'WITH `shardwright` (h0,h1,h2,h3) AS ((',
          after:
            "\n) UNION ALL VALUES (CAST(1 AS SIGNED),_latin1 x'78',NULL,NULL),(CAST(NULL AS SIGNED),NULL,NULL,NULL))" +
            ' SELECT GROUP_CONCAT(`shardwright`.h1) FROM `shardwright`',
        },
      },
    ]);
  });

  it('are a table without rows where there are none', async () => {
    const server = new Lister();
    await merge([[], []], server);
    expect(server.statements[0]?.around?.after).toBe(
      '\n)) SELECT GROUP_CONCAT(`shardwright`.h1) FROM `shardwright`',
    );
  });

  it('are no more than the plan allows', async () => {
    const server = new Lister();
    await expect(merge([[row(1), row(2)], [row(3)]], server)).resolves.toBeDefined();
    await expect(
      merge(
        [
          [row(1), row(2)],
          [row(3), row(4)],
        ],
        server,
      ),
    ).rejects.toMatchObject({
      code: 'TooManyRows',
      message: expect.stringContaining('more than 3 rows') as unknown,
    });
    expect(server.statements).toHaveLength(1);
  });

  it('are of types that literals say exactly, and come out as what the statement says', async () => {
    const server = new Lister();
    await expect(merge([[row(1)]], server, column('f', COLUMN_TYPE.float))).rejects.toMatchObject({
      code: 'Unsupported',
    });
    server.made = NUMBER;
    await expect(merge([[row(1)]], server)).rejects.toMatchObject({ code: 'Unsupported' });
  });
});
