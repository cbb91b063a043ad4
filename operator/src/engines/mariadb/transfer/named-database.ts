/** Definitions that say the name of their database, which a database of another name cannot have. */
import { EngineError } from '../../engine-error.ts';
import type { CopyOrder } from '../../slot-transfer.ts';
import type { RowSession } from './row-session.ts';
import { OBJECT_KINDS, readObjects } from './schema-objects.ts';

/**
 * EngineError `NotMovable` where the database is to have another name, and a definition in it says the present one: views always
 * do, and routines, triggers and events where they were written so.
 */
export async function refuseNamed(
  source: RowSession,
  { database, here }: Pick<CopyOrder, 'database' | 'here'>,
  signal: AbortSignal,
): Promise<void> {
  if (here === undefined || here.database === database) {
    return;
  }
  const found: string[] = [];
  for (const kind of OBJECT_KINDS) {
    for (const { name, definition } of await readObjects(source, database, kind, signal)) {
      // One character for each byte, whatever they mean.
      if (kind === 'VIEW' || definition.toString('latin1').toLowerCase().includes(database.toLowerCase())) {
        found.push(`${kind.toLowerCase()} ${name}`);
      }
    }
  }
  if (found.length > 0) {
    throw new EngineError(
      'NotMovable',
      `${database} cannot become another database, whose name is not the one in the definition of ${found.join(', ')}: drop it, and make it again afterwards`,
    );
  }
}
