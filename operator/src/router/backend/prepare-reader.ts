import { OK_HEADER } from '../../wire/ok-packet.ts';
import { PayloadReader } from '../../wire/payload-reader.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import { decodeError, ERROR_HEADER } from '../../wire/server-error.ts';
import { type AnswerReader, wholePayload } from './answer-reader.ts';
import type { PreparedStatement } from './backend-connection.ts';
import type { ServerError } from './backend-error.ts';

/** How preparing ended at the server. */
export type PrepareAnswer =
  | { readonly kind: 'prepared'; readonly statement: PreparedStatement }
  | { readonly kind: 'refused'; readonly error: ServerError; readonly payload: Buffer };

/**
 * Reads the answer to COM_STMT_PREPARE, on a connection without EOF packets.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/3-binary-protocol-prepared-statements/com_stmt_prepare
 */
export class PrepareReader implements AnswerReader {
  #id = 0;
  #warnings = 0;
  #awaitedParameters = 0;
  #awaitedColumns = 0;
  readonly #parameters: Buffer[] = [];
  readonly #columns: Buffer[] = [];
  #begun = false;
  #refusal: { readonly error: ServerError; readonly payload: Buffer } | undefined;

  frame(buffer: Buffer, start: number, end: number): boolean {
    const payload = wholePayload(buffer, start, end);
    if (!this.#begun) {
      return this.#begin(payload);
    }
    // A copy: the definitions outlive the buffer's other contents.
    const definitions = this.#parameters.length < this.#awaitedParameters ? this.#parameters : this.#columns;
    definitions.push(Buffer.from(payload));
    return this.#isComplete();
  }

  settled(): void {
    // Nothing is held back.
  }

  /** How it ended; to be asked for when the answer is complete. */
  answer(): PrepareAnswer {
    return this.#refusal === undefined
      ? {
          kind: 'prepared',
          statement: {
            id: this.#id,
            parameters: this.#parameters,
            columns: this.#columns,
            warnings: this.#warnings,
          },
        }
      : { kind: 'refused', ...this.#refusal };
  }

  #begin(payload: Buffer): boolean {
    if (payload[0] === ERROR_HEADER) {
      this.#refusal = { error: decodeError(payload), payload };
      return true;
    }
    const reader = new PayloadReader(payload);
    if (reader.uint8() !== OK_HEADER) {
      throw new ProtocolError('malformed', 'neither a prepared statement nor an error');
    }
    this.#begun = true;
    this.#id = reader.uint32();
    this.#awaitedColumns = reader.uint16();
    this.#awaitedParameters = reader.uint16();
    reader.skip(1);
    this.#warnings = reader.uint16();
    return this.#isComplete();
  }

  #isComplete(): boolean {
    return (
      this.#parameters.length === this.#awaitedParameters && this.#columns.length === this.#awaitedColumns
    );
  }
}
