/** The statements that a client has prepared. Servers prepare them when they run, on whatever connection that is. */
import type { ClientAnswer } from '../client/client-answer.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import { LAST_PREPARED_STATEMENT } from '../../wire/command-code.ts';
import { COLUMN_TYPE } from '../../wire/column-type.ts';
import { encodeColumn, textColumn } from '../../wire/column-definition.ts';
import {
  decodeExecute,
  decodeLongData,
  encodeExecutionBody,
  encodePrepareOk,
  statementIdOf,
} from '../../wire/statement-packets.ts';
import type { ValueType, WireValue } from '../../wire/wire-value.ts';
import { describeStatement } from './describe-statement.ts';
import { clientError, refuseFeature } from './errors.ts';
import { ExecutedParameters } from './executed-parameters.ts';
import { refusedFeatureOf } from './refuse-shape.ts';
import { answerRefusedPreparation } from './server-message.ts';
import type { StatementRunner } from './statement-runner.ts';

/** Most statements of one client at a time, as max_prepared_stmt_count bounds them on a server. */
const MAX_STATEMENTS = 16_382;
/** Most bytes of long data of one client that wait for an execution. */
const MAX_LONG_DATA_BYTES = 64 << 20;

const NONE_IS_LONG = (): boolean => false;

interface Prepared {
  readonly id: number;
  readonly text: Buffer;
  /** The same, byte for byte. */
  readonly textKey: string;
  parsed: ParsedStatement<RoutingPlans>;
  /** Of the last execution that sent them. */
  types: readonly ValueType[];
  readonly longData: Map<number, Buffer[]>;
}

/** See the methods; each is one command. */
export class PreparedStatements {
  readonly #runner: StatementRunner;
  readonly #statements = new Map<number, Prepared>();
  #lastId = 0;
  #longDataBytes = 0;

  constructor(runner: StatementRunner) {
    this.#runner = runner;
  }

  /** COM_STMT_PREPARE. Parameters and columns are described by a server, which prepares the statement in some slot. */
  async prepare(text: Buffer, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    if (this.#statements.size >= MAX_STATEMENTS) {
      throw clientError('tooManyStatements', `Can't create more than ${MAX_STATEMENTS} prepared statements`);
    }
    const parsed = this.#runner.parse(text);
    if (parsed.next !== null) {
      throw clientError('syntax', 'Several statements cannot be prepared as one');
    }
    const refused = refusedFeatureOf(parsed.shape);
    if (refused !== null) {
      throw refuseFeature(refused);
    }
    if (parsed.shape.kind === 'loadData') {
      throw clientError(
        'notPreparable',
        'This command is not supported in the prepared statement protocol yet',
      );
    }
    const described = await describeStatement(this.#runner.execution, parsed, signal);
    if (described.kind === 'refused') {
      answerRefusedPreparation(this.#runner.execution, answer, described.payload);
      return;
    }
    this.#lastId += 1;
    this.#statements.set(this.#lastId, {
      id: this.#lastId,
      text,
      textKey: text.toString('latin1'),
      parsed,
      types: [],
      longData: new Map(),
    });
    const { columns, warnings } = described;
    const parameters = Array.from({ length: parsed.parameters }, () =>
      encodeColumn({ ...textColumn('?'), type: COLUMN_TYPE.varString }, answer.capabilities),
    );
    answer.packet(
      encodePrepareOk({
        statementId: this.#lastId,
        columns: columns.length,
        parameters: parameters.length,
        warnings,
      }),
    );
    const status = this.#runner.execution.status(false);
    answer.definitions(parameters, status);
    answer.definitions(columns, status);
  }

  /** COM_STMT_EXECUTE. */
  execute(payload: Buffer, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    const prepared = this.#find(payload);
    const dialect = this.#runner.dialect();
    if (prepared.parsed.dialect !== dialect) {
      // sql_mode or the character set has changed.
      prepared.parsed = this.#runner.parse(prepared.text);
    }
    const { parsed, textKey, longData } = prepared;
    // A cursor is a wish: a server may always answer with all rows at once.
    const isLong = longData.size === 0 ? NONE_IS_LONG : (index: number) => longData.has(index);
    const sent = decodeExecute(payload, parsed.parameters, prepared.types, isLong);
    prepared.types = sent.types;
    const values = sent.values.map((value, index): WireValue =>
      value === undefined ? Buffer.concat(longData.get(index) ?? []) : value,
    );
    this.#forgetLongData(prepared);
    const body = encodeExecutionBody(payload, sent, values);
    const statement = {
      parsed,
      parameters: new ExecutedParameters({ textKey, dialect }, sent.types, values, body),
      answer,
      isBinary: true,
      hasMore: false,
    };
    return this.#runner.run(statement, signal);
  }

  /** COM_STMT_SEND_LONG_DATA; has no answer, so what is wrong with it shows when it is executed. */
  sendLongData(payload: Buffer): void {
    const { statementId, parameter, data } = decodeLongData(payload);
    const prepared = this.#statements.get(statementId);
    if (prepared === undefined) {
      return;
    }
    this.#longDataBytes += data.length;
    if (this.#longDataBytes > MAX_LONG_DATA_BYTES) {
      this.#forgetLongData(prepared);
      this.#statements.delete(statementId);
      return;
    }
    prepared.longData.set(parameter, [...(prepared.longData.get(parameter) ?? []), Buffer.from(data)]);
  }

  /** The text that a COM_STMT_EXECUTE is about to run; null when nobody knows it. */
  textOf(payload: Buffer): Buffer | null {
    const given = statementIdOf(payload);
    return this.#statements.get(given === LAST_PREPARED_STATEMENT ? this.#lastId : given)?.text ?? null;
  }

  /** COM_STMT_RESET. */
  reset(payload: Buffer): void {
    this.#forgetLongData(this.#find(payload));
  }

  /** COM_STMT_CLOSE; has no answer. */
  close(payload: Buffer): void {
    const id = statementIdOf(payload);
    const prepared = this.#statements.get(id);
    if (prepared !== undefined) {
      this.#forgetLongData(prepared);
      this.#statements.delete(id);
    }
  }

  /** All are gone, as after COM_RESET_CONNECTION. */
  clear(): void {
    this.#statements.clear();
    this.#longDataBytes = 0;
  }

  #find(payload: Buffer): Prepared {
    const given = statementIdOf(payload);
    const id = given === LAST_PREPARED_STATEMENT ? this.#lastId : given;
    const prepared = this.#statements.get(id);
    if (prepared === undefined) {
      throw clientError('unknownStatement', `Unknown prepared statement handler (${id}) given to a command`);
    }
    return prepared;
  }

  #forgetLongData(prepared: Prepared): void {
    if (prepared.longData.size === 0) {
      return;
    }
    for (const pieces of prepared.longData.values()) {
      this.#longDataBytes -= pieces.reduce((sum, piece) => sum + piece.length, 0);
    }
    prepared.longData.clear();
  }
}
