import type { TokenRange } from './expression.ts';
import type { TableReference } from './query-shape.ts';
import type { Reader } from './reader.ts';

/** A name with the schema in front of it, if there is one. */
export interface QualifiedName {
  readonly schema: string | null;
  readonly name: string;
  readonly tokens: TokenRange;
}

/** Reads `name` or `schema.name`. */
export function readQualifiedName(reader: Reader, of: 'table' | 'routine' | 'object'): QualifiedName {
  const { cursor, builder } = reader;
  const first = cursor.position;
  const name = cursor.name();
  if (!cursor.accept('.')) return { schema: null, name, tokens: cursor.rangeFrom(first) };
  const own = cursor.name();
  builder.addQualifier(name, first, of, own);
  return { schema: name, name: own, tokens: cursor.rangeFrom(first) };
}

/** Reads the name of a table outside of FROM and returns its index. */
export function readTableName(reader: Reader, access: TableReference['access']): number {
  return reader.builder.addTable({ ...readQualifiedName(reader, 'table'), alias: null, access });
}

/** Reads a sequence's name. It is a table, and reading it changes it. */
export function readSequence(reader: Reader): void {
  reader.builder.sequences = true;
  readTableName(reader, 'write');
}
