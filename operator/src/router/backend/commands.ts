/** Payloads of the commands that a router sends to servers. */
import { COMMAND } from '../wire/command-code.ts';

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

/** `body`: what follows the statement's number. */
export function executeCommand(statementId: number, body: Buffer): Buffer {
  return Buffer.concat([statementHeader(COMMAND.statementExecute, statementId, 0), body]);
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
