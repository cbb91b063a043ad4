/** Planned changes of a primary: by the plugin, by the annotation, and because its pod is deleted. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ShardMapShard } from '../../operator/src/api/v1alpha1/index.ts';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { pods } from '../../operator/src/runtime/resources.ts';
import { ROW_TABLE } from '../database/row-writer.ts';
import { eventually } from '../install/eventually.ts';
import { type PluginOutcome, runPlugin } from '../sharded-cluster/plugin.ts';
import { shardStatus } from '../sharded-cluster/shard-status.ts';
import { WrittenShard } from '../sharded-cluster/written-shard.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'swap';
const MEMBERS = [0, 1, 2].map((ordinal) => `${CLUSTER}-shard-0-${ordinal}`);
/** A busy machine may be slow; the figures of an idle one are measured elsewhere. */
const LONGEST_GAP_MILLISECONDS = 6000;

let world: World;
let shard: WrittenShard;
let token = 0;

beforeAll(async () => {
  world = await World.open('switchover');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1 });
  await world.untilReady(CLUSTER);
  shard = new WrittenShard(world, CLUSTER);
  await shard.start();
});

afterAll(async () => {
  await shard?.stop();
  await world?.close();
});

/** `kubectl shardwright`, as `npm install` leaves it. */
function plugin(...words: readonly string[]): Promise<PluginOutcome> {
  return runPlugin(world, words);
}

/** Asks by the annotation, and returns what became of it. */
async function ask(to: string) {
  token += 1;
  const request = `${to}/${token}`;
  await world.patch(shardedClusters, CLUSTER, {
    metadata: { annotations: { 'switchover.shardwright.io/shard-0': request } },
  });
  return world.until(`the status tells of ${request}`, async () => {
    const { lastSwitchover } = await shardStatus(world, CLUSTER);
    return lastSwitchover?.request === request ? lastSwitchover : undefined;
  });
}

/** Another is primary, and the former one follows it and may acknowledge. */
async function untilReplaced(before: ShardMapShard): Promise<ShardMapShard> {
  const after = await shard.untilWhole(before.epoch + 1);
  expect(after.primary).not.toBe(before.primary);
  return after;
}

async function untilSettled(): Promise<void> {
  await shard.untilWhole();
  await world.untilReady(CLUSTER);
  await shard.untilAcknowledged(20);
  shard.takeLongestGap();
}

async function expectShortGap(what: string): Promise<void> {
  await shard.untilAcknowledged(20);
  const gap = shard.takeLongestGap();
  console.log(`${what}: gap ${gap.toFixed(0)} ms`);
  expect(gap).toBeLessThan(LONGEST_GAP_MILLISECONDS);
}

/** Events are written in the background. */
async function expectEvent(reason: string): Promise<void> {
  const reasons = async () => {
    const { items } = await world.kubectl.get<{ items: { reason: string }[] }>([
      'events',
      '--namespace',
      world.namespace,
    ]);
    return items.map((event) => event.reason);
  };
  expect(await eventually(reasons, (found) => found.includes(reason))).toContain(reason);
}

describe('a switchover by the plugin', () => {
  it('makes the pod that is named the primary, and loses nothing', async () => {
    await untilSettled();
    const before = await shard.entry();
    const to = before.replicas[1] ?? '';
    const { exitCode, out, err } = await plugin('switchover', CLUSTER, '0', '--to', to);
    expect({ exitCode, err }).toMatchObject({ exitCode: 0 });
    expect(out).toMatch(
      new RegExp(`^${to} is the primary of swap-shard-0 in epoch ${before.epoch + 1}`, 'u'),
    );
    expect(await untilReplaced(before)).toMatchObject({ primary: to, epoch: before.epoch + 1 });
    await expectShortGap('plugin');
    expect(await shard.findLost()).toEqual([]);
  });

  it('is told of in the status and in an event', async () => {
    const status = await eventually(
      () => shardStatus(world, CLUSTER),
      ({ lastSwitchover, lastFailover }) => lastSwitchover !== undefined && lastFailover !== undefined,
    );
    expect(status.lastSwitchover).toMatchObject({ outcome: 'Completed' });
    expect(status.lastFailover).toMatchObject({ reason: 'Switchover' });
    await expectEvent('SwitchedOver');
  });

  it('refuses what cannot be, with the reason and without asking', async () => {
    const { primary } = await shard.entry();
    expect(await plugin('switchover', CLUSTER, '0', '--to', primary ?? '')).toMatchObject({ exitCode: 0 });
    expect(await plugin('switchover', CLUSTER, '7')).toMatchObject({ exitCode: 1 });
    expect(await plugin('promote', CLUSTER, '0', '--to', '1', '--accept-data-loss')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('has a healthy primary'),
    });
  });

  it('shows every instance', async () => {
    await untilSettled();
    const read = async () => {
      const { out } = await plugin('status', CLUSTER, '--output', 'json');
      return JSON.parse(out) as { shards: { primary: string; instances: { healthy: boolean }[] }[] };
    };
    const report = await eventually(
      read,
      ({ shards }) => shards[0]?.instances.every(({ healthy }) => healthy) === true,
    );
    expect(report.shards[0]?.primary).toBe((await shard.entry()).primary);
    expect(report.shards[0]?.instances.map(({ healthy }) => healthy)).toEqual([true, true, true]);
    const isTold = ({ out }: PluginOutcome) => out.includes('FailoverBlocked: False');
    const told = await eventually(() => plugin('status', CLUSTER), isTold);
    expect(told.out).toContain('FailoverBlocked: False');
  });
});

describe('a switchover by the annotation', () => {
  it('is carried out once', async () => {
    await untilSettled();
    const before = await shard.entry();
    expect(await ask('any')).toMatchObject({ outcome: 'Completed' });
    const after = await untilReplaced(before);
    await expectShortGap('annotation');
    await untilSettled();
    expect(await shard.entry()).toMatchObject({ epoch: after.epoch, primary: after.primary });
    expect(await shard.findLost()).toEqual([]);
  });

  it('is refused while the pod that is named lags', async () => {
    await untilSettled();
    const { replicas, primary, epoch } = await shard.entry();
    const [to = ''] = replicas;
    const session = await shard.connect(to);
    await session.query(`LOCK TABLES ${ROW_TABLE} READ`);
    try {
      // After a promotion it may be unready already. Behind by so much its agent makes it so, and that is more than a switchover puts up with.
      await delay(5000);
      await world.until(`${to} is unfit for reads`, async () =>
        (await world.require(pods, to)).status?.conditions?.some(
          ({ type, status }) => type === 'Ready' && status === 'False',
        )
          ? true
          : undefined,
      );
      expect(await ask(to)).toMatchObject({
        outcome: 'Refused',
        message: expect.stringMatching(new RegExp(`${to} lags \\d+\\.\\d s behind`, 'u')),
      });
    } finally {
      await session.query('UNLOCK TABLES');
      session.close();
    }
    expect(await shard.entry()).toMatchObject({ primary, epoch });
  });

  it('is refused while a transaction has been open for long', async () => {
    await untilSettled();
    const { primary, epoch } = await shard.entry();
    const session = await shard.connect(primary ?? '');
    await session.query('START TRANSACTION');
    await session.query(`INSERT INTO ${ROW_TABLE} VALUES ('long', 1)`);
    // Five seconds are too long; agents look every two, and a busy machine is late.
    await delay(12_000);
    expect(await ask('any')).toMatchObject({
      outcome: 'Refused',
      message: expect.stringContaining('has been open for'),
    });
    await session.query('ROLLBACK');
    session.close();
    expect(await shard.entry()).toMatchObject({ primary, epoch });
    await expectEvent('SwitchoverRefused');
  });

  it('is undone when the candidate dies while it is awaited', async () => {
    await untilSettled();
    const { replicas, primary, epoch } = await shard.entry();
    const [to = ''] = replicas;
    await shard.signal([to], 'server', 'SIGSTOP');
    try {
      expect(await ask(to)).toMatchObject({ outcome: expect.stringMatching(/^(Undone|Refused)$/u) });
      await shard.untilAcknowledged(20);
    } finally {
      await shard.signal([to], 'server', 'SIGCONT');
    }
    expect(await shard.entry()).toMatchObject({ primary, epoch });
    expect(await shard.findLost()).toEqual([]);
  });
});

describe('a primary whose node is drained', () => {
  it('hands over before it is evicted', async () => {
    await untilSettled();
    const before = await shard.entry();
    const node = (await world.require(pods, before.primary ?? '')).spec?.nodeName ?? '';
    const selector = `statefulset.kubernetes.io/pod-name=${before.primary}`;
    try {
      await world.kubectl.run([
        'drain',
        node,
        `--pod-selector=${selector}`,
        '--delete-emptydir-data',
        '--timeout=240s',
      ]);
    } finally {
      await world.kubectl.run(['uncordon', node]);
    }
    await untilReplaced(before);
    await expectShortGap('drained');
    expect(await shard.findLost()).toEqual([]);
  });
});

describe('a primary whose pod is deleted', () => {
  it('hands over within the grace period', async () => {
    await untilSettled();
    const before = await shard.entry();
    await world.delete(pods, before.primary ?? '');
    const after = await untilReplaced(before);
    expect(after.epoch).toBe(before.epoch + 1);
    expect(MEMBERS).toContain(after.primary);
    await expectShortGap('pod deleted');
    await untilSettled();
    expect(await shard.findLost()).toEqual([]);
    const { lastFailover } = await eventually(
      () => shardStatus(world, CLUSTER),
      (status) => status.lastFailover?.epoch === after.epoch,
    );
    expect(lastFailover).toMatchObject({ reason: 'Switchover' });
  });
});
