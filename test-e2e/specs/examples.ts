/** The ShardedClusters of the files in `examples/`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { Fields } from './refused-spec.ts';

const FOLDER = join(import.meta.dirname, '../../examples');

/** A ShardedCluster, and the file it stands in. */
export interface Example {
  readonly file: string;
  readonly cluster: Fields;
}

/** Every ShardedCluster of every example, read when asked for. */
export function readExamples(): Example[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));
  return files.flatMap((file) =>
    (loadAll(readFileSync(join(FOLDER, file), 'utf8')) as Fields[])
      .filter(({ kind }) => kind === 'ShardedCluster')
      .map((cluster) => ({ file, cluster })),
  );
}
