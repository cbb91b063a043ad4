/**
 * Type of a column or parameter.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/4-server-response-packets/result-set-packets#field-types
 */
export const COLUMN_TYPE = {
  /** DECIMAL before MySQL 5.0; travels like `newDecimal`. */
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  newDate: 14,
  varchar: 15,
  bit: 16,
  json: 245,
  newDecimal: 246,
  enum: 247,
  set: 248,
  tinyBlob: 249,
  mediumBlob: 250,
  longBlob: 251,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const;

/** Bits of a column definition's flags. */
export const COLUMN_FLAG = {
  notNull: 0x1,
  primaryKey: 0x2,
  uniqueKey: 0x4,
  multipleKey: 0x8,
  blob: 0x10,
  unsigned: 0x20,
  zerofill: 0x40,
  binary: 0x80,
  enum: 0x100,
  autoIncrement: 0x200,
  timestamp: 0x400,
  set: 0x800,
  noDefault: 0x1000,
  onUpdateNow: 0x2000,
  number: 0x8000,
} as const;

/** Numbers of the collations that the protocol itself needs (information_schema.collations.ID). */
export const COLLATION = {
  latin1Swedish: 8,
  utf8mb3General: 33,
  utf8mb4General: 45,
  binary: 63,
} as const;
