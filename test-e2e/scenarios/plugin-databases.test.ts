/** The plugin reaches into the databases of a cluster: where a key is, SQL, plans with sizes, logs, and the audit. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PluginOutcome, runPlugin } from '../sharded-cluster/plugin.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'reach';
const ROWS = 40;

let world: World;

beforeAll(async () => {
  world = await World.open('plugin-databases');
  await world.startOperator();
  await world.createCluster(CLUSTER, {
    shards: 2,
    instances: 1,
    router: { replicas: 1 },
    keyspaces: [
      {
        name: 'app',
        slots: 8,
        defaultKey: 'id',
        transactions: 'Multi',
        tables: [{ name: 'lands', type: 'Reference' }],
      },
    ],
  });
  await world.untilReady(CLUSTER);
  await world.until('routers take tables', async () => {
    const made = await sql(
      'CREATE TABLE IF NOT EXISTS items (id BIGINT PRIMARY KEY, note TEXT); ' +
        'CREATE TABLE IF NOT EXISTS lands (id INT PRIMARY KEY, name VARCHAR(40))',
    );
    return made.exitCode === 0 ? made : undefined;
  });
  const values = Array.from({ length: ROWS }, (_, id) => `(${id}, 'tab\\tand\\nline')`).join(', ');
  const filled = await sql(`INSERT INTO items VALUES ${values}; INSERT INTO lands VALUES (1, 'Iceland')`);
  if (filled.exitCode !== 0) {
    throw new Error(filled.err);
  }
});

afterAll(async () => {
  await world?.close();
});

async function plugin(words: readonly string[], behind: readonly string[] = []): Promise<PluginOutcome> {
  return runPlugin(world, words, behind);
}

async function sql(statements: string, ...where: readonly string[]): Promise<PluginOutcome> {
  return plugin(
    ['sql', CLUSTER, ...where],
    ['--batch', '--skip-column-names', ...(where.length === 0 ? ['app'] : []), `--execute=${statements}`],
  );
}

describe('the plugin', () => {
  it('is the application at the routers, and the administrator at a shard', async () => {
    expect(await sql('SELECT COUNT(*) FROM items')).toMatchObject({ exitCode: 0, out: `${ROWS}\n` });
    expect(await sql('SELECT @@hostname', '--shard', '1')).toMatchObject({ out: 'reach-shard-1-0\n' });
    expect(await sql('SELECT nonsense FROM items')).toMatchObject({ exitCode: 1 });
  });

  it('finds a key where its row is', async () => {
    for (const id of ['0', '7', '39']) {
      const { out, exitCode, err } = await plugin(['where', CLUSTER, 'app', id, '-o', 'json']);
      expect({ exitCode, err }).toMatchObject({ exitCode: 0 });
      const { database, shard, columnType } = JSON.parse(out) as Record<string, string>;
      expect(columnType).toBe('bigint(20)');
      const number = String(shard).replace(/^.*-/u, '');
      const found = await sql(`SELECT id FROM ${database}.items WHERE id = ${id}`, '--shard', number);
      expect(found).toMatchObject({ exitCode: 0, out: `${id}\n` });
    }
  });

  it('plans with what the databases take, and creates nothing', async () => {
    const { out, exitCode } = await plugin(['plan', CLUSTER, '--shards', '3', '-o', 'json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      shardsBefore: 2,
      shardsAfter: 3,
      moveCount: 3,
      shareMoved: 0.25,
      problems: [],
      warnings: [],
      bytes: expect.any(Number),
      durationSeconds: { least: expect.any(Number) },
    });
    expect(await plugin(['rebalance', 'list'])).toMatchObject({ out: 'There are no rebalances.\n' });
  });

  it('shows the logs of all pods', async () => {
    const { out, exitCode } = await plugin(['logs', CLUSTER, '--tail', '3']);
    expect(exitCode).toBe(0);
    expect(out).toContain('[pod/reach-shard-1-0/agent]');
    expect(out).toMatch(/\[pod\/reach-router-/u);
  });

  it('audits, and finds a row that somebody put into the wrong slot', async () => {
    expect(await plugin(['report', CLUSTER])).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining(`${ROWS} rows in slots`),
    });
    const { out } = await plugin(['where', CLUSTER, 'app', '1000', '-o', 'json']);
    const { slot } = JSON.parse(out) as { slot: number };
    const wrong = (slot + 4) % 8;
    const shard = wrong < 4 ? '0' : '1';
    const put = await sql(`INSERT INTO app_s000${wrong}.items VALUES (1000, 'lost')`, '--shard', shard);
    expect(put).toMatchObject({ exitCode: 0 });
    const report = await plugin(['report', CLUSTER, '-o', 'json']);
    expect(report.exitCode).toBe(1);
    expect(JSON.parse(report.out)).toMatchObject({
      problems: [{ kind: 'RowsMisplaced', shard: Number(shard) }],
    });
  });
});
