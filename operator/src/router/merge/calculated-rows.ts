import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { decodeTextRow, encodeTextRow } from '../../wire/text-row.ts';
import type { Comparators, Fields } from './comparators.ts';
import { literalWriter, type WriteLiteral } from './input-literal.ts';
import { columnName, MERGED_ROWS } from './input-name.ts';
import type { GroupCalculation, GroupMerge, RowColumn } from './merge-plan.ts';
import { checkSameKind } from './same-kind.ts';

/** What a server is asked. */
export interface CalculationQuery {
  /** Whether the client's columns are asked for as well. */
  readonly needsColumns: boolean;
  /** What stands around the template in the statement; null where there is nothing to calculate. */
  readonly around: { readonly before: string; readonly after: string } | null;
}

/** The answer. */
export interface CalculationAnswer {
  /** The client's columns, and others behind them; empty where they were not asked for. */
  readonly named: readonly ColumnDefinition[];
  readonly columns: readonly ColumnDefinition[];
  readonly rows: readonly Fields[];
}

/** Has a server answer, which has the tables of the statement; rejects with its error. */
export type Calculate = (query: CalculationQuery, signal: AbortSignal) => Promise<CalculationAnswer>;

/** A group as it is given to a server. */
export interface GivenGroup {
  /** All its values. */
  readonly payload: Buffer;
  /** The same as a row of literals, without its number. */
  readonly literals: string;
}

/** Column of the number by which rows are recognised. */
const NUMBER = 'r';

/** Gives groups to a server, and makes the client's rows of what it answers. */
export class CalculatedRows {
  readonly #plan: GroupMerge & { readonly calculation: GroupCalculation };
  readonly #calculate: Calculate;
  readonly #hidden: number;
  readonly #writers: readonly {
    readonly place: number;
    readonly value: number;
    readonly text: { readonly bytes: number; readonly charset: number } | null;
    readonly write: WriteLiteral;
  }[];
  #columns: readonly ColumnDefinition[] | undefined;

  /** `hidden`: columns that were added to the client's. @throws MergeError for types that cannot be given */
  constructor(
    plan: GroupMerge & { readonly calculation: GroupCalculation },
    hidden: number,
    comparators: Comparators,
    calculate: Calculate,
  ) {
    this.#plan = plan;
    this.#hidden = hidden;
    this.#calculate = calculate;
    this.#writers = plan.calculation.inputs.map(({ column, value, text }) => ({
      place: comparators.indexOf(column),
      value,
      text,
      write: literalWriter(comparators.definitionOf(column)),
    }));
  }

  /** The client's columns; there after the first {@link ask}. */
  get columns(): readonly ColumnDefinition[] {
    return this.#columns ?? [];
  }

  /** Literals for a group's values. @throws MergeError for one that cannot be given */
  literalsOf(values: Fields): string {
    const places = Array.from({ length: this.#plan.calculation.answered + this.#hidden }, () => 'NULL');
    for (const { place, value, text, write } of this.#writers) {
      places[place] = write({
        text: values[value] ?? null,
        bytes: text === null ? null : (values[text.bytes] ?? null),
        charset: text === null ? null : (values[text.charset]?.toString('latin1') ?? null),
      });
    }
    return places.join();
  }

  /** The client's rows of those groups that satisfy the condition, in the order that is asked for. */
  async ask<Given extends GivenGroup>(
    given: readonly Given[],
    signal: AbortSignal,
  ): Promise<readonly (Given & { readonly row: Buffer })[]> {
    const needsColumns = this.#columns === undefined;
    const around = given.length === 0 ? null : this.#around(given);
    if (!needsColumns && around === null) {
      return [];
    }
    const { named, columns, rows } = await this.#calculate({ needsColumns, around }, signal);
    this.#columns ??= named.slice(0, this.#plan.visible);
    if (around !== null) {
      for (const [index, { item }] of this.#plan.calculation.items.entries()) {
        checkSameKind(this.#columns[item], columns[index + 2]);
      }
    }
    return rows.flatMap(([number = null, passes = null, ...calculated]) => {
      const group = given[Number(number?.toString('latin1'))];
      return group === undefined || passes?.toString('latin1') !== '1'
        ? []
        : [{ ...group, row: this.#rowOf(group.payload, calculated) }];
    });
  }

  #around(given: readonly GivenGroup[]): { readonly before: string; readonly after: string } {
    const { calculation } = this.#plan;
    const names = [
      ...columnNames('visible', calculation.answered),
      ...columnNames('hidden', this.#hidden),
      NUMBER,
    ];
    const rows = given.map(({ literals }, number) => `(${literals},${number})`);
    const passes = calculation.having === null ? '1' : `(${calculation.having}) IS TRUE`;
    const items = calculation.items.map(({ text }) => `, ${text}`).join('');
    const number = `${MERGED_ROWS}.${NUMBER}`;
    return {
      // A comment may end the template.
      before: `WITH ${MERGED_ROWS} (${names.join()}) AS ((`,
      after: `\n) UNION ALL VALUES ${rows.join()}) SELECT ${number}, ${passes}${items} FROM ${MERGED_ROWS} ORDER BY ${
        calculation.order ?? number
      } LIMIT ${given.length}`,
    };
  }

  #rowOf(payload: Buffer, calculated: Fields): Buffer {
    const { visible, values, calculation } = this.#plan;
    const row = decodeTextRow(payload, values.length).slice(0, visible);
    for (const [index, { item }] of calculation.items.entries()) {
      row[item] = calculated[index] ?? null;
    }
    return encodeTextRow(row);
  }
}

function columnNames(from: RowColumn['from'], count: number): string[] {
  return Array.from({ length: count }, (_column, index) => columnName({ from, index }));
}
