import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { parseShardMap, type ShardMap, type ShardMapSpec } from '../../api/v1alpha1/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { type MapSource, NewestMap } from './map-source.ts';

export interface MapFileOptions {
  /** A ShardMap object as JSON. */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often to look for a change. @default 100 */
  readonly pollMilliseconds?: number;
}

/** A ShardMap in a file that somebody else writes: for routers outside Kubernetes. */
export function createMapFile({ path, clock, logger, pollMilliseconds = 100 }: MapFileOptions): MapSource {
  const newest = new NewestMap();
  let seen = '';
  const look = async (): Promise<void> => {
    try {
      const { mtimeNs, ino } = await stat(path, { bigint: true });
      const identity = `${ino}:${mtimeNs}`;
      if (identity !== seen) {
        newest.offer(await readMapFile(path));
        seen = identity;
      }
    } catch (error) {
      logger.warn('the file of the ShardMap cannot be used', { path, ...errorFields(error) });
    }
  };
  return {
    current: () => newest.current(),
    onChange: (handler) => newest.onChange(handler),
    async run(signal) {
      while (!signal.aborted) {
        await look();
        await clock.sleep(pollMilliseconds, signal).catch(() => {});
      }
    },
  };
}

/** Reads a ShardMap. Rejects when there is none, or none that can be understood. */
export async function readMapFile(path: string): Promise<ShardMapSpec> {
  return parseShardMap(JSON.parse(await readFile(path, 'utf8'))).spec;
}

/** Writes a ShardMap so that a reader sees the former one or this one, and never a part. */
export async function writeMapFile(path: string, name: string, spec: ShardMapSpec): Promise<void> {
  const object: ShardMap = {
    apiVersion: 'shardwright.io/v1alpha1',
    kind: 'ShardMap',
    metadata: { name, namespace: '' },
    spec,
  };
  await writeFile(`${path}.new`, JSON.stringify(object));
  await rename(`${path}.new`, path);
}
