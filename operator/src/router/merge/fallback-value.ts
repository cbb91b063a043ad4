/** An aggregate with a constant where it is NULL. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Comparators, Fields } from './comparators.ts';
import { readExact, roundExact, writeExact } from './exact-number.ts';
import { MergeError } from './merge-error.ts';
import type { GroupValue, RowColumn } from './merge-plan.ts';
import { type ValueState, ZERO } from './value-state.ts';
import { valueTypeOf } from './value-types.ts';

class FallbackState implements ValueState {
  readonly #value: ValueState;
  readonly #write: (text: string | Buffer) => string | Buffer;
  readonly #index: number;
  #fallback: Buffer | null = null;

  constructor(value: ValueState, index: number, write: (text: string | Buffer) => string | Buffer) {
    this.#value = value;
    this.#index = index;
    this.#write = write;
  }

  add(row: Fields, keep: () => Fields, count: (bytes: number) => void): void {
    this.#value.add(row, keep, count);
    // The last one will do: where the value stays NULL, it is NULL in every slot.
    this.#fallback = Buffer.from(row[this.#index] ?? ZERO);
  }

  text(): string | Buffer | null {
    const text = this.#value.text();
    return text === null ? this.#fallback : this.#write(text);
  }

  row(): null {
    return null;
  }
}

/** A value, whose states are made by `states`, or what each slot has in its place. @throws MergeError */
export function fallbackStates(
  states: () => ValueState,
  { result, value }: Extract<GroupValue, { kind: 'fallback' }>,
  comparators: Comparators,
): () => ValueState {
  const index = comparators.indexOf(result);
  const definition = comparators.definitionOf(result);
  const own = comparators.definitionOf(definingColumn(value));
  const type = valueTypeOf(definition);
  if (type !== valueTypeOf(own) && !(type === 'text' && valueTypeOf(own) === 'bytes')) {
    throw new MergeError(
      'Unsupported',
      `${definition.name} over several slots has a constant of another type than the aggregate: convert one with CAST`,
    );
  }
  // With the decimals of the constant, if that has more.
  const write = (text: string | Buffer): string | Buffer =>
    type === 'exact' ? writeExact(roundExact(readExact(text.toString('latin1')), definition.decimals)) : text;
  return () => new FallbackState(states(), index, write);
}

/** The column that has the type of a value. */
function definingColumn(value: GroupValue): RowColumn {
  switch (value.kind) {
    case 'minimum':
    case 'maximum':
      return value.compared.value;
    case 'any':
    case 'count':
    case 'sum':
    case 'bitAnd':
    case 'bitOr':
    case 'bitXor':
      return value.column;
    case 'average':
    case 'countDistinct':
    case 'sumDistinct':
    case 'averageDistinct':
    case 'fallback':
      return value.result;
    default:
      return assertNever(value);
  }
}
