/**
 * Bits of the status that ends every answer.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/4-server-response-packets/ok_packet
 */
export const SERVER_STATUS = {
  inTransaction: 0x1,
  autocommit: 0x2,
  /** Another result follows this one. */
  moreResults: 0x8,
  noGoodIndexUsed: 0x10,
  noIndexUsed: 0x20,
  cursorExists: 0x40,
  lastRowSent: 0x80,
  databaseDropped: 0x100,
  noBackslashEscapes: 0x200,
  metadataChanged: 0x400,
  querySlow: 0x800,
  /** The result holds OUT parameters of a procedure. */
  outParameters: 0x1000,
  readOnlyTransaction: 0x2000,
  /** The OK packet carries session changes. */
  sessionStateChanged: 0x4000,
  ansiQuotes: 0x8000,
} as const;
