import type { ColumnDefinition } from '../../../wire/column-definition.ts';
import { decodeColumn } from '../../../wire/column-definition.ts';
import type { CalculationAnswer, CalculationQuery } from '../../merge/calculated-rows.ts';
import type { RouteOf } from '../../routing/route.ts';
import { locate, noShard } from '../../topology/topology.ts';
import { type CollectedResult, CollectingSink } from '../collecting-sink.ts';
import type { Execution } from '../execution.ts';
import type { ServerFailure } from '../server-message.ts';
import type { Statement } from '../statement.ts';
import { editedText } from '../statement-text.ts';
import { CALCULATED_BYTES } from './scatter-caps.ts';

/** A server has answered a calculation with an error, which is the client's. */
export class CalculationFailedError extends Error {
  override readonly name = 'CalculationFailedError';
  readonly code = 'CalculationFailed';
  readonly failure: ServerFailure;

  constructor(failure: ServerFailure) {
    super(`a server has answered with error ${failure.error.errno}`);
    this.failure = failure;
  }
}

/** Has the server of a statement's first slot calculate from merged groups. */
export class SlotCalculator {
  readonly #execution: Execution;
  readonly #statement: Statement;
  readonly #route: RouteOf<'scatter'>;
  /** Of all answers. */
  warnings = 0;

  constructor(execution: Execution, statement: Statement, route: RouteOf<'scatter'>) {
    this.#execution = execution;
    this.#statement = statement;
    this.#route = route;
  }

  /** Asks it, in one round trip. Nothing else of the statement may be under way. Throws CalculationFailedError, and as `onShard`. */
  async calculate(query: CalculationQuery, signal: AbortSignal): Promise<CalculationAnswer> {
    const { keyspace, parts, access } = this.#route;
    const slot = parts[0]?.slot ?? 0;
    const text = this.#textOf(query);
    const { sink } = await this.#execution.onShard(
      {
        locate: (topology) => locate(topology, { kind: 'slot', keyspace, slot }, noShard),
        access,
        consistency: this.#execution.consistency(keyspace),
        transactional: true,
        sink: () => new CollectingSink(CALCULATED_BYTES),
        send: (connection, receiver, surroundings, limit) =>
          connection.query(text, receiver, surroundings, limit),
      },
      signal,
    );
    if (sink.failure !== undefined) {
      throw new CalculationFailedError(sink.failure);
    }
    const results = [...sink.results];
    const named = query.needsColumns ? results.shift() : undefined;
    const made = query.around === null ? undefined : results.shift();
    this.warnings += made?.completion.warnings ?? 0;
    return {
      named: this.#columnsOf(named),
      columns: this.#columnsOf(made),
      rows: made?.rows ?? [],
    };
  }

  #textOf({ needsColumns, around }: CalculationQuery): Buffer {
    const { template = [], named = template } = this.#route;
    const { charset } = this.#statement.parsed.dialect;
    const encode = (text: string): Buffer => Buffer.from(text, charset === 'latin1' ? 'latin1' : 'utf8');
    const statements: Buffer[] = needsColumns ? [editedText(this.#statement, named)] : [];
    if (around !== null) {
      const types = editedText(this.#statement, template);
      statements.push(Buffer.concat([encode(around.before), types, encode(around.after)]));
    }
    // A comment may end the first.
    return Buffer.concat(
      statements.flatMap((statement, index) => (index === 0 ? [statement] : [encode('\n;'), statement])),
    );
  }

  #columnsOf(result: CollectedResult | undefined): readonly ColumnDefinition[] {
    const { capabilities } = this.#statement.answer;
    return (result?.columns ?? []).map((definition) => decodeColumn(definition, capabilities));
  }
}
