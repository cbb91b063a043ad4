/** SQL on the primaries of a cluster, inside of their pods. */
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import { PluginFailure } from './failure.ts';
import { AGENT_ACCOUNT_FILE, DATABASE_CONTAINER } from './pod-paths.ts';
import type { PluginSession } from './session.ts';

/** Reads on the primary of a shard: rows of texts. NULL is the text `NULL`. */
export type ShardQuery = (shard: number, sql: string) => Promise<readonly (readonly string[])[]>;

/**
 * Queries by the agent's account, in transactions that read only. They throw `PluginFailure` where a shard has no primary, or
 * the statement fails.
 */
export function shardQuery(
  { kubectl }: Pick<PluginSession, 'kubectl'>,
  shards: readonly Pick<ShardMapShard, 'number' | 'name' | 'primary'>[],
  signal: AbortSignal,
): ShardQuery {
  return async (number, sql) => {
    const shard = shards.find((each) => each.number === number);
    if (shard === undefined || shard.primary === null) {
      throw new PluginFailure(
        'Failed',
        `${shard?.name ?? `shard ${number}`} has no primary now: try again later`,
      );
    }
    const program = [
      'mariadb',
      `--defaults-file=${AGENT_ACCOUNT_FILE}`,
      '--default-character-set=utf8mb4',
      '--batch',
      '--skip-column-names',
    ];
    const output = await kubectl.capture(
      ['exec', '--stdin', shard.primary, `--container=${DATABASE_CONTAINER}`, '--', ...program],
      `SET SESSION TRANSACTION READ ONLY;\n${sql};\n`,
      signal,
    );
    return readBatch(output);
  };
}

/** Rows of what the client prints with `--batch`: columns divided by tabs, with escapes. */
export function readBatch(output: string): readonly (readonly string[])[] {
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t').map(readEscapes));
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '0': '\0', '\\': '\\' };

function readEscapes(text: string): string {
  return text.replaceAll(/\\([nt0\\])/gu, (escape, letter: string) => ESCAPES[letter] ?? escape);
}
