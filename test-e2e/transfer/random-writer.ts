/** An application that writes whatever comes to its mind. */
import { createHash } from 'node:crypto';
import type { Connection } from 'mysql2/promise';

/** A generator of numbers that a seed decides. */
export interface Dice {
  /** A whole number from 0 to `limit - 1`. */
  roll(limit: number): number;
}

export function createDice(seed: string): Dice {
  let count = 0;
  return {
    roll(limit) {
      count += 1;
      return createHash('sha256').update(`${seed} ${count}`).digest().readUInt32LE(0) % limit;
    },
  };
}

/** Identities of rows: few, so that they meet again. */
const ROWS = 300;

const TEXTS = ["''", "'plain'", "_utf8mb4 'ÄÖ €漢字'", 'NULL', "REPEAT('ab', 25)"];

/** A statement that changes some row of the current database. */
export function someChange(dice: Dice, version: string): string {
  const id = dice.roll(ROWS);
  const number = dice.roll(1000) - 500;
  const text = (): string => TEXTS[dice.roll(TEXTS.length)] as string;
  const asciiText = (): string => ["''", "'plain'", 'NULL', "'日本'"][dice.roll(4)] as string;
  const bytes = (limit: number): string =>
    dice.roll(5) === 0 ? 'NULL' : `RANDOM_BYTES(${1 + dice.roll(limit)})`;
  const vector = version === '11.8' ? `, VEC_FromText('[${dice.roll(9)},1,2]')` : '';
  const changes: readonly (() => string)[] = [
    () =>
      `REPLACE INTO numbers VALUES (${id}, ${dice.roll(256) - 128}, ${dice.roll(65536)}, ${number * 1000}, 18446744073709551615 - ${dice.roll(9)},
        ${number}.0123456789, ${number} / 7, PI() * ${number} / 1e9, ${dice.roll(2 ** 30)}, ${1901 + dice.roll(200)}, ${dice.roll(2)}, ${dice.roll(9)})`,
    () => `UPDATE numbers SET g = g * 1.1, f = f + 0.1, t = NULL WHERE id < ${id} AND id > ${id - 5}`,
    () => `DELETE FROM numbers WHERE id = ${id}`,
    () =>
      `REPLACE INTO times VALUES (${id}, ${dice.roll(4) === 0 ? "'0000-00-00'" : "'2026-02-28'"}, '-${dice.roll(800)}:59:58.123456', NOW(3) - INTERVAL ${dice.roll(9999)} MINUTE,
        NOW(6), '1970-01-02 00:00:01', ${dice.roll(3) === 0 ? "'2026-00-00 00:00:00'" : 'NULL'})`,
    () =>
      `REPLACE INTO texts VALUES (${id}, ${text()}, ${asciiText() === "'日本'" ? "'x'" : "'é'"}, ${text()}, ${text()}, ${text()}, ${asciiText()}, ${asciiText()},
        REPEAT('漢', ${dice.roll(3000)}), ${text()}, REPEAT('z', ${dice.roll(400)}), ${1 + dice.roll(3)}, ${dice.roll(8)}, '{"a": ${number}}')`,
    () => `UPDATE texts SET a = CONCAT(LEFT(a, 20), '${id}') WHERE id BETWEEN ${id} AND ${id + 3}`,
    () =>
      `REPLACE INTO bytes VALUES (${id}, ${bytes(16)}, ${bytes(300)}, ${bytes(255)}, ${bytes(900)}, ${bytes(1000)}, REPEAT(RANDOM_BYTES(100), ${dice.roll(60)}))`,
    () =>
      `REPLACE INTO others VALUES (${id}, UUID(), '2001:db8::${dice.roll(9999)}', '10.0.0.${dice.roll(255)}', POINT(${number}, 1.5), ST_GeomFromText('LINESTRING(0 0, ${id} ${number})')${vector})`,
    () =>
      `INSERT INTO made (id, a, hidden, checked) VALUES (${id}, ${number}, ${id}, 5) ON DUPLICATE KEY UPDATE a = a + 1`,
    () => `INSERT IGNORE INTO parents VALUES (${id}, 'name ${id}')`,
    () => `INSERT IGNORE INTO children SELECT ${id}, MAX(id) FROM parents WHERE id <= ${id}`,
    () => `UPDATE IGNORE parents SET id = ${dice.roll(ROWS)} WHERE id = ${id}`,
    () => `DELETE FROM parents WHERE id = ${id}`,
    () => `INSERT INTO watched VALUES (${id}, ${number}) ON DUPLICATE KEY UPDATE a = VALUES(a)`,
    () => `DELETE FROM watched WHERE id = ${id}`,
    () => `REPLACE INTO history VALUES (${id}, ${number})`,
    () => `UPDATE history SET a = a + 1 WHERE id = ${id}`,
    () => `DELETE FROM history WHERE id = ${id}`,
    () => `REPLACE INTO parted VALUES (${id}, ${number}), (${id + 1}, ${number})`,
    () => 'DO NEXTVAL(counter)',
    // Of two databases at once, one of which nobody follows.
    () => `UPDATE watched w JOIN noise.things n ON n.id = w.id SET w.a = n.a, n.a = n.a + 1`,
    () => `REPLACE INTO noise.things VALUES (${id}, ${number})`,
  ];
  return (changes[dice.roll(changes.length)] as () => string)();
}

/** Runs one transaction of several changes, some of which are undone, or all. */
export async function writeSomething(connection: Connection, dice: Dice, version: string): Promise<void> {
  const isOne = dice.roll(3) === 0;
  if (isOne) {
    await connection.query(someChange(dice, version));
    return;
  }
  await connection.query('START TRANSACTION');
  for (let left = 1 + dice.roll(6); left > 0; left -= 1) {
    await connection.query(someChange(dice, version));
    if (dice.roll(6) === 0) {
      await connection.query('SAVEPOINT s');
      await connection.query(someChange(dice, version));
      if (dice.roll(2) === 0) {
        await connection.query('ROLLBACK TO s');
      }
    }
  }
  await connection.query(dice.roll(12) === 0 ? 'ROLLBACK' : 'COMMIT');
}
