import type { ClientAnswer } from '../client/client-answer.ts';
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import { encodeBinaryRow } from '../../wire/binary-row.ts';
import { decodeTextRow } from '../../wire/text-row.ts';
import { type ValueType, valueTypeOf } from '../../wire/wire-value.ts';
import { binaryFromText } from './binary-from-text.ts';
import { type KnownKeyspaces, renameColumn } from './client-columns.ts';

/**
 * Writes a result whose rows are in the text protocol to a client, in the protocol that its command asks for, and with the keyspace as
 * the schema of its columns.
 */
export interface RowWriter {
  columns(columns: readonly ColumnDefinition[]): void;
  /** Resolves when the client has taken enough of it. */
  rows(payloads: readonly Buffer[], signal: AbortSignal): Promise<void>;
  end(status: number, warnings: number): void;
}

/** For COM_QUERY. */
export function createTextWriter(
  answer: ClientAnswer,
  status: () => number,
  keyspaces: KnownKeyspaces,
): RowWriter {
  return {
    columns(columns) {
      answer.columns(
        columns.map((column) => renameColumn(column, keyspaces)),
        status(),
      );
    },
    async rows(payloads, signal) {
      for (const payload of payloads) {
        if (!answer.packet(payload)) {
          await answer.drained(signal);
        }
      }
    },
    end: (end, warnings) => void answer.endOfRows(end, warnings),
  };
}

/** For COM_STMT_EXECUTE: every value gets its type's form. */
export function createBinaryWriter(
  answer: ClientAnswer,
  status: () => number,
  keyspaces: KnownKeyspaces,
): RowWriter {
  let types: readonly ValueType[] = [];
  return {
    columns(columns) {
      types = columns.map(valueTypeOf);
      answer.columns(
        columns.map((column) => renameColumn(column, keyspaces)),
        status(),
      );
    },
    async rows(payloads, signal) {
      for (const payload of payloads) {
        const texts = decodeTextRow(payload, types.length);
        const values = types.map((type, index) => {
          const text = texts[index] ?? null;
          return text === null ? null : binaryFromText(type, text);
        });
        if (!answer.packet(encodeBinaryRow(values, types))) {
          await answer.drained(signal);
        }
      }
    },
    end: (end, warnings) => void answer.endOfRows(end, warnings),
  };
}
