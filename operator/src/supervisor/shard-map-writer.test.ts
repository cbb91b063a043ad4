import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ShardMap, ShardMapShard } from '../api/v1alpha1/index.ts';
import { shardMaps } from '../controllers/sharded-cluster/resource-types.ts';
import { createInformer, type Informer } from '../runtime/cache/informer.ts';
import { ApiError } from '../runtime/client/api-error.ts';
import { silentLogger } from '../runtime/logger.ts';
import { FakeApiServer } from '../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import { type ShardEdit, ShardMapWriter } from './shard-map-writer.ts';
import { aShard } from './testing/observations.ts';

const NEVER = new AbortController().signal;
const KEY = { namespace: 'test', name: 'demo' };

let server: FakeApiServer;
let maps: Informer<ShardMap>;
let writer: ShardMapWriter;
let stop: AbortController;

beforeEach(async () => {
  const clock = new FakeClock();
  server = new FakeApiServer(clock);
  stop = new AbortController();
  const shards = [aShard(), aShard({ number: 1, name: 'demo-shard-1' })];
  const map: ShardMap = {
    apiVersion: 'shardwright.io/v1alpha1',
    kind: 'ShardMap',
    metadata: { ...KEY },
    spec: { revision: 7, shards },
  };
  await server.create(shardMaps, map, NEVER);
  maps = createInformer({ client: server, clock, logger: silentLogger, random: () => 0.5, type: shardMaps });
  void maps.run(stop.signal);
  await settle();
  writer = new ShardMapWriter(server, maps);
});

afterEach(() => {
  stop.abort();
});

const raise = (shard: ShardMapShard): ShardMapShard => ({ ...shard, epoch: shard.epoch + 1 });
const change = (number = 0, edit: ShardEdit = raise) => writer.change(KEY, number, edit, NEVER);

async function stored(): Promise<ShardMap | undefined> {
  return server.get(shardMaps, KEY, NEVER);
}

function verbs(): readonly string[] {
  return server.requests.map(({ verb }) => verb).filter((verb) => verb === 'get' || verb === 'replace');
}

describe('a writer of maps', () => {
  it('writes upon what is cached, without reading first', async () => {
    expect(await change()).toMatchObject({ epoch: 4 });
    expect(verbs()).toEqual(['replace']);
    expect((await stored())?.spec).toMatchObject({ revision: 8, shards: [{ epoch: 4 }, { epoch: 3 }] });
  });

  it('has the API server keep no account of who set which field', async () => {
    const replace = jest.spyOn(server, 'replace');
    await change();
    expect(replace.mock.calls[0]?.[1].metadata).toMatchObject({ ...KEY, managedFields: [{}] });
  });

  it('knows what it wrote before the cache does', async () => {
    await change();
    await change();
    expect(verbs()).toEqual(['replace', 'replace']);
    expect(writer.get(KEY)?.spec.revision).toBe(9);
  });

  it('serves the shards of a map one after the other', async () => {
    await Promise.all([change(0), change(1), change(0)]);
    expect(verbs()).toEqual(['replace', 'replace', 'replace']);
    expect((await stored())?.spec).toMatchObject({ revision: 10, shards: [{ epoch: 5 }, { epoch: 4 }] });
  });

  it('reads anew after a conflict, and asks again what is to be written', async () => {
    server.beforeRequest = async ({ verb }) => {
      if (verb === 'replace') {
        server.beforeRequest = undefined;
        const map = await stored();
        if (map !== undefined) {
          const spec = { revision: 8, shards: map.spec.shards.map((shard) => ({ ...shard, epoch: 40 })) };
          await server.replace(shardMaps, { ...map, spec }, {}, NEVER);
        }
      }
    };
    expect(await change()).toMatchObject({ epoch: 41 });
  });

  it('leaves the map when there is nothing to be written any more', async () => {
    expect(await change(0, () => undefined)).toBeUndefined();
    expect(await change(9)).toBeUndefined();
    expect(verbs()).toEqual([]);
  });

  it('goes on after a write that failed', async () => {
    server.beforeRequest = () => {
      throw new ApiError('Unavailable', 503, 'no leader');
    };
    await expect(change()).rejects.toMatchObject({ code: 'Unavailable' });
    server.beforeRequest = undefined;
    expect(await change()).toMatchObject({ epoch: 4 });
  });

  it('forgets what it wrote to a map that was deleted', async () => {
    await change();
    await server.delete(shardMaps, KEY, {}, NEVER);
    await settle();
    expect(writer.get(KEY)).toBeUndefined();
  });
});
