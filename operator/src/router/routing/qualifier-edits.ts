/** Names of databases in statements: clients write the keyspace's, servers have others. */
import { sharedDatabase } from '../../core/keyspace/database-names.ts';
import { replaceQualifier } from '../sql/edits.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import type { MentionedTable } from './mentioned-tables.ts';
import type { Place } from './route.ts';

/**
 * The edits with which a statement runs in a database of the keyspace: what lies in that database loses the keyspace's name in
 * front, reference tables elsewhere get the name of theirs. Columns need no database in front: within a keyspace a table's
 * name is one table's.
 */
export function qualifierEdits(
  shape: StatementShape,
  keyspace: string,
  tables: readonly MentionedTable[],
  place: Place['kind'],
): readonly Edit[] {
  const shared = sharedDatabase(keyspace);
  const elsewhere = new Set<number>();
  const edits: Edit[] = [];
  for (const { reference, kind } of tables) {
    if (kind === 'reference' && place !== 'shared') {
      const { first } = reference.tokens;
      elsewhere.add(first);
      if (reference.schema === null) {
        edits.push({ tokens: { first, end: first }, text: `\`${shared}\`.` });
      }
    }
  }
  for (const qualifier of shape.qualifiers) {
    if (qualifier.schema === keyspace) {
      edits.push(replaceQualifier(qualifier, elsewhere.has(qualifier.tokens.first) ? shared : null));
    }
  }
  return edits;
}
