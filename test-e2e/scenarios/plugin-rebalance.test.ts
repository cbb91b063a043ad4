/** A person's words about moves, by the plugin: scale, look on, roll back, spread again, cancel, move by hand. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseShardRebalance } from '../../operator/src/api/v1alpha1/index.ts';
import { shardMaps, shardRebalances } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { type PluginOutcome, runPlugin } from '../sharded-cluster/plugin.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'words';
const SLOTS = 8;
const ROWS = 200;
/** Patience with moves on a busy machine, in seconds. */
const PATIENCE = '--timeout=400';

let world: World;

beforeAll(async () => {
  world = await World.open('plugin-rebalance');
  await world.startOperator();
  await world.createCluster(CLUSTER, {
    shards: 2,
    instances: 1,
    router: { replicas: 1 },
    rebalance: { soakSeconds: 3600 },
    keyspaces: [{ name: 'app', slots: SLOTS, defaultKey: 'id', transactions: 'Multi' }],
  });
  await world.untilReady(CLUSTER);
  await world.until('a router takes tables', async () => {
    const made = await sql('CREATE TABLE IF NOT EXISTS items (id BIGINT PRIMARY KEY, note TEXT)');
    return made.exitCode === 0 ? made : undefined;
  });
  const values = Array.from({ length: ROWS }, (_, id) => `(${id}, REPEAT('x', 100))`).join(', ');
  const filled = await sql(`INSERT INTO items VALUES ${values}`);
  if (filled.exitCode !== 0) {
    throw new Error(filled.err);
  }
});

afterAll(async () => {
  await world?.close();
});

async function plugin(...words: readonly string[]): Promise<PluginOutcome> {
  return runPlugin(world, words);
}

async function sql(statements: string): Promise<PluginOutcome> {
  return runPlugin(
    world,
    ['sql', CLUSTER],
    ['--batch', '--skip-column-names', 'app', `--execute=${statements}`],
  );
}

/** Number of slots of each shard. */
async function counts(): Promise<number[]> {
  const { keyspaces = [] } = (await world.map(CLUSTER)).spec;
  const owners = keyspaces[0]?.slotsByShard ?? [];
  return [0, 1, 2].map((number) => {
    const slots = owners.find(({ shard }) => shard === number)?.slots ?? '';
    return slots === ''
      ? 0
      : slots
          .split(',')
          .map((part) => part.split('-').map(Number))
          .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
  });
}

async function expectAllThere(rows: number): Promise<void> {
  expect(await sql('SELECT COUNT(*) FROM items')).toMatchObject({ exitCode: 0, out: `${rows}\n` });
  expect(await plugin('report', CLUSTER)).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining(`${rows} rows in slots`),
  });
}

describe('the plugin', () => {
  it('scales out, and looks on until all is cut over', async () => {
    expect(await plugin('scale', CLUSTER, '--shards', '3')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('say --yes'),
    });
    expect(await plugin('scale', CLUSTER, '--shards', '3', '--yes')).toMatchObject({ exitCode: 0 });
    await world.until('there is a rebalance', async () => {
      const { out } = await plugin('rebalance', 'list', CLUSTER);
      return out.includes('to 3 shards') ? out : undefined;
    });
    const watched = await plugin('rebalance', 'watch', CLUSTER, '--until-soaking', PATIENCE);
    expect(watched).toMatchObject({ exitCode: 0, err: '' });
    expect(watched.out).toContain('] 3/3 cut over');
    expect(await counts()).toEqual([3, 3, 2]);
    await expectAllThere(ROWS);
  });

  it('rolls back with what was written since', async () => {
    expect(await sql(`INSERT INTO items VALUES (${ROWS}, 'later'), (${ROWS + 1}, 'later')`)).toMatchObject({
      exitCode: 0,
    });
    expect(await plugin('rebalance', 'rollback', CLUSTER, '--yes')).toMatchObject({ exitCode: 0 });
    const watched = await plugin('rebalance', 'watch', CLUSTER, PATIENCE);
    expect(watched).toMatchObject({ exitCode: 0 });
    expect(watched.out).toContain('RolledBack');
    expect(await counts()).toEqual([4, 4, 0]);
    await expectAllThere(ROWS + 2);
  });

  it('spreads the slots again when it is told the same number once more', async () => {
    const again = await plugin('scale', CLUSTER, '--shards', '3', '--yes');
    expect(again).toMatchObject({ exitCode: 0, out: expect.stringContaining('was created') });
    expect(await plugin('rebalance', 'watch', CLUSTER, '--until-soaking', PATIENCE)).toMatchObject({
      exitCode: 0,
    });
    expect(await counts()).toEqual([3, 3, 2]);
  });

  it('reports where slots are though their map is deleted while they soak, and it comes back', async () => {
    const before = await world.map(CLUSTER);
    // The copy of the reference tables has stayed when the slots were rolled back.
    expect(before.spec.moves?.map(({ phase }) => phase)).toEqual(['Soaking', 'Soaking']);
    await world.delete(shardMaps, CLUSTER);
    const told = await plugin('report', CLUSTER);
    expect(told.out).not.toContain('UNSETTLED');
    const after = await world.until('there is a ShardMap again', async () => {
      const found = await world.get(shardMaps, CLUSTER);
      return found === undefined || found.metadata.uid === before.metadata.uid ? undefined : found;
    });
    expect(after.spec.keyspaces).toEqual(before.spec.keyspaces);
    expect(after.spec.shards.map(({ primary, epoch }) => [primary, epoch])).toEqual(
      before.spec.shards.map(({ primary, epoch }) => [primary, epoch]),
    );
    await world.changeSpec(CLUSTER, { rebalance: { soakSeconds: 0 } });
    const ended = await plugin('rebalance', 'watch', CLUSTER, PATIENCE);
    expect(ended).toMatchObject({ exitCode: 0, out: expect.stringContaining('Completed') });
    await expectAllThere(ROWS + 2);
  });

  it('moves one slot by hand, and cancels what is paused without a trace', async () => {
    await world.changeSpec(CLUSTER, { rebalance: { paused: true } });
    // The operator has seen it before a move is asked for.
    await world.untilReady(CLUSTER);
    expect(await plugin('move', CLUSTER, 'app', '0', '--to', '2', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await plugin('rebalance', 'cancel', CLUSTER, '--yes')).toMatchObject({ exitCode: 0 });
    expect(await plugin('rebalance', 'watch', CLUSTER, PATIENCE)).toMatchObject({
      out: expect.stringContaining('Cancelled'),
    });
    expect(await counts()).toEqual([3, 3, 2]);
    await world.changeSpec(CLUSTER, { rebalance: { paused: false } });
    await world.untilReady(CLUSTER);
    expect(await plugin('move', CLUSTER, 'app', '0', '--to', '2', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await plugin('rebalance', 'watch', CLUSTER, PATIENCE)).toMatchObject({
      out: expect.stringContaining('Completed'),
    });
    expect(await counts()).toEqual([2, 3, 3]);
    await expectAllThere(ROWS + 2);
  });

  it('approves and pauses a plan that waits for consent, and tries again one that was cancelled', async () => {
    await world.changeSpec(CLUSTER, { rebalance: { approval: 'Manual' } });
    await world.untilReady(CLUSTER);
    const ask = async (name: string): Promise<void> => {
      const object = parseShardRebalance({
        apiVersion: 'shardwright.io/v1alpha1',
        kind: 'ShardRebalance',
        metadata: { name, namespace: world.namespace },
        spec: { clusterName: CLUSTER, moves: [{ keyspace: 'app', slot: 1, to: 2 }] },
      });
      await world.client.create(shardRebalances, object, new AbortController().signal);
    };
    const untilShown = (name: string, words: RegExp) =>
      world.until(`${name} shows ${words.source}`, async () => {
        const { out } = await plugin('rebalance', 'show', name);
        return words.test(out) ? out : undefined;
      });
    const before = await counts();

    await ask('first');
    await untilShown('first', /AwaitingApproval/u);
    expect(await plugin('rebalance', 'cancel', 'first', '--yes')).toMatchObject({ exitCode: 0 });
    await untilShown('first', /Cancelled/u);
    expect(await counts()).toEqual(before);

    await ask('second');
    await untilShown('second', /AwaitingApproval/u);
    expect(await plugin('rebalance', 'pause', 'second')).toMatchObject({ exitCode: 0 });
    expect(await plugin('rebalance', 'approve', 'second')).toMatchObject({ exitCode: 0 });
    await untilShown('second', /Held[^]*paused/u);
    expect(await counts()).toEqual(before);
    expect(await plugin('rebalance', 'retry', 'second', '--yes')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('has not ended'),
    });
    expect(await plugin('rebalance', 'cancel', 'second', '--yes')).toMatchObject({ exitCode: 0 });
    await untilShown('second', /Cancelled/u);

    const again = await plugin('rebalance', 'retry', 'second', '--yes');
    expect(again).toMatchObject({ exitCode: 0, out: expect.stringContaining('was created') });
    const [, name = ''] = /ShardRebalance (\S+) was created/u.exec(again.out) ?? [];
    expect(await plugin('rebalance', 'watch', name, PATIENCE)).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('Completed'),
    });
    expect(await counts()).not.toEqual(before);
    await expectAllThere(ROWS + 2);
  });
});
