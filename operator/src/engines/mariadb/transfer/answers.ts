/** Answers of a server as they arrive, payload by payload: one reader for each command that waits for one. */
import { type Capabilities } from '../../../wire/capabilities.ts';
import { type ColumnDefinition, decodeColumn } from '../../../wire/column-definition.ts';
import { decodeOk, isEndOfRows, OK_HEADER, type OkPacket } from '../../../wire/ok-packet.ts';
import { PayloadReader } from '../../../wire/payload-reader.ts';
import { decodeError, ERROR_HEADER } from '../../../wire/server-error.ts';
import { decodePrepareOk } from '../../../wire/statement-packets.ts';
import { refusal } from './wire-session.ts';

/** Takes the payloads of one answer, views of the receive buffer. */
export interface AnswerReader {
  /** True with the last payload of the answer. */
  take(payload: Buffer): boolean;
  /** What the server refused the command with, once the answer is complete. */
  readonly failure: Error | undefined;
}

/** The answer to a command without rows. */
export class OkReader implements AnswerReader {
  failure: Error | undefined;
  ok: OkPacket | undefined;
  readonly #what: string;
  readonly #capabilities: Capabilities;

  constructor(what: string, capabilities: Capabilities) {
    this.#what = what;
    this.#capabilities = capabilities;
  }

  take(payload: Buffer): boolean {
    if (payload[0] === ERROR_HEADER) {
      this.failure = refusal(this.#what, decodeError(payload));
    } else {
      this.ok = decodeOk(payload, this.#capabilities);
    }
    return true;
  }
}

/** The answer to a query: every row is handed on as it comes. */
export class RowsReader implements AnswerReader {
  failure: Error | undefined;
  /** Columns of the result; 0 for a statement without rows. */
  columns = 0;
  readonly #what: string;
  readonly #capabilities: Capabilities;
  readonly #onRow: (payload: Buffer) => void;
  #begun = false;
  #definitions = 0;

  constructor(what: string, capabilities: Capabilities, onRow: (payload: Buffer) => void) {
    this.#what = what;
    this.#capabilities = capabilities;
    this.#onRow = onRow;
  }

  take(payload: Buffer): boolean {
    if (payload[0] === ERROR_HEADER) {
      this.failure = refusal(this.#what, decodeError(payload));
      return true;
    }
    if (!this.#begun) {
      this.#begun = true;
      this.columns = payload[0] === OK_HEADER ? 0 : new PayloadReader(payload).lengthEncoded();
      return this.columns === 0;
    }
    if (this.#definitions < this.columns) {
      this.#definitions += 1;
      return false;
    }
    if (isEndOfRows(payload[0] as number, payload.length, this.#capabilities)) {
      return true;
    }
    this.#onRow(payload);
    return false;
  }
}

/** A statement that was prepared. */
export interface PreparedStatement {
  readonly id: number;
  readonly columns: readonly ColumnDefinition[];
}

/** The answer to COM_STMT_PREPARE, on a connection without EOF packets. */
export class PrepareReader implements AnswerReader {
  failure: Error | undefined;
  readonly columns: ColumnDefinition[] = [];
  id = 0;
  readonly #what: string;
  readonly #capabilities: Capabilities;
  #begun = false;
  #parameters = 0;
  #columns = 0;

  constructor(what: string, capabilities: Capabilities) {
    this.#what = what;
    this.#capabilities = capabilities;
  }

  take(payload: Buffer): boolean {
    if (payload[0] === ERROR_HEADER) {
      this.failure = refusal(this.#what, decodeError(payload));
      return true;
    }
    if (!this.#begun) {
      this.#begun = true;
      const { statementId, parameters, columns } = decodePrepareOk(payload);
      this.id = statementId;
      this.#parameters = parameters;
      this.#columns = columns;
    } else if (this.#parameters > 0) {
      this.#parameters -= 1;
    } else {
      this.columns.push(decodeColumn(payload, this.#capabilities));
    }
    return this.#parameters === 0 && this.columns.length === this.#columns;
  }
}
