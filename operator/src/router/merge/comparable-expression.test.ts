import { describe, expect, it } from '@jest/globals';
import { edited, route } from '../routing/testing/routing-stage.ts';

/** What each slot is asked for beside what the client wants, or why it is refused. */
function asked(sql: string): string {
  const decided = route(sql);
  if (decided.kind !== 'scatter') {
    return decided.kind === 'refused' ? decided.message : decided.kind;
  }
  return /SELECT 1, (.*?) FROM /.exec(edited(sql, decided.parts[0]?.edits ?? []))?.[1] ?? '';
}

const weights = (text: string): string =>
  `WEIGHT_STRING((${text})), IF(CONCAT(LEFT((${text}), 0), 'a') = CONCAT(LEFT((${text}), 0), 'a '), ` +
  `WEIGHT_STRING(CONCAT(LEFT((${text}), 0), ' ')), NULL)`;

describe('rows of several slots are compared by expressions', () => {
  it.each([
    ['email COLLATE utf8mb4_bin', 'users'],
    ['BINARY email', 'users'],
    ["CASE WHEN id > 3 THEN email ELSE 'x' END", 'users'],
    ['LOWER(email COLLATE utf8mb4_general_nopad_ci)', 'users'],
  ])(
    'by weights in whatever collation they have, which says itself whether spaces fill up: %s',
    (text, table) => {
      expect(asked(`SELECT 1 FROM ${table} ORDER BY ${text}`)).toBe(`(${text}), ${weights(text)}`);
    },
  );

  it.each([
    [
      'SELECT 1 FROM users ORDER BY email COLLATE utf8mb4_uca1400_as_cs',
      'in the collation utf8mb4_uca1400_as_cs',
    ],
    [
      'SELECT 1 FROM users ORDER BY LOWER(email COLLATE utf8mb4_thai_520_w2)',
      'in the collation utf8mb4_thai_520_w2',
    ],
    ['SELECT 1 FROM users ORDER BY email COLLATE DEFAULT', 'in the collation (not named)'],
    [
      'SELECT 1 FROM (SELECT user_id, MAX(state) AS x FROM orders GROUP BY user_id) d ORDER BY d.x',
      'by x, of which only a derived table is known',
    ],
    [
      'SELECT 1 FROM (SELECT id, (SELECT COUNT(*) FROM items i WHERE i.user_id = u.id) AS x FROM users u) d ORDER BY d.x',
      'by x, of which only a derived table is known',
    ],
  ])('and refused where these do not tell the order: %s', (sql, reason) => {
    expect(asked(sql)).toBe(`Rows of several slots are compared ${reason}`);
  });

  it.each([
    ['SELECT 1 FROM (SELECT CONCAT(note, total) AS x FROM orders) d ORDER BY d.x', '`d`.`x`'],
    ['WITH d AS (SELECT note AS x FROM orders) SELECT 1 FROM d ORDER BY d.x', '`d`.`x`'],
    ['SELECT 1 FROM (SELECT y AS x FROM (SELECT UPPER(note) AS y FROM orders) e) d ORDER BY d.x', '`d`.`x`'],
  ])('also of derived tables: %s', (sql, column) => {
    expect(asked(sql)).toContain(`WEIGHT_STRING(`);
    expect(asked(sql)).toContain(column);
  });

  it('whose names are aliases of themselves', () => {
    expect(route('SELECT email AS email FROM users ORDER BY LOWER(email)')).toMatchObject({
      kind: 'scatter',
    });
    expect(route('SELECT id AS email FROM users ORDER BY LOWER(email)')).toMatchObject({
      kind: 'refused',
      message: 'email within an expression may be an alias or a column',
    });
  });
});
