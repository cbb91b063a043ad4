import { pick, type Random, whole } from './random-choice.ts';

/** Columns of users whose sums are exact. */
export const EXACT_NUMBERS = ['u.score', 'u.age', 'u.flags', 'u.big', 'u.fine', 'u.id'];

/** A WHERE about users, called `u`; or nothing. */
export function condition(random: Random): string {
  return pick(random, [
    '',
    '',
    `WHERE u.age > ${whole(random, 10) - 5}`,
    `WHERE u.flags IN (1, 2, ${whole(random, 8)})`,
    "WHERE u.name LIKE 'a%' OR u.code = 'B'",
    'WHERE u.id < 0',
    `WHERE u.id IN (1, 2, ${whole(random, 60)}, 7)`,
    `WHERE u.id = ${whole(random, 60)}`,
    `WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.amount > ${whole(random, 8)})`,
    'WHERE u.id IN (SELECT user_id FROM orders WHERE amount = 3)',
    'WHERE u.id NOT IN (SELECT user_id FROM orders WHERE amount > 6)',
    'WHERE u.joined IS NOT NULL',
  ]);
}
