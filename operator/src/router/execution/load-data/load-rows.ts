/** Where the rows of a file go, and what is wrong with those that go nowhere. */
import { canonicalKey } from '../../../core/keyspace/canonical-key.ts';
import { slotOf } from '../../../core/keyspace/keyspace-layout.ts';
import type { FileLoad, LoadTarget } from '../../routing/file-load.ts';
import type { KeyspaceConfiguration } from '../../routing/keyspace-configuration.ts';
import { ClientError } from '../../client/client-error.ts';
import { clientError } from '../errors.ts';
import type { FileRow } from './file-rows.ts';
import type { FieldValue } from './record-reader.ts';

/** Target of rows that go to all copies of a table. */
export const ALL_COPIES = 0;

/** Fields of a row that have to be known, in the order of a row's values: the key and the generated column. */
export function wantedFields({ target, ids }: FileLoad): readonly number[] {
  return [
    ...(target.kind === 'slots' && target.field >= 0 ? [target.field] : []),
    ...(ids?.kind === 'inFile' ? [ids.field] : []),
  ];
}

/** Finds the target of one row. */
export class RowTargets {
  readonly #load: FileLoad;
  readonly #keyspace: KeyspaceConfiguration;
  readonly #mayHoldCharacters: (bytes: Buffer) => boolean;

  constructor(load: FileLoad, keyspace: KeyspaceConfiguration) {
    this.#load = load;
    this.#keyspace = keyspace;
    this.#mayHoldCharacters = charactersOf(load.charset);
  }

  /** The slot of a row, or {@link ALL_COPIES}. `id` is the one generated for it. Throws ClientError that names the row. */
  targetOf({ number, values }: Pick<FileRow, 'number' | 'values'>, id: bigint | undefined): number {
    const { target, ids } = this.#load;
    if (ids?.kind === 'inFile') {
      this.#requireId(number, values.at(-1), ids.allowsZero, ids.column);
    }
    if (target.kind === 'copies') {
      return ALL_COPIES;
    }
    return target.field < 0 ? this.#slotOfId(target, id) : this.#slotOfField(target, number, values[0]);
  }

  #slotOfId({ key }: Extract<LoadTarget, { kind: 'slots' }>, id: bigint | undefined): number {
    const canonical = canonicalKey({ kind: 'number', text: String(id) }, key.rule);
    if (canonical.kind === 'refused') {
      throw clientError(
        'unknown',
        `A generated id is no key of ${key.table}.${key.column}: it ${canonical.reason}`,
      );
    }
    return slotOf(this.#keyspace.layout, canonical);
  }

  #slotOfField(
    { key, only }: Extract<LoadTarget, { kind: 'slots' }>,
    row: number,
    value: FieldValue | undefined,
  ): number {
    const place = `Row ${row} of the file: the key ${key.column} of table ${key.table}`;
    if (value === undefined) {
      // ER_WARN_TOO_FEW_RECORDS
      throw new ClientError(
        1261,
        '01000',
        `${place} is missing. Name ${key.column} where its field is in the file`,
      );
    }
    if (value !== null && key.rule.kind !== 'binary' && !this.#mayHoldCharacters(value)) {
      throw clientError(
        'wrongValue',
        `${place} has characters that cannot be read in the character set ${this.#load.charset}. Convert the file to utf8mb4`,
      );
    }
    const canonical = canonicalKey(
      value === null ? { kind: 'null' } : { kind: 'string', bytes: value },
      key.rule,
    );
    if (canonical.kind === 'refused') {
      // ER_BAD_NULL_ERROR, ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
      const [errno, sqlState] = canonical.code === 'Null' ? [1048, '23000'] : [1366, 'HY000'];
      throw new ClientError(errno, sqlState, `${place} ${canonical.reason}. ${canonical.hint}`);
    }
    const slot = slotOf(this.#keyspace.layout, canonical);
    if (only !== null && slot !== only) {
      throw clientError(
        'notSupported',
        `${place} is of another slot than that of shardwright_key. SET shardwright_key = DEFAULT, and rows go to their slots`,
      );
    }
    return slot;
  }

  #requireId(row: number, value: FieldValue | undefined, allowsZero: boolean, column: string): void {
    const asksForId = value === undefined || value === null || (!allowsZero && isZero(value));
    if (asksForId) {
      throw clientError(
        'notSupported',
        `Row ${row} of the file has no value for ${column}, and each slot would generate the same. ` +
          'Leave the column out of the list, and the file, so that the router generates all ids',
      );
    }
  }
}

/** What the server takes for 0 in a number's column, and so generates an id for: text that does not begin with another number, too. */
function isZero(value: Buffer): boolean {
  const number = Number.parseFloat(value.toString('latin1'));
  return Number.isNaN(number) || Math.abs(number) < 1;
}

const FOUR_BYTES = 0xf0;
const ASCII_END = 0x80;

/** Whether bytes of a file in a character set are read as UTF-8 by us as the server reads them. */
function charactersOf(charset: string): (bytes: Buffer) => boolean {
  switch (charset) {
    case 'utf8mb4':
      return () => true;
    case 'utf8mb3':
    case 'utf8':
      return (bytes) => bytes.every((byte) => byte < FOUR_BYTES);
    default:
      return (bytes) => bytes.every((byte) => byte < ASCII_END);
  }
}
