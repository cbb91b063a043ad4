import type { RowColumn } from './merge-plan.ts';

/** Takes columns. */
export interface ColumnAdder {
  /** The column for an expression, added unless it is there. */
  add(text: string): RowColumn;
}

/** The columns that are added to a select list for merging. */
export class HiddenColumns implements ColumnAdder {
  readonly #texts: string[] = [];

  get count(): number {
    return this.#texts.length;
  }

  add(text: string): RowColumn {
    const known = this.#texts.indexOf(text);
    return { from: 'hidden', index: known < 0 ? this.#texts.push(text) - 1 : known };
  }

  /** What follows the select list; empty without such columns. */
  get text(): string {
    return this.#texts.map((text) => `, ${text}`).join('');
  }
}
