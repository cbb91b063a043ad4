import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { readMapFile, writeMapFile } from './map-file.ts';
import { type MapSource, NewestMap } from './map-source.ts';

export interface KeptMapOptions {
  readonly source: MapSource;
  /** File that the last map is kept in; on a volume that outlives the process. */
  readonly path: string;
  /** Name of the ShardedCluster. */
  readonly cluster: string;
  readonly logger: Logger;
}

/**
 * A source that begins with the last map of the process before it, so that a router that was restarted serves while the
 * API server is away. Servers refuse what they do not own, so an old map costs an error and never a wrong row.
 */
export async function keepMap({ source, path, cluster, logger }: KeptMapOptions): Promise<MapSource> {
  const newest = new NewestMap();
  const former = await readMapFile(path).catch((error: unknown) => {
    logger.info('there is no map of a former process', { path, ...errorFields(error) });
    return undefined;
  });
  if (former !== undefined) {
    newest.offer(former);
  }
  let writing = Promise.resolve();
  const keep = (map: ShardMapSpec): void => {
    writing = writing
      .then(() => writeMapFile(path, cluster, map))
      .catch((error: unknown) => logger.warn('the map cannot be kept', { path, ...errorFields(error) }));
  };
  return {
    current: () => newest.current(),
    onChange: (handler) => newest.onChange(handler),
    async run(signal) {
      const stop = source.onChange((map) => {
        if (newest.offer(map)) {
          keep(map);
        }
      });
      try {
        await source.run(signal);
      } finally {
        stop();
        await writing;
      }
    },
  };
}
