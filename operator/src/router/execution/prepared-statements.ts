/** The statements that a client has prepared. Servers prepare them when they run, on whatever connection that is. */
import type { ClientAnswer } from '../client/client-answer.ts';
import type { BackendConnection, Surroundings } from '../backend/backend-connection.ts';
import type { Preparation } from '../backend/backend-connection.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import { locate } from '../topology/topology.ts';
import { LAST_PREPARED_STATEMENT } from '../wire/command-code.ts';
import { COLUMN_TYPE } from '../wire/column-type.ts';
import { encodeColumn, textColumn } from '../wire/column-definition.ts';
import {
  decodeExecute,
  decodeLongData,
  encodeExecute,
  encodePrepareOk,
  statementIdOf,
} from '../wire/statement-packets.ts';
import type { ValueType, WireValue } from '../wire/wire-value.ts';
import { describableText } from './describable-text.ts';
import { PRIMARY_READ } from './own-access.ts';
import { CollectingSink } from './collecting-sink.ts';
import { clientError, refuseFeature } from './errors.ts';
import { parameterLiteral, parameterSql } from './parameter-values.ts';
import { refusedFeatureOf } from './refuse-shape.ts';
import type { StatementParameters } from './statement.ts';
import type { StatementRunner } from './statement-runner.ts';

/** Most statements of one client at a time, as max_prepared_stmt_count bounds them on a server. */
const MAX_STATEMENTS = 16_382;
/** Most bytes of long data of one client that wait for an execution. */
const MAX_LONG_DATA_BYTES = 64 << 20;

interface Prepared {
  readonly id: number;
  readonly text: Buffer;
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
    const described = await this.#describe(parsed, answer, signal);
    if (described === undefined) {
      return;
    }
    this.#lastId += 1;
    this.#statements.set(this.#lastId, {
      id: this.#lastId,
      text,
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

  /** What a server says of the statement; undefined where it refused, which is the answer then. */
  async #describe(
    parsed: ParsedStatement<RoutingPlans>,
    answer: ClientAnswer,
    signal: AbortSignal,
  ): Promise<{ readonly columns: readonly Buffer[]; readonly warnings: number } | undefined> {
    const { execution } = this.#runner;
    const target = describableText(execution, parsed);
    if (target === undefined) {
      return { columns: [], warnings: 0 };
    }
    let preparation: Preparation | undefined;
    await execution.onShard(
      {
        locate: (topology) => locate(topology, target.place, () => execution.preferredShard(topology)),
        access: PRIMARY_READ,
        consistency: 'Strong',
        transactional: false,
        sink: () => new CollectingSink(),
        send: async (connection: BackendConnection, _sink, surroundings: Surroundings, limit) => {
          preparation = await connection.prepare(target.text, surroundings, limit);
          return preparation.kind === 'refused' ? preparation.outcome : PREPARED;
        },
      },
      signal,
    );
    if (preparation === undefined || preparation.kind === 'refused') {
      if (preparation !== undefined) {
        answer.packet(preparation.payload);
      }
      return undefined;
    }
    const { columns, warnings } = preparation.statement;
    return { columns, warnings };
  }

  /** COM_STMT_EXECUTE. */
  async execute(payload: Buffer, answer: ClientAnswer, signal: AbortSignal): Promise<void> {
    const prepared = this.#find(payload);
    // Read anew: sql_mode or the character set may have changed, and the text is found by its digest anyway.
    prepared.parsed = this.#runner.parse(prepared.text);
    const { parsed, longData } = prepared;
    // A cursor is a wish: a server may always answer with all rows at once.
    const { types, values } = decodeExecute(payload, parsed.parameters, prepared.types, (index) =>
      longData.has(index),
    );
    prepared.types = types;
    const complete = values.map((value, index): WireValue =>
      value === undefined ? Buffer.concat(longData.get(index) ?? []) : value,
    );
    this.#forgetLongData(prepared);
    const statement = {
      parsed,
      parameters: parsed.parameters === 0 ? NO_PARAMETERS : this.#parametersOf(types, complete),
      answer,
      isBinary: true,
      hasMore: false,
    };
    await this.#runner.run(statement, signal);
  }

  #parametersOf(types: readonly ValueType[], values: readonly WireValue[]): StatementParameters {
    const { charset } = this.#runner.execution.session;
    const dialect = this.#runner.dialect();
    const at = (index: number): readonly [ValueType, WireValue] => {
      const type = types[index];
      const value = values[index];
      if (type === undefined || value === undefined) {
        throw new RangeError(`there is no parameter ${index}`);
      }
      return [type, value];
    };
    return {
      literal: (index) => parameterLiteral(...at(index), charset),
      sqlText: (index) => parameterSql(...at(index), dialect),
      body: encodeExecute({ statementId: 0, cursor: 0, types, values }).subarray(STATEMENT_ID_END),
    };
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
    for (const pieces of prepared.longData.values()) {
      this.#longDataBytes -= pieces.reduce((sum, piece) => sum + piece.length, 0);
    }
    prepared.longData.clear();
  }
}

/** Code and statement id, which a connection writes itself. */
const STATEMENT_ID_END = 5;

const NO_PARAMETERS: StatementParameters = {
  literal() {
    throw new RangeError('there are no parameters');
  },
  sqlText() {
    throw new RangeError('there are no parameters');
  },
  body: encodeExecute({ statementId: 0, cursor: 0, types: [], values: [] }).subarray(STATEMENT_ID_END),
};

/** An answer that was no statement's. */
const PREPARED = {
  error: undefined,
  inPrelude: false,
  completion: undefined,
  results: 0,
  changes: [],
  lastGtid: undefined,
} as const;
