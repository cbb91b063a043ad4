/** Our own tables in the database. They are part of its history: replicated, cloned, kept through promotions. */

/** Name of the schema. */
export const OWN_SCHEMA = 'shardwright';

/**
 * Makes the schema in a database that has served nobody yet, in bootstrap mode: one statement a line, and no log
 * of changes. Accounts that the installer makes go: nobody needs them, and what nobody needs is a way in.
 */
export const SCHEMA_SQL = `${[
  `CREATE DATABASE ${OWN_SCHEMA} CHARACTER SET utf8mb4`,
  `CREATE TABLE ${OWN_SCHEMA}.epoch (id TINYINT PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL, recorded_at DATETIME(6) NOT NULL) ENGINE=InnoDB`,
  `CREATE TABLE ${OWN_SCHEMA}.heartbeat (id TINYINT PRIMARY KEY, epoch BIGINT UNSIGNED NOT NULL, written_at DATETIME(6) NOT NULL) ENGINE=InnoDB`,
  `CREATE TABLE ${OWN_SCHEMA}.account (name VARCHAR(128) PRIMARY KEY, fingerprint CHAR(64) NOT NULL) ENGINE=InnoDB`,
  `DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys'`,
].join(';\n')};\n`;
