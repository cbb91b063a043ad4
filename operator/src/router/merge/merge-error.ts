/**
 * Why a merge was given up.
 * - `TooManyRows`, `TooMuchMemory`, `TooLong`: beyond its caps.
 * - `Unsupported`: a value of a type whose order or sum is not known here.
 * - `Mismatch`: slots answered with different columns.
 */
export type MergeErrorCode = 'TooManyRows' | 'TooMuchMemory' | 'TooLong' | 'Unsupported' | 'Mismatch';

/** The server's own numbers for such errors. */
const NUMBERS: Readonly<Record<MergeErrorCode, { readonly errno: number; readonly sqlState: string }>> = {
  // ER_TOO_BIG_SELECT
  TooManyRows: { errno: 1104, sqlState: '42000' },
  // ER_OUT_OF_SORTMEMORY
  TooMuchMemory: { errno: 1038, sqlState: 'HY001' },
  // ER_STATEMENT_TIMEOUT
  TooLong: { errno: 1969, sqlState: '70100' },
  // ER_NOT_SUPPORTED_YET
  Unsupported: { errno: 1235, sqlState: '42000' },
  // ER_TABLE_DEF_CHANGED
  Mismatch: { errno: 1412, sqlState: 'HY000' },
};

/** The answers of several slots cannot be merged. The message says what to do; it names no values. */
export class MergeError extends Error {
  override readonly name = 'MergeError';
  readonly code: MergeErrorCode;
  readonly errno: number;
  readonly sqlState: string;

  constructor(code: MergeErrorCode, message: string) {
    super(message);
    this.code = code;
    ({ errno: this.errno, sqlState: this.sqlState } = NUMBERS[code]);
  }
}
