import { describe, expect, it } from '@jest/globals';
import type { MergePlan } from './merge-plan.ts';
import { edited, route } from '../routing/testing/routing-stage.ts';

/** What each slot is sent, and the merge; or why it is refused. */
function planned(sql: string): { readonly sent: string; readonly plan: MergePlan | null } {
  const decided = route(sql);
  if (decided.kind !== 'scatter') {
    return { sent: decided.kind === 'refused' ? decided.message : decided.kind, plan: null };
  }
  return { sent: edited(sql, decided.parts[0]?.edits ?? []), plan: decided.plan };
}

const visible = (index: number) => ({ from: 'visible', index });

describe('a UNION over several slots', () => {
  it('of numbers and dates is sent as it is, with a LIMIT that lets enough through', () => {
    const sql = 'SELECT id, total FROM orders UNION SELECT order_id, 1 FROM items ORDER BY 2 DESC, id';
    expect(planned(`${sql} LIMIT 3, 4`)).toEqual({
      sent: `${sql} LIMIT 7`,
      plan: {
        rows: {
          kind: 'distinct',
          values: [
            { value: visible(0), weight: null },
            { value: visible(1), weight: null },
          ],
          by: [
            { value: visible(1), weight: null, descending: true },
            { value: visible(0), weight: null, descending: false },
          ],
        },
        hidden: 0,
        offset: 3,
        limit: 4,
      },
    });
  });

  it('of texts becomes a derived table, which is asked for their weights, whatever their collation is there', () => {
    const { sent, plan } = planned(
      "SELECT email, 'user' AS what FROM users UNION SELECT product, 'item' FROM items ORDER BY what LIMIT 2",
    );
    const weights = (column: string): string =>
      `WEIGHT_STRING(${column}), IF(CONCAT(LEFT(${column}, 0), 'a') = CONCAT(LEFT(${column}, 0), 'a '), ` +
      `WEIGHT_STRING(CONCAT(LEFT(${column}, 0), ' ')), NULL)`;
    expect(sent).toBe(
      `SELECT \`shardwright_union\`.*, ${weights('`shardwright_union`.`what`')}, ${weights('`shardwright_union`.`email`')} FROM (` +
        "SELECT email, 'user' AS what FROM users UNION SELECT product, 'item' FROM items) AS `shardwright_union` ORDER BY 2 LIMIT 2",
    );
    expect(plan).toMatchObject({ hidden: 4, tableless: true });
  });

  it.each([
    [
      'SELECT note FROM orders UNION SELECT note FROM orders ORDER BY total',
      'is sorted by what is no column of it',
    ],
    [
      'SELECT note, note FROM orders UNION SELECT email, email FROM users',
      'has columns without a name of their own',
    ],
    [
      'SELECT email FROM users UNION SELECT product FROM items FOR UPDATE',
      'that locks rows, and compares texts',
    ],
  ])('is refused where the columns cannot be told: %s', (sql, reason) => {
    expect(planned(sql)).toEqual({ sent: `A UNION over several slots ${reason}`, plan: null });
  });

  it('has all rows of its parts with ALL, in order where that is asked for', () => {
    const sql = 'SELECT id FROM orders UNION ALL SELECT order_id FROM items';
    expect(planned(sql).plan?.rows).toEqual({ kind: 'concatenate' });
    expect(planned(`${sql} ORDER BY id`).plan?.rows).toMatchObject({
      kind: 'order',
      by: [{ descending: false }],
    });
  });

  it('counts equal rows of what stands before UNION once, and others each', () => {
    const sql =
      'SELECT id FROM orders UNION SELECT order_id FROM items UNION ALL SELECT id FROM users ORDER BY 1 LIMIT 3';
    expect(planned(sql)).toEqual({
      sent: 'SELECT id, 1 AS `shardwright_group` FROM orders UNION SELECT order_id, 1 AS `shardwright_group` FROM items UNION ALL SELECT id, 0 AS `shardwright_group` FROM users ORDER BY 1 LIMIT 3',
      plan: {
        rows: {
          kind: 'distinct',
          values: [{ value: { from: 'visible', index: 0 }, weight: null }],
          by: [{ value: { from: 'visible', index: 0 }, weight: null, descending: false }],
          among: { from: 'hidden', index: 0 },
        },
        hidden: 1,
        offset: 0,
        limit: 3,
      },
    });
  });

  it('finds the group of a row where texts are compared, too', () => {
    const { sent, plan } = planned(
      'SELECT email FROM users UNION SELECT product FROM items UNION ALL SELECT email FROM users',
    );
    expect(sent).toContain('SELECT `shardwright_union`.*, WEIGHT_STRING(');
    expect(sent).toContain('(SELECT email, 1 AS `shardwright_group` FROM users UNION');
    expect(plan).toMatchObject({ hidden: 3, rows: { among: { from: 'hidden', index: 0 } } });
  });
});
