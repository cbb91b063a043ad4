import { COMMAND, type CommandCode, commandName } from '../../wire/command-code.ts';

/** A client that has logged in, as a list of processes shows it. */
export interface ClientProcess {
  readonly id: number;
  readonly user: string;
  /** Address and port, as far as they are known. */
  readonly host: string;
  readonly database: string | null;
  /** What it does, in the server's words: `Sleep`, `Query`, `Execute`. */
  readonly command: string;
  /** For so long. */
  readonly milliseconds: number;
  /** How far the statement is, in words; empty where that is not counted. */
  readonly state: string;
  /** The same, from 0 to 100. */
  readonly percent: number;
  /** The statement under way. */
  readonly statement: string | null;
}

const NAMES: ReadonlyMap<CommandCode, string> = new Map([
  [COMMAND.query, 'Query'],
  [COMMAND.initDatabase, 'Init DB'],
  [COMMAND.fieldList, 'Field List'],
  [COMMAND.statementPrepare, 'Prepare'],
  [COMMAND.statementExecute, 'Execute'],
  [COMMAND.changeUser, 'Change user'],
  [COMMAND.resetConnection, 'Reset connection'],
]);

/** The server's word for the command that runs; null: none does. */
export function processCommand(code: number | null): string {
  return code === null ? 'Sleep' : (NAMES.get(code as CommandCode) ?? commandName(code) ?? 'Query');
}
