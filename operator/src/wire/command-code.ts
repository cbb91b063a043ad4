/**
 * First byte of every command packet.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/2-text-protocol and 3-binary-protocol-prepared-statements.
 */
export const COMMAND = {
  sleep: 0x00,
  quit: 0x01,
  initDatabase: 0x02,
  query: 0x03,
  fieldList: 0x04,
  createDatabase: 0x05,
  dropDatabase: 0x06,
  refresh: 0x07,
  shutdown: 0x08,
  statistics: 0x09,
  processInfo: 0x0a,
  connect: 0x0b,
  processKill: 0x0c,
  debug: 0x0d,
  ping: 0x0e,
  time: 0x0f,
  delayedInsert: 0x10,
  changeUser: 0x11,
  binlogDump: 0x12,
  tableDump: 0x13,
  connectOut: 0x14,
  registerReplica: 0x15,
  statementPrepare: 0x16,
  statementExecute: 0x17,
  statementSendLongData: 0x18,
  statementClose: 0x19,
  statementReset: 0x1a,
  setOption: 0x1b,
  statementFetch: 0x1c,
  daemon: 0x1d,
  binlogDumpGtid: 0x1e,
  resetConnection: 0x1f,
  /** MariaDB only. Refused unless the capability `bulkOperations` was offered. */
  statementBulkExecute: 0xfa,
} as const;

/** Code of a known command. */
export type CommandCode = (typeof COMMAND)[keyof typeof COMMAND];

const NAMES = new Map<number, string>(Object.entries(COMMAND).map(([name, code]) => [code, name]));

/** Name of a command for messages and metrics; null for a code that the protocol does not know. */
export function commandName(code: number): string | null {
  return NAMES.get(code) ?? null;
}

/**
 * Whether a command is never answered: a client does not wait after it, and an answer would be taken for that of its next
 * command.
 */
export function isUnanswered(code: number): boolean {
  return code === COMMAND.statementSendLongData || code === COMMAND.statementClose || code === COMMAND.quit;
}

/**
 * Statement id by which MariaDB's own clients mean "the one prepared last on this connection": they send PREPARE and
 * EXECUTE without waiting in between.
 */
export const LAST_PREPARED_STATEMENT = 0xffff_ffff;
