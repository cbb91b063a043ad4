/** The mark of a complete data directory, and the position a clone starts from. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EngineError } from '../engine-error.ts';
import type { Position } from '../position.ts';
import { readIfPresent, writeFileAtomically } from './files.ts';
import { mariadbPositions } from './gtid.ts';
import type { Layout } from './layout.ts';

const originSchema = z.object({
  engine: z.literal('MariaDB'),
  origin: z.enum(['initialise', 'clone']),
  engineVersion: z.string(),
});

/** How a data directory came to be, as recorded in it. */
export type Origin = z.infer<typeof originSchema>;

/** Records in a finished directory, before it moves into place, how it came to be. */
export async function writeOrigin(layout: Layout, directory: string, origin: Origin): Promise<void> {
  await writeFileAtomically(join(directory, layout.originFile), `${JSON.stringify(origin)}\n`);
}

/** Reads the record; undefined where there is none. Throws EngineError `UnreadableFiles`. */
export async function readOrigin(layout: Layout): Promise<Origin | undefined> {
  const text = await readIfPresent(join(layout.data, layout.originFile));
  if (text === undefined) {
    return undefined;
  }
  try {
    return originSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new EngineError('UnreadableFiles', `${layout.originFile} cannot be read`, { cause });
  }
}

/** Records the position that a clone is at, for its first start. */
export async function writeClonePosition(
  layout: Layout,
  directory: string,
  position: Position,
): Promise<void> {
  await writeFileAtomically(join(directory, layout.positionFile), position);
}

/** The position that a clone starts from; undefined once it has started, and for other data. */
export async function readClonePosition(layout: Layout): Promise<Position | undefined> {
  const text = await readIfPresent(join(layout.data, layout.positionFile));
  return text === undefined ? undefined : mariadbPositions.parse(text);
}

/** Forgets that position: the server has it. */
export async function removeClonePosition(layout: Layout): Promise<void> {
  await rm(join(layout.data, layout.positionFile), { force: true });
}
