/** Payloads of the commands that a router sends to servers. */
import { COMMAND } from '../../wire/command-code.ts';

/** What is in front of a statement of text that has no prelude. */
export const QUERY_PREFIX = Buffer.of(COMMAND.query);

/** A statement of text behind its prelude. */
export function queryCommand(prelude: string, statement: Buffer): Buffer {
  if (prelude === '') {
    const payload = Buffer.allocUnsafe(1 + statement.length);
    payload[0] = COMMAND.query;
    statement.copy(payload, 1);
    return payload;
  }
  const before = Buffer.byteLength(prelude);
  const payload = Buffer.allocUnsafe(1 + before + statement.length);
  payload[0] = COMMAND.query;
  payload.write(prelude, 1);
  statement.copy(payload, 1 + before);
  return payload;
}

export function prepareCommand(statement: Buffer): Buffer {
  return Buffer.concat([Buffer.of(COMMAND.statementPrepare), statement]);
}

/** What is in front of an execution's body: its code and, to be written into it, the number of the statement. */
export function executePrefix(): Buffer {
  return statementHeader(COMMAND.statementExecute, 0, 0);
}

export function longDataCommand(statementId: number, parameter: number, piece: Buffer): Buffer {
  const header = statementHeader(COMMAND.statementSendLongData, statementId, 2);
  header.writeUInt16LE(parameter, 5);
  return Buffer.concat([header, piece]);
}

export function fetchCommand(statementId: number, rows: number): Buffer {
  const command = statementHeader(COMMAND.statementFetch, statementId, 4);
  command.writeUInt32LE(rows, 5);
  return command;
}

export function resetStatementCommand(statementId: number): Buffer {
  return statementHeader(COMMAND.statementReset, statementId, 0);
}

export function closeStatementCommand(statementId: number): Buffer {
  return statementHeader(COMMAND.statementClose, statementId, 0);
}

/** COM_PING, COM_QUIT, COM_RESET_CONNECTION. */
export function plainCommand(code: (typeof COMMAND)['ping' | 'quit' | 'resetConnection']): Buffer {
  return Buffer.of(code);
}

function statementHeader(code: number, statementId: number, extra: number): Buffer {
  const header = Buffer.alloc(5 + extra);
  header[0] = code;
  header.writeUInt32LE(statementId, 1);
  return header;
}
