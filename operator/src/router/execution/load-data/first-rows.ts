import type { LoadTarget } from '../../routing/file-load.ts';
import type { Statement } from '../statement.ts';
import { type BindingPlace, slotPlace } from '../place-description.ts';
import type { FileRow } from './file-rows.ts';

/** The first row of a file for each slot: by it a person finds what brings the file there. */
export class FirstRows {
  readonly #keyspace: string;
  readonly #target: LoadTarget;
  readonly #statement: Statement;
  readonly #rows = new Map<number, { readonly number: number; readonly key: Buffer | null }>();

  constructor(keyspace: string, target: LoadTarget, statement: Statement) {
    this.#keyspace = keyspace;
    this.#target = target;
    this.#statement = statement;
  }

  /** Keeps a row, unless there was one for the slot. `id` is the one generated for it. */
  add(slot: number, { number, values }: Pick<FileRow, 'number' | 'values'>, id: bigint | undefined): void {
    if (this.#target.kind !== 'slots' || this.#rows.has(slot)) {
      return;
    }
    const value = this.#target.field < 0 ? Buffer.from(String(id)) : (values[0] ?? null);
    // What was read is a part of a buffer that is used again.
    this.#rows.set(slot, { number, key: value === null ? null : Buffer.from(value) });
  }

  /** The slot, as a transaction is bound to it: `slot 4 of app (users.id = '104'), by row 3 of the file`. */
  placeOf(slot: number): BindingPlace {
    const row = this.#rows.get(slot);
    const key = this.#target.kind === 'slots' ? this.#target.key : null;
    const boundBy =
      row === undefined || row.key === null || key === null
        ? null
        : { key, value: { kind: 'string', bytes: row.key } as const };
    const place = slotPlace(this.#keyspace, slot, this.#statement, boundBy);
    const by = row === undefined ? '' : `, by row ${row.number} of the file`;
    return { identity: place.identity, describe: () => `${place.describe()}${by}` };
  }
}
