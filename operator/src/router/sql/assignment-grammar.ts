import type { Reader } from './reader.ts';
import type { ColumnAssignment } from './statement-shape.ts';

/** Reads `column = value, …`. */
export function readAssignments(reader: Reader): ColumnAssignment[] {
  const { cursor, builder } = reader;
  return reader.list(() => {
    const first = cursor.position;
    const names = [cursor.name()];
    while (names.length < 3 && cursor.accept('.')) names.push(cursor.name());
    const column = (names.pop() as string).toLowerCase();
    const table = names.pop() ?? null;
    const schema = names.pop() ?? null;
    if (schema !== null && table !== null) builder.addQualifier(schema, first, 'column', table);
    if (!cursor.accept(':=')) cursor.expect('=');
    return { table, column, value: reader.expression() };
  });
}
