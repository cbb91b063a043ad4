/** The tables that the lines are about, and their rows. */

/** Keyspace `app`: how its tables are kept. Others are sharded by `user_id`. */
export const SUPPORT_TABLES = [
  { name: 'users', key: 'id' },
  { name: 'visits', key: 'id' },
  { name: 'countries', type: 'Reference' },
  { name: 'settings', type: 'Unsharded' },
] as const;

/** Makes and fills them. */
export const SUPPORT_SETUP: readonly string[] = [
  'CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(40), country CHAR(2))',
  'CREATE TABLE orders (user_id BIGINT NOT NULL, number INT NOT NULL, total INT, PRIMARY KEY (user_id, number))',
  'CREATE TABLE visits (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, page VARCHAR(40))',
  'CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(40))',
  'CREATE TABLE settings (name VARCHAR(40) PRIMARY KEY, value VARCHAR(40))',
  `INSERT INTO users VALUES ${Array.from({ length: 8 }, (_row, index) => `(${index + 1}, 'user ${index + 1}', '${index % 2 === 0 ? 'de' : 'fr'}')`).join(', ')}`,
  `INSERT INTO orders VALUES ${Array.from({ length: 8 }, (_row, index) => `(${index + 1}, 1, ${(index + 1) * 10 + 1}), (${index + 1}, 2, ${(index + 1) * 10 + 2})`).join(', ')}`,
  "INSERT INTO countries VALUES ('de', 'Germany'), ('fr', 'France')",
  "INSERT INTO settings VALUES ('theme', 'dark')",
];
