/** Expressions around aggregates: a server calculates them from merged groups, which it gets as rows of literals. */
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { decodeTextRow } from '../../wire/text-row.ts';
import { type Calculate, CalculatedRows, type GivenGroup } from './calculated-rows.ts';
import type { Comparators } from './comparators.ts';
import type { MergeBudget } from './merge-budget.ts';
import { MergeError } from './merge-error.ts';
import type { GroupCalculation, GroupMerge, MergePlan } from './merge-plan.ts';

/** What the calculation works with. */
export interface CalculationOptions {
  readonly comparators: Comparators;
  readonly budget: MergeBudget;
  readonly calculate: Calculate;
  readonly signal: AbortSignal;
}

/** A group with the client's row. */
type CalculatedGroup = GivenGroup & { readonly row: Buffer };

/** The client's columns, and payloads of its rows. */
export interface CalculatedGroups {
  readonly columns: readonly ColumnDefinition[];
  readonly rows: AsyncIterable<Buffer>;
}

/** Most groups that one statement is given, and most bytes of their literals: less than max_allowed_packet. */
const MOST_GROUPS = 20_000;
const MOST_BYTES = 8 << 20;
/** The same where the order is not the server's business. */
const BATCH_GROUPS = 2000;

/**
 * Reads all groups first: what slots are asked over must be free before one of them is asked again.
 * @throws MergeError beyond the budget, and for values that cannot be given; and what `calculate` rejects with
 */
export async function calculateGroups(
  { offset, limit, hidden }: MergePlan,
  plan: GroupMerge & { readonly calculation: GroupCalculation },
  payloads: AsyncIterable<Buffer>,
  { comparators, budget, calculate, signal }: CalculationOptions,
): Promise<CalculatedGroups> {
  const groups: Buffer[] = [];
  for await (const payload of payloads) {
    budget.keepBytes(payload.length);
    groups.push(payload);
  }
  const { calculation } = plan;
  const rows = new CalculatedRows(plan, hidden, comparators, calculate);
  const queue = new GroupQueue(groups, plan.values.length, (fields) => rows.literalsOf(fields));
  const wanted = limit === null ? Number.POSITIVE_INFINITY : offset + limit;
  const sizes = { groups: groupsAtOnce(calculation, wanted), bytes: MOST_BYTES };
  const first = await rows.ask(queue.take([], sizes), signal);
  return {
    columns: rows.columns,
    rows:
      calculation.order === null
        ? inTurn(first, queue, sizes, rows, signal)
        : inOrder(first, wanted, queue, sizes, rows, signal),
  };
}

/** No more than are asked for, where all that are given come back. */
function groupsAtOnce({ having, order }: GroupCalculation, wanted: number): number {
  if (order !== null) {
    return MOST_GROUPS;
  }
  return having === null ? Math.max(1, Math.min(BATCH_GROUPS, wanted)) : BATCH_GROUPS;
}

interface Sizes {
  readonly groups: number;
  readonly bytes: number;
}

/** Groups that were not given to a server yet. */
class GroupQueue {
  readonly #payloads: readonly Buffer[];
  readonly #values: number;
  readonly #literalsOf: (fields: readonly (Buffer | null)[]) => string;
  #next = 0;

  constructor(
    payloads: readonly Buffer[],
    values: number,
    literalsOf: (fields: readonly (Buffer | null)[]) => string,
  ) {
    this.#payloads = payloads;
    this.#values = values;
    this.#literalsOf = literalsOf;
  }

  get isEmpty(): boolean {
    return this.#next >= this.#payloads.length;
  }

  /** As many as fit behind those that are there already. @throws MergeError for a group that fits into no statement */
  take(before: readonly GivenGroup[], most: Sizes): GivenGroup[] {
    const taken = [...before];
    let bytes = before.reduce((sum, { literals }) => sum + literals.length, 0);
    while (!this.isEmpty && taken.length < most.groups) {
      const payload = this.#payloads[this.#next] ?? Buffer.alloc(0);
      const literals = this.#literalsOf(decodeTextRow(payload, this.#values));
      if (literals.length > most.bytes) {
        throw new MergeError(
          'TooMuchMemory',
          `The values of a group, in an expression around aggregates over several slots, take more than ${most.bytes} bytes: take less of them, or select the aggregates alone`,
        );
      }
      bytes += literals.length;
      if (bytes > most.bytes) {
        return taken;
      }
      taken.push({ payload, literals });
      this.#next += 1;
    }
    return taken;
  }
}

async function* inTurn(
  first: readonly CalculatedGroup[],
  queue: GroupQueue,
  sizes: Sizes,
  rows: CalculatedRows,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let calculated = first;
  for (;;) {
    yield* calculated.map(({ row }) => row);
    if (queue.isEmpty) {
      return;
    }
    calculated = await rows.ask(queue.take([], sizes), signal);
  }
}

/** The first groups of each statement are given to the next one again, with others. */
async function* inOrder(
  first: readonly CalculatedGroup[],
  wanted: number,
  queue: GroupQueue,
  sizes: Sizes,
  rows: CalculatedRows,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let best = first.slice(0, wanted);
  while (!queue.isEmpty) {
    const kept = best.length;
    const given = queue.take(best, sizes);
    if (given.length < kept + sizes.groups / 8) {
      throw new MergeError(
        'TooManyRows',
        `More than ${kept} groups of several slots are sorted by an expression around aggregates: narrow the statement by WHERE or LIMIT, or sort by an aggregate or a group`,
      );
    }
    best = (await rows.ask(given, signal)).slice(0, wanted);
  }
  yield* best.map(({ row }) => row);
}
