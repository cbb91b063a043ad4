import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rootFileSystem } from '../mariadb/root-file-system.ts';
import { runProgram } from '../router/clients/run-client.ts';
import {
  APPLICATION_USER,
  createRouterWorld,
  KEYSPACE,
  type RouterWorld,
  type RouterWorldOptions,
} from '../router/router-world.ts';

const PROGRAM = resolve('test-e2e/router/clients/wordpress/site.php');
/** WordPress and its language, beside the database that the world's servers run. */
const INSTALLED = {
  packaged: { version: '11.8', suite: 'trixie' },
  furtherPackages: ['php-cli', 'php-mysql', 'wordpress'],
} as const;

const CONTENT = [
  'wp_posts',
  'wp_postmeta',
  'wp_comments',
  'wp_commentmeta',
  'wp_terms',
  'wp_termmeta',
  'wp_term_taxonomy',
  'wp_term_relationships',
  'wp_options',
  'wp_links',
];
const USERS = ['wp_users', 'wp_usermeta'];

const unsharded = (name: string): { name: string; type: 'Unsharded' } => ({ name, type: 'Unsharded' });

/** Rows of a table in each slot. */
async function rowsBySlot(world: RouterWorld, table: string): Promise<number[]> {
  return Promise.all(
    world.shards.flatMap((_servers, shard) =>
      world.slotsOf(shard).map(async (slot) => {
        const [row] = await world.primary(shard).query(`SELECT COUNT(*) AS n FROM app_s000${slot}.${table}`);
        return Number(row?.['n']);
      }),
    ),
  );
}

describe('WordPress through a router on two shards', () => {
  /** It installs itself, and is used; `look` looks at the servers behind its back. */
  const runSite = async (
    options: RouterWorldOptions,
    look: (world: RouterWorld) => Promise<void>,
    refusals: readonly string[] = [],
  ): Promise<void> => {
    const world = await createRouterWorld({ ...INSTALLED, ...options });
    try {
      await world.begin();
      const root = await rootFileSystem(INSTALLED.packaged, INSTALLED.furtherPackages);
      const program = (await readFile(PROGRAM, 'utf8')).replace('<?php', '');
      const target = ['127.0.0.1', String(world.router.port), APPLICATION_USER, world.password, KEYSPACE];
      const said = await runProgram(
        'chroot',
        [root, 'php', '-r', program, '--', ...target, ...refusals],
        '/',
      );
      expect(said).toBe('ok');
      await look(world);
    } finally {
      await world.close();
    }
  };

  it('works with all of its tables unsharded, on one shard', async () => {
    await runSite({ keyspace: { tables: [...CONTENT, ...USERS].map(unsharded) } }, async (world) => {
      const [row] = await world.primary(0).query('SELECT COUNT(*) AS n FROM `app$single`.wp_users');
      expect(Number(row?.['n'])).toBe(6);
    });
  });

  it('works with its users and what is known of them spread over slots', async () => {
    await runSite(
      {
        keyspace: {
          transactions: 'Multi',
          tables: [
            ...CONTENT.map(unsharded),
            { name: 'wp_users', key: 'ID' },
            { name: 'wp_usermeta', key: 'user_id' },
          ],
        },
      },
      async (world) => {
        const users = await rowsBySlot(world, 'wp_users');
        expect(users.reduce((sum, count) => sum + count, 0)).toBe(6);
        expect(users.filter((count) => count > 0).length).toBeGreaterThan(1);
        const known = await rowsBySlot(world, 'wp_usermeta');
        // What was known of the user who has gone is left: WordPress deletes it row by row, by numbers that are no key.
        const holders = known.map((count) => count > 0);
        expect(users.every((count, slot) => count === 0 || holders[slot] === true)).toBe(true);
      },
      [
        'The DELETE names no value of wp_usermeta.user_id, and would run in every slot of app. Compare wp_usermeta.user_id with a value; or, if every slot is meant, write the comment /*shardwright: all_slots */',
      ],
    );
  });
});
