/** A session without a server behind it, for tests: it answers from the command itself. */
import { abortableWait } from '../../../runtime/abort.ts';
import { COLUMN_TYPE } from '../../../wire/column-type.ts';
import { type ColumnDefinition, encodeColumn, textColumn } from '../../../wire/column-definition.ts';
import { encodeBinaryRow } from '../../../wire/binary-row.ts';
import { COMMAND } from '../../../wire/command-code.ts';
import { MAX_FRAME_PAYLOAD } from '../../../wire/frame.ts';
import { LOCAL_FILE_HEADER, PLAIN_OK } from '../../../wire/ok-packet.ts';
import { SERVER_STATUS } from '../../../wire/server-status.ts';
import { decodeExecute, encodePrepareOk } from '../../../wire/statement-packets.ts';
import { encodeTextRow } from '../../../wire/text-row.ts';
import type { ValueType, WireValue } from '../../../wire/wire-value.ts';
import type { ClientAnswer } from '../client-answer.ts';
import { ClientError } from '../client-error.ts';
import type { ClientCommand, ClientFacts, CommandHandler, ShownSession } from '../command-handler.ts';

const STATUS = SERVER_STATUS.autocommit;

/** Understands a few words of its own; sends every other query back as its only row. */
export class TrivialSession implements CommandHandler {
  client: ClientFacts;
  closed = false;
  /** Sets the status bit of an open transaction. */
  inTransaction = false;
  /** Whether the command `wait` runs. */
  waiting = false;
  #parameters = 0;
  #types: readonly ValueType[] = [];

  constructor(client: ClientFacts) {
    this.client = client;
  }

  status(): number {
    return this.inTransaction ? STATUS | SERVER_STATUS.inTransaction : STATUS;
  }

  takeChanges(): null {
    return null;
  }

  shown(): ShownSession {
    const statement = this.waiting ? Buffer.from('wait') : null;
    return { database: this.client.database, statement, progress: null };
  }

  async handle({ code, payload }: ClientCommand, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    switch (code) {
      case COMMAND.query:
        await this.#query(payload.toString('utf8', 1), payload.length - 1, answer, signal);
        break;
      case COMMAND.statementPrepare:
        this.#prepare(payload.toString('utf8', 1), answer);
        break;
      case COMMAND.statementExecute:
        this.#execute(payload, answer);
        break;
      case COMMAND.setOption:
        answer.endOfRows(this.status(), 0);
        break;
      case COMMAND.statementClose:
      case COMMAND.statementSendLongData:
        break;
      default:
        answer.ok({ ...PLAIN_OK, status: this.status() });
    }
  }

  changeUser(client: ClientFacts): Promise<void> {
    this.client = client;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  async #query(sql: string, bytes: number, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    const [word = '', ...rest] = sql.split(' ');
    switch (word) {
      case 'begin':
        this.inTransaction = true;
        answer.ok({ ...PLAIN_OK, status: this.status() });
        return;
      case 'commit':
        this.inTransaction = false;
        answer.ok({ ...PLAIN_OK, status: this.status() });
        return;
      case 'user':
        this.#row([this.client.identity.user, String(this.client.secure)], answer);
        return;
      case 'length':
        this.#row([String(bytes)], answer);
        return;
      case 'fail':
        throw new ClientError(1146, '42S02', `no table ${rest.join(' ')}`);
      case 'crash':
        throw new Error('an error of ours');
      case 'break':
        answer.columns([textColumn('id')], this.status());
        answer.packet(encodeTextRow([Buffer.from('1')]));
        if (rest[0] === 'crash') throw new Error('an error of ours');
        throw new ClientError(1317, '70100', 'in the middle');
      case 'split':
        // A full frame, which another would have to continue.
        answer.columns([textColumn('id')], this.status());
        answer.frames(Buffer.alloc(4 + MAX_FRAME_PAYLOAD, 0xff), 0, 4 + MAX_FRAME_PAYLOAD);
        throw new ClientError(1317, '70100', 'in the middle');
      case 'wait':
        this.waiting = true;
        try {
          await abortableWait<void>(signal).promise;
        } finally {
          this.waiting = false;
        }
        return;
      case 'rows':
        await this.#rows(Number(rest[0]), Number(rest[1]), answer, signal);
        return;
      case 'load':
        await this.#load(rest.join(' '), answer, signal);
        return;
      default:
        if (/^set /iu.test(sql)) answer.ok({ ...PLAIN_OK, status: this.status() });
        else this.#row([sql], answer);
    }
  }

  #row(values: readonly string[], answer: ClientAnswer): void {
    const columns = values.map((_, index) => textColumn(`column${String(index)}`));
    answer.textResult(columns, [values.map((value) => Buffer.from(value))], this.status(), 0);
  }

  async #rows(count: number, size: number, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    answer.columns([textColumn('id'), textColumn('filler', size)], this.status());
    const filler = Buffer.alloc(size, 'x');
    for (let id = 0; id < count; id += 1) {
      if (!answer.packet(encodeTextRow([Buffer.from(String(id)), filler]))) await answer.drained(signal);
    }
    answer.endOfRows(this.status(), 0);
  }

  async #load(name: string, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    answer.packet(Buffer.concat([Buffer.of(LOCAL_FILE_HEADER), Buffer.from(name)]));
    let bytes = 0;
    for await (const part of answer.localFile(signal)) bytes += part.length;
    answer.ok({ ...PLAIN_OK, status: this.status(), affectedRows: BigInt(bytes) });
  }

  #prepare(sql: string, answer: ClientAnswer): void {
    this.#parameters = sql.split('?').length - 1;
    const parameters = this.#parameters;
    answer.packet(encodePrepareOk({ statementId: 7, columns: parameters, parameters, warnings: 0 }));
    const column = encodeColumn(textColumn('?'), answer.capabilities);
    answer.definitions(Array<Buffer>(parameters).fill(column), this.status());
    answer.definitions(Array<Buffer>(parameters).fill(column), this.status());
  }

  /** Sends the parameters back as the only row, with the types that the client gave them. */
  #execute(payload: Buffer, answer: ClientAnswer): void {
    const execution = decodeExecute(payload, this.#parameters, this.#types, () => false);
    this.#types = execution.types;
    const columns: ColumnDefinition[] = execution.types.map(({ type, unsigned }, index) => ({
      ...textColumn(`parameter${String(index)}`),
      type: type === COLUMN_TYPE.null ? COLUMN_TYPE.varString : type,
      flags: unsigned ? 0x20 : 0,
    }));
    answer.columns(columns, this.status());
    const values = execution.values.map((value): WireValue => value ?? null);
    answer.packet(encodeBinaryRow(values, execution.types));
    answer.endOfRows(this.status(), 0);
  }
}
