/**
 * Words that MariaDB reserves: none of them can be an unquoted name of a table, alias or column, except beside a dot. Only these are
 * made upper case in digests, since the case of a name matters. A scenario asks MariaDB 10.11 and 11.8 about each. Words that only one
 * of them reserves are not here.
 */
/** Every reserved word, in upper case. A word's index is its code in plan keys. */
export const reservedWords: readonly string[] =
  `ACCESSIBLE ADD ALL ALTER ANALYZE AND AS ASC ASENSITIVE BEFORE BETWEEN BIGINT BINARY BLOB BOTH BY CALL
CASCADE CASE CHANGE CHAR CHARACTER CHECK COLLATE COLUMN CONDITION CONSTRAINT CONTINUE CONVERT CREATE
CROSS CURRENT_DATE CURRENT_ROLE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATABASES DAY_HOUR
DAY_MICROSECOND DAY_MINUTE DAY_SECOND DEC DECIMAL DECLARE DEFAULT DELAYED DELETE DELETE_DOMAIN_ID DESC
DESCRIBE DETERMINISTIC DISTINCT DISTINCTROW DIV DOUBLE DO_DOMAIN_IDS DROP DUAL EACH ELSE ELSEIF ENCLOSED
ESCAPED EXCEPT EXISTS EXIT EXPLAIN FALSE FETCH FLOAT FLOAT4 FLOAT8 FOR FORCE FOREIGN FROM FULLTEXT GRANT
GROUP HAVING HIGH_PRIORITY HOUR_MICROSECOND HOUR_MINUTE HOUR_SECOND IF IGNORE IGNORE_DOMAIN_IDS IN INDEX
INFILE INNER INOUT INSENSITIVE INSERT INT INT1 INT2 INT3 INT4 INT8 INTEGER INTERSECT INTERVAL INTO IS
ITERATE JOIN KEY KEYS KILL LEADING LEAVE LEFT LIKE LIMIT LINEAR LINES LOAD LOCALTIME LOCALTIMESTAMP LOCK
LONG LONGBLOB LONGTEXT LOOP LOW_PRIORITY MATCH MAXVALUE MEDIUMBLOB MEDIUMINT MEDIUMTEXT MIDDLEINT
MINUTE_MICROSECOND MINUTE_SECOND MOD MODIFIES NATURAL NOT NO_WRITE_TO_BINLOG NULL NUMERIC OFFSET ON
OPTIMIZE OPTIONALLY OR ORDER OUT OUTER OUTFILE OVER PAGE_CHECKSUM PARSE_VCOL_EXPR PARTITION PORTION
PRECISION PRIMARY PROCEDURE PURGE RANGE READ READS READ_WRITE REAL RECURSIVE REFERENCES REF_SYSTEM_ID
REGEXP RELEASE RENAME REPEAT REPLACE REQUIRE RESIGNAL RESTRICT RETURN RETURNING REVOKE RIGHT RLIKE ROWS
ROW_NUMBER SCHEMAS SECOND_MICROSECOND SELECT SENSITIVE SEPARATOR SET SHOW SIGNAL SMALLINT SPATIAL
SPECIFIC SQL SQLEXCEPTION SQLSTATE SQLWARNING SQL_BIG_RESULT SQL_CALC_FOUND_ROWS SQL_SMALL_RESULT SSL
STARTING STATS_AUTO_RECALC STATS_PERSISTENT STATS_SAMPLE_PAGES STRAIGHT_JOIN TABLE TERMINATED THEN
TINYBLOB TINYINT TINYTEXT TO TRAILING TRIGGER TRUE UNDO UNION UNIQUE UNLOCK UNSIGNED UPDATE USAGE USE
USING UTC_DATE UTC_TIME UTC_TIMESTAMP VALUES VARBINARY VARCHAR VARCHARACTER VARYING WHEN WHERE WHILE
WITH WRITE XOR YEAR_MONTH ZEROFILL`.split(/\s+/);

/** The code of NULL, which `\\N` means, too. */
export const NULL_CODE: number = reservedWords.indexOf('NULL');

const TABLE_SIZE = 2048;
const LONGEST = Math.max(...reservedWords.map((word) => word.length));
const texts: readonly Uint8Array[] = reservedWords.map((word) => Buffer.from(word, 'latin1'));

/** The hash of a word begins with this value; each byte makes it `hash * 31 + (byte | 0x20)`, in 32 bits. */
export const WORD_HASH_START = 7;

function buildTable(): Int16Array {
  const table = new Int16Array(TABLE_SIZE).fill(-1);
  for (const [code, text] of texts.entries()) {
    let hash = WORD_HASH_START;
    for (const byte of text) hash = (Math.imul(hash, 31) + (byte | 0x20)) | 0;
    let place = hash & (TABLE_SIZE - 1);
    while (table[place] !== -1) place = (place + 1) & (TABLE_SIZE - 1);
    table[place] = code;
  }
  return table;
}

const table = buildTable();

/** The code of the word in `sql` from `start` up to `end` with that hash, or -1 when it is not reserved. */
export function findReservedWord(sql: Uint8Array, start: number, end: number, hash: number): number {
  const length = end - start;
  if (length > LONGEST) return -1;
  let place = hash & (TABLE_SIZE - 1);
  for (;;) {
    const code = table[place] as number;
    if (code === -1) return -1;
    const text = texts[code] as Uint8Array;
    if (text.length === length) {
      let index = 0;
      while (index < length && upperCase(sql[start + index] as number) === text[index]) index++;
      if (index === length) return code;
    }
    place = (place + 1) & (TABLE_SIZE - 1);
  }
}

function upperCase(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
}
