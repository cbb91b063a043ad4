/** A database with everything in it that rows can be made of. */

/** Statements that make the tables, in the database that is current. */
export function definitions(version: string): readonly string[] {
  return [
    `CREATE TABLE numbers (id INT PRIMARY KEY, t TINYINT, u SMALLINT UNSIGNED, m MEDIUMINT, b BIGINT UNSIGNED, d DECIMAL(30, 10),
       f FLOAT, g DOUBLE, bits BIT(37), y YEAR, flag BOOLEAN, z INT(5) ZEROFILL)`,
    `CREATE TABLE times (id INT PRIMARY KEY, d DATE, t TIME(6), dt DATETIME(3), ts TIMESTAMP(6) NULL, plain TIMESTAMP NULL, old DATETIME)`,
    `CREATE TABLE texts (id INT PRIMARY KEY, a VARCHAR(60) CHARACTER SET utf8mb4, l VARCHAR(60) CHARACTER SET latin1,
       u VARCHAR(60) CHARACTER SET ucs2, w VARCHAR(60) CHARACTER SET utf16, x VARCHAR(60) CHARACTER SET utf32,
       c CHAR(20) CHARACTER SET cp932, g CHAR(20) CHARACTER SET gbk, big LONGTEXT, tiny TINYTEXT, packed VARCHAR(500) COMPRESSED,
       e ENUM('one', 'two', 'drei'), s SET('a', 'b', 'c'), j JSON)`,
    `CREATE TABLE bytes (id INT PRIMARY KEY, f BINARY(16), v VARBINARY(300), t TINYBLOB, b BLOB, m MEDIUMBLOB, l LONGBLOB)`,
    `CREATE TABLE others (id INT PRIMARY KEY, u UUID, i6 INET6, i4 INET4, p POINT, geo GEOMETRY${version === '11.8' ? ', v VECTOR(3)' : ''})`,
    `CREATE TABLE made (id INT PRIMARY KEY, a INT, stored INT AS (a * 2) PERSISTENT, seen INT AS (a + 1) VIRTUAL, KEY (seen),
       hidden INT INVISIBLE DEFAULT 7, checked INT CHECK (checked > -1000), UNIQUE (stored, id))`,
    `CREATE TABLE parents (id INT PRIMARY KEY, name VARCHAR(30) UNIQUE)`,
    `CREATE TABLE children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE)`,
    `CREATE TABLE watched (id INT PRIMARY KEY, a INT)`,
    `CREATE TABLE noted (id BIGINT AUTO_INCREMENT PRIMARY KEY, watched INT, what CHAR(1))`,
    ...['INSERT', 'UPDATE', 'DELETE'].map(
      (event) =>
        `CREATE TRIGGER note_${event.toLowerCase()} AFTER ${event} ON watched FOR EACH ROW
           INSERT INTO noted (watched, what) VALUES (${event === 'DELETE' ? 'OLD' : 'NEW'}.id, '${event.slice(0, 1)}')`,
    ),
    `CREATE TABLE history (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING`,
    `CREATE TABLE parted (id INT, a INT, PRIMARY KEY (id)) PARTITION BY HASH (id) PARTITIONS 4`,
    `CREATE SEQUENCE counter START WITH 10 CACHE 5`,
  ];
}

/** Tables whose rows are compared. */
export const TABLES = [
  'numbers',
  'times',
  'texts',
  'bytes',
  'others',
  'made',
  'parents',
  'children',
  'watched',
  'noted',
  'history',
  'parted',
  'counter',
] as const;
