/**
 * A primary that runs and cannot be reached, or does not answer: another takes over, and it kills itself or is killed. Unless
 * acknowledged writes may be elsewhere: then it is up to the policy, or to a person.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { switchoverAnnotation } from '../../operator/src/api/v1alpha1/index.ts';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { pods } from '../../operator/src/runtime/resources.ts';
import { findPodProcesses } from '../chaos/stage/pod-processes.ts';
import { actOnNode } from '../cluster/provider.ts';
import { runPlugin } from '../sharded-cluster/plugin.ts';
import { shardStatus } from '../sharded-cluster/shard-status.ts';
import { WrittenShard } from '../sharded-cluster/written-shard.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'silent';
/** A busy machine may be slow; the figures of an idle one are measured elsewhere. */
const LONGEST_MILLISECONDS = 30_000;

let world: World;
let shard: WrittenShard;
let isolated: string | undefined;
let frozen: readonly string[] = [];

beforeAll(async () => {
  world = await World.open('primary-unreachable');
  await world.startOperator();
  await world.createCluster(CLUSTER, {
    shards: 1,
    podAntiAffinity: 'Required',
    failover: { minSecondsBetween: 0 },
  });
  await world.untilReady(CLUSTER);
  shard = new WrittenShard(world, CLUSTER);
  await shard.start();
});

afterAll(async () => {
  try {
    if (isolated !== undefined) {
      await actOnNode('heal', isolated);
    }
    await shard?.signal(frozen, 'server', 'SIGCONT');
    await shard?.signal(frozen, 'agent', 'SIGCONT');
    await shard?.stop();
  } finally {
    await world?.close();
  }
});

/** Stops agent and server of a pod, so that nothing is heard of it. */
async function freeze(pod: string): Promise<void> {
  frozen = [...frozen, pod];
  await shard.signal([pod], 'agent', 'SIGSTOP');
  await shard.signal([pod], 'server', 'SIGSTOP');
}

/**
 * Lets them go on: the agents first. A deposed primary and a replica whose servers went on together would acknowledge to each
 * other what was under way, which is the loss that was accepted.
 */
async function thaw(): Promise<void> {
  const names = frozen;
  frozen = [];
  const uids = await Promise.all(
    names.map(async (name) => (await world.require(pods, name)).metadata?.uid ?? ''),
  );
  const deposed = findPodProcesses(uids.at(-1) ?? '', 'server');
  await shard.signal(names, 'agent', 'SIGCONT');
  if (deposed.length > 0) {
    await world.until('the agent of the deposed primary has killed its server', async () =>
      findPodProcesses(uids.at(-1) ?? '', 'server').some((pid) => deposed.includes(pid)) ? undefined : true,
    );
  }
  await shard.signal(names, 'server', 'SIGCONT');
}

async function nodeOf(pod: string): Promise<string> {
  return (await world.require(pods, pod)).spec?.nodeName ?? '';
}

/** Nodes on which servers of names run. */
async function nodesOfDns(): Promise<readonly string[]> {
  const found = await world.kubectl.get<{ items: { spec?: { nodeName?: string } }[] }>([
    'pods',
    '--namespace=kube-system',
    '--selector=k8s-app=kube-dns',
  ]);
  return found.items.map(({ spec }) => spec?.nodeName ?? '');
}

/** Makes a pod the primary. It is asked for again where it was refused, as while the pod lags behind. */
async function handOverTo(pod: string): Promise<void> {
  let token = 0;
  await world.until(`${pod} is the primary`, async () => {
    token += 1;
    const request = `${pod}/${token}`;
    const annotations = { [switchoverAnnotation(0)]: request };
    await world.patch(shardedClusters, CLUSTER, { metadata: { annotations } });
    const outcome = await world.until(`the status tells of ${request}`, async () => {
      const { lastSwitchover } = await shardStatus(world, CLUSTER);
      return lastSwitchover?.request === request ? lastSwitchover.outcome : undefined;
    });
    return outcome === 'Completed' ? true : undefined;
  });
}

/** What the last promotion took, from the first sign to the first write, and why it came about. */
async function lastPromotion(
  epoch: number,
): Promise<{ readonly reason: string; readonly milliseconds: number }> {
  return world.until(`the promotion of epoch ${epoch} is told of`, async () => {
    const { items } = await world.kubectl.get<{ items: { reason: string; note: string }[] }>([
      'events.events.k8s.io',
      `--namespace=${world.namespace}`,
    ]);
    const note = items.find(
      ({ reason, note: text }) => reason === 'Promoted' && text.includes(`epoch ${epoch},`),
    )?.note;
    const [, reason, milliseconds] = /\((\w+)\); (\d+) ms/u.exec(note ?? '') ?? [];
    return reason === undefined ? undefined : { reason, milliseconds: Number(milliseconds) };
  });
}

describe('a primary whose server is stopped', () => {
  it('is killed and replaced, and comes back as a replica', async () => {
    const { primary, epoch } = await shard.entry();
    await shard.signal([primary ?? ''], 'server', 'SIGSTOP');
    const after = await shard.untilWhole(epoch + 1);
    expect(after).toMatchObject({ epoch: epoch + 1 });
    expect(after.primary).not.toBe(primary);
    const { reason, milliseconds } = await lastPromotion(epoch + 1);
    expect(reason).toBe('Hung');
    expect(milliseconds).toBeLessThan(LONGEST_MILLISECONDS);
    await shard.untilAcknowledged(20);
    expect(await shard.findLost()).toEqual([]);
  });
});

describe('a primary whose node is cut off', () => {
  it('is replaced, though a server of names is cut off with it, and comes back as a replica', async () => {
    const before = await shard.untilWhole();
    const dns = await nodesOfDns();
    const members = [before.primary ?? '', ...before.replicas];
    const nodes = await Promise.all(members.map(nodeOf));
    const chosen = members.find((_, index) => dns.includes(nodes[index] ?? '')) ?? '';
    let { epoch } = before;
    if (chosen !== before.primary) {
      await handOverTo(chosen);
      ({ epoch } = await shard.untilWhole(epoch + 1));
      await shard.untilAcknowledged(20);
    }
    isolated = await nodeOf(chosen);
    await actOnNode('isolate', isolated);
    await world.until('another is primary', async () => {
      const { primary } = await shard.entry();
      return primary !== null && primary !== chosen ? true : undefined;
    });
    const { reason, milliseconds } = await lastPromotion(epoch + 1);
    expect(reason).toBe('Unreachable');
    expect(milliseconds).toBeLessThan(LONGEST_MILLISECONDS);
    await actOnNode('heal', isolated);
    isolated = undefined;
    await shard.untilWhole(epoch + 1);
    await shard.untilAcknowledged(20);
    expect(await shard.findLost()).toEqual([]);
  });
});

describe('a primary and a replica of which nothing is heard', () => {
  /** The replica that is still there, once the others are frozen. */
  async function leaveOne(): Promise<{
    readonly left: string;
    readonly away: string;
    readonly epoch: number;
  }> {
    const { primary, replicas, epoch } = await shard.untilWhole();
    const [away = '', left = ''] = replicas;
    await freeze(away);
    // The one that is left then has everything that was acknowledged, though nobody can know that.
    await shard.untilAcknowledged(5);
    await freeze(primary ?? '');
    return { left, away, epoch };
  }

  async function expectPromoted(left: string, away: string, epoch: number): Promise<void> {
    await thaw();
    expect(await shard.untilWhole(epoch + 1)).toMatchObject({ primary: left, epoch: epoch + 1 });
    await world.until('what may be missing is told', async () => {
      const { lastFailover } = await shardStatus(world, CLUSTER);
      return lastFailover?.epoch === epoch + 1 && lastFailover.mayBeMissing?.includes(away)
        ? true
        : undefined;
    });
    await shard.untilAcknowledged(20);
    expect(await shard.findLost()).toEqual([]);
    await world.untilCondition(CLUSTER, 'FailoverBlocked', 'False/NotBlocked');
  }

  it('are waited for, until a person decides', async () => {
    const { left, away, epoch } = await leaveOne();
    await world.untilCondition(CLUSTER, 'FailoverBlocked', 'True/AckersUnreachable');
    const { status } = await world.require(shardedClusters, CLUSTER);
    const told = status?.conditions?.find(({ type }) => type === 'FailoverBlocked')?.message ?? '';
    expect(told).toContain(`may be on ${away} and nowhere else`);
    expect(told).toContain(`promote ${left}, which may lose acknowledged writes: kubectl annotate`);
    expect((await shard.entry()).epoch).toBe(epoch);
    const words = ['promote', CLUSTER, '0', '--to', left];
    expect(await runPlugin(world, words)).toMatchObject({ exitCode: 2 });
    expect((await shard.entry()).epoch).toBe(epoch);
    expect(await runPlugin(world, [...words, '--accept-data-loss'])).toMatchObject({ exitCode: 0 });
    await expectPromoted(left, away, epoch);
  });

  it('are not waited for under the policy Availability', async () => {
    await world.changeSpec(CLUSTER, { failover: { minSecondsBetween: 0, policy: 'Availability' } });
    await world.untilReady(CLUSTER);
    const { left, away, epoch } = await leaveOne();
    await world.until('the one that is left is primary', async () =>
      (await shard.entry()).primary === left ? true : undefined,
    );
    await expectPromoted(left, away, epoch);
    expect((await shard.entry()).primary).toBe(left);
  });
});
