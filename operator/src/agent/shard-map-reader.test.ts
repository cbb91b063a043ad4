import { describe, expect, it } from '@jest/globals';
import { SHARD_MAP_NAMES, type ShardMapShard } from '../api/v1alpha1/index.ts';
import { defineResource, type KubernetesObject } from '../runtime/objects.ts';
import { FakeApiServer } from '../runtime/testing/fake-api-server.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { silentLogger } from '../runtime/logger.ts';
import { createShardMapReader } from './shard-map-reader.ts';
import { anEntry } from './testing/observations.ts';

interface StoredMap extends KubernetesObject {
  readonly spec: {
    readonly revision: number;
    readonly shards: readonly ShardMapShard[];
    readonly keyspaces?: readonly unknown[];
  };
}
const shardMaps = defineResource<StoredMap>(SHARD_MAP_NAMES);
const KEY = { namespace: 'shop', name: 'demo' };

function aMap(revision: number, change: Partial<ShardMapShard> = {}): StoredMap {
  return {
    apiVersion: 'shardwright.io/v1alpha1',
    kind: 'ShardMap',
    metadata: KEY,
    spec: { revision, shards: [anEntry(change)] },
  };
}

function arrange(shard = 0) {
  const clock = new FakeClock();
  const server = new FakeApiServer(clock);
  const stop = new AbortController();
  const reader = createShardMapReader({
    client: server,
    place: {
      namespace: 'shop',
      cluster: 'demo',
      shard,
      ordinal: 0,
      pod: `demo-shard-${shard}-0`,
      podUid: 'uid',
    },
    clock,
    logger: silentLogger,
    random: () => 0.5,
  });
  let changes = 0;
  reader.onChange(() => {
    changes += 1;
  });
  return { clock, server, stop, reader, changes: () => changes };
}

describe('createShardMapReader', () => {
  it('sees the databases that belong on its shard, and the primary where these cannot be understood', async () => {
    const { server, stop, reader } = arrange(1);
    const keyspace = {
      name: 'app',
      strategy: 'Hash',
      placement: 'Modulo',
      slots: 2,
      tables: [],
      homeShard: 0,
      slotsByShard: [{ shard: 1, slots: '1' }],
      transactions: 'Single',
      consistency: 'Strong',
    };
    const { spec, ...map } = aMap(1, { number: 1 });
    const withKeyspace = (slots: string) => ({ ...keyspace, slotsByShard: [{ shard: 1, slots }] });
    await server.create(
      shardMaps,
      { ...map, spec: { ...spec, keyspaces: [withKeyspace('1')] } },
      stop.signal,
    );
    expect(await reader.read(stop.signal)).toMatchObject({
      databases: { revision: 1, wanted: [{ keyspace: 'app', databases: ['app_s0001', 'app$shared'] }] },
    });
    const broken = { spec: { revision: 2, keyspaces: [withKeyspace('1-0')] } };
    await server.mergePatch(shardMaps, KEY, broken, {}, stop.signal);
    const view = await reader.read(stop.signal);
    expect(view).toMatchObject({ kind: 'known', shard: { number: 1 } });
    expect(view).not.toHaveProperty('databases');
  });

  it('knows nothing before the API server has answered', async () => {
    const { reader } = arrange();
    expect(reader.view()).toMatchObject({ kind: 'unreadable' });
  });

  it('sees the shard, its changes, and the loss of the map', async () => {
    const { clock, server, stop, reader, changes } = arrange();
    await server.create(shardMaps, aMap(1), stop.signal);
    const running = reader.run(stop.signal);
    await clock.advance(100);
    expect(reader.view()).toEqual({ kind: 'known', shard: anEntry() });
    await server.mergePatch(shardMaps, KEY, { spec: aMap(2, { epoch: 4 }).spec }, {}, stop.signal);
    await clock.advance(100);
    expect(reader.view()).toEqual({ kind: 'known', shard: anEntry({ epoch: 4 }) });
    expect(changes()).toBe(2);
    await server.delete(shardMaps, KEY, {}, stop.signal);
    await clock.advance(100);
    expect(reader.view()).toEqual({ kind: 'absent' });
    expect(new Set(server.requests.map(({ verb }) => verb))).toEqual(
      new Set(['create', 'list', 'watch', 'mergePatch', 'delete']),
    );
    stop.abort(new Error('done'));
    await running;
  });

  it('tells of a shard that the map does not list, and of a map that is not there', async () => {
    const { server, stop, reader } = arrange(7);
    expect(await reader.read(stop.signal)).toEqual({ kind: 'absent' });
    await server.create(shardMaps, aMap(1), stop.signal);
    expect(await reader.read(stop.signal)).toEqual({ kind: 'absent' });
  });

  it('reads what the watch has not told yet, and never goes back to it', async () => {
    const { clock, server, stop, reader } = arrange();
    await server.create(shardMaps, aMap(1), stop.signal);
    const running = reader.run(stop.signal);
    await clock.advance(100);
    await server.mergePatch(shardMaps, KEY, { spec: aMap(3, { epoch: 5 }).spec }, {}, stop.signal);
    expect(await reader.read(stop.signal)).toEqual({ kind: 'known', shard: anEntry({ epoch: 5 }) });
    await clock.advance(100);
    expect(reader.view()).toEqual({ kind: 'known', shard: anEntry({ epoch: 5 }) });
    stop.abort(new Error('done'));
    await running;
  });

  it('keeps the last view while the API server is away, and rejects a read', async () => {
    const { server, stop, reader } = arrange();
    await server.create(shardMaps, aMap(1), stop.signal);
    await reader.read(stop.signal);
    server.beforeRequest = () => {
      throw new Error('connection refused');
    };
    await expect(reader.read(stop.signal)).rejects.toThrow('connection refused');
    expect(reader.view()).toMatchObject({ kind: 'known' });
  });

  it('is certain of nothing where the map cannot be understood', async () => {
    const { server, stop, reader } = arrange();
    const broken = { ...aMap(1), spec: { revision: 1, shards: [{ number: 0 }] } } as unknown as StoredMap;
    await server.create(shardMaps, broken, stop.signal);
    expect(await reader.read(stop.signal)).toMatchObject({ kind: 'unreadable' });
  });
});
