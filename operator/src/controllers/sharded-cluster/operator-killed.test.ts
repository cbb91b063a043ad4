import { describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { ApiError } from '../../runtime/client/api-error.ts';
import { persistentVolumeClaims, secrets, statefulSets } from '../../runtime/resources.ts';
import { shardedClusters, shardMaps } from './resource-types.ts';
import { Harness } from './testing/harness.ts';

/** Some fifty lives of an operator, on a busy machine. */
const TIMEOUT_MILLISECONDS = 120_000;

const WRITES = new Set(['create', 'replace', 'apply', 'mergePatch', 'delete']);

/**
 * The server as seen by an operator that is killed at its write number `limit`: either just before the request
 * is sent, or after it has taken effect and before the answer arrives.
 */
function mortalClient(
  world: Harness,
  limit: number,
  moment: 'before' | 'after',
): { client: ApiClient; isDead: () => boolean } {
  let writes = 0;
  let dead = false;
  const die = (): never => {
    dead = true;
    throw new ApiError('Unavailable', 0, 'killed');
  };
  const client = new Proxy(world.server, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== 'function') {
        return member;
      }
      return async (...parameters: unknown[]) => {
        if (dead) {
          throw new ApiError('Unavailable', 0, 'killed');
        }
        if (!WRITES.has(String(property))) {
          return Reflect.apply(member, target, parameters) as unknown;
        }
        writes += 1;
        if (writes === limit && moment === 'before') {
          die();
        }
        if (writes === limit) {
          await Promise.allSettled([Reflect.apply(member, target, parameters)]);
          die();
        }
        return Reflect.apply(member, target, parameters) as unknown;
      };
    },
  });
  const watchable: ApiClient = Object.assign(Object.create(client) as ApiClient, {
    watch: world.server.watch.bind(world.server),
  });
  return { client: watchable, isDead: () => dead };
}

async function passwords(world: Harness): Promise<Record<string, string>> {
  const all = await world.list(secrets);
  return Object.fromEntries(
    all.map(({ metadata, data }) => [metadata?.name ?? '', data?.['password'] ?? '']),
  );
}

async function undisturbed(scenario: Scenario): Promise<readonly string[]> {
  const world = new Harness();
  world.start();
  await scenario.prepare(world);
  await scenario.act(world);
  await world.untilQuiet();
  await world.stop();
  return world.inventory();
}

interface Scenario {
  readonly name: string;
  prepare(world: Harness): Promise<void>;
  act(world: Harness): Promise<void>;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'creation',
    prepare: async () => {},
    act: async (world) => world.createCluster({ shards: 1, instances: 2 }),
  },
  {
    name: 'a second shard',
    async prepare(world) {
      await world.createCluster({ shards: 1, instances: 2 });
      await world.untilQuiet();
    },
    act: async (world) => world.changeSpec({ shards: 2 }),
  },
  {
    name: 'deletion under Retain',
    async prepare(world) {
      await world.createCluster({ shards: 1, instances: 2, deletionPolicy: 'Delete' });
      await world.untilQuiet();
    },
    async act(world) {
      await world.changeSpec({ deletionPolicy: 'Retain' });
      await world.delete(shardedClusters, 'demo');
    },
  },
  {
    name: 'deletion under Delete',
    async prepare(world) {
      await world.createCluster({ shards: 1, instances: 2, deletionPolicy: 'Delete' });
      await world.untilQuiet();
    },
    act: async (world) => world.delete(shardedClusters, 'demo'),
  },
];

describe.each(SCENARIOS)('an operator killed during $name', (scenario) => {
  it.each(['before', 'after'] as const)(
    'goes on from every write, killed %s it',
    async (moment) => {
      const expected = await undisturbed(scenario);
      let limit = 0;
      for (let died = true; died;) {
        limit += 1;
        const world = new Harness();
        world.start();
        await scenario.prepare(world);
        await world.untilQuiet();
        await world.stop();

        const { client, isDead } = mortalClient(world, limit, moment);
        world.start(client);
        await scenario.act(world);
        await world.untilQuiet();
        died = isDead();
        await world.stop();
        const secretsThen = await passwords(world);
        const mapThen = await world.get(shardMaps, 'demo');

        world.start();
        await world.untilQuiet();
        await world.stop();
        expect({ limit, objects: await world.inventory() }).toEqual({ limit, objects: expected });
        const kept = Object.entries(secretsThen).filter(([name]) => expected.includes(`Secret/${name}`));
        expect(await passwords(world)).toMatchObject(Object.fromEntries(kept));
        const mapNow = await world.get(shardMaps, 'demo');
        const decided = expected.includes('ShardMap/demo') ? (mapThen?.spec.shards ?? []) : [];
        expect((mapNow?.spec.shards ?? []).slice(0, decided.length)).toEqual(decided);
      }
      expect(limit).toBeGreaterThan(3);
    },
    TIMEOUT_MILLISECONDS,
  );
});

describe('an operator killed while it deletes volumes', () => {
  it('leaves none behind', async () => {
    const world = new Harness();
    world.start();
    await world.createCluster({ shards: 1, deletionPolicy: 'Delete' });
    await world.untilQuiet();
    await world.stop();
    const { client } = mortalClient(world, 3, 'after');
    world.start(client);
    await world.delete(shardedClusters, 'demo');
    await world.untilQuiet();
    await world.stop();
    world.start();
    await world.untilQuiet();
    await world.stop();
    expect(await world.list(statefulSets)).toEqual([]);
    expect(await world.list(persistentVolumeClaims)).toEqual([]);
  });
});
