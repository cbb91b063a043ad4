import { beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalKey } from '../core/keyspace/canonical-key.ts';
import { readKeyRule } from '../core/keyspace/key-rule.ts';
import { slotOf } from '../core/keyspace/keyspace-layout.ts';
import { shardedClusters, shardMaps } from './cluster-view.ts';
import type { ShardRebalance } from '../api/v1alpha1/index.ts';
import { PluginFailure } from './failure.ts';
import { shardRebalances } from './rebalance-view.ts';
import { CLUSTER_KEY, KEYSPACE, type KubectlCall, PluginHarness } from './testing/plugin-harness.ts';

const NEVER = new AbortController().signal;

describe('where', () => {
  let plugin: PluginHarness;

  beforeEach(async () => {
    plugin = new PluginHarness();
    await plugin.createCluster();
  });

  /** The slot of an integer, by the functions that the router uses. */
  function slotOfInteger(value: string): number {
    const rule = readKeyRule({ columnType: 'bigint(20)', collation: null });
    const key = 'code' in rule ? rule : canonicalKey({ kind: 'number', text: value }, rule);
    if (key.kind === 'refused') {
      throw new Error(key.reason);
    }
    return slotOf({ strategy: 'ConsistentHash', slots: 8 }, key);
  }

  it.each(['0', '1', '42', '-7', '9007199254740993'])(
    'finds the integer %s where the router does',
    async (key) => {
      expect(await plugin.run(['where', 'shop', 'app', '-o', 'json', '--type', 'bigint', '--', key])).toBe(0);
      const slot = slotOfInteger(key);
      const shard = slot < 4 ? 0 : 1;
      expect(JSON.parse(plugin.out)).toEqual({
        keyspace: 'app',
        columnType: 'bigint',
        slot,
        database: `app_s000${slot}`,
        shard: `shop-shard-${shard}`,
        primary: `shop-shard-${shard}-0`,
        moving: null,
      });
      expect(plugin.kubectlCalls).toEqual([]);
    },
  );

  it('asks a server for the type of the column', async () => {
    plugin.kubectlOutput = () => 'log\tat\tdatetime\t\nusers\tid\tvarchar(40)\tutf8mb4_bin\n';
    await plugin.run('where shop app alice -o json');
    expect(JSON.parse(plugin.out)).toMatchObject({ columnType: 'varchar(40)' });
    expect(plugin.kubectlCalls[0]?.input).toContain("TABLE_SCHEMA = 'app_s0000'");
  });

  it('tells of the move that the slot is in', async () => {
    const other = new PluginHarness();
    await other.createCluster(
      {},
      {
        moves: KEYSPACE.slotsByShard.flatMap(({ shard }) =>
          [0, 1, 2, 3].map((slot) => ({
            id: `m-${slot + 4 * shard}`,
            keyspace: 'app',
            unit: 'Slot' as const,
            slot: slot + 4 * shard,
            from: shard,
            to: 1 - shard,
            phase: 'Copying' as const,
            attempt: 1,
          })),
        ),
      },
    );
    await other.run('where shop app 1 --type int');
    expect(other.out).toMatch(/It moves to shard [01]: Copying\./u);
  });

  it.each([
    [['where', 'shop', 'app', 'x', '--type', 'int'], 'the key '],
    [['where', 'shop', 'app', '1', '--type', 'double'], 'Use an integer'],
    [['where', 'shop', 'app', 'a', '--type', 'varchar(9)', '--collation', 'klingon_ci'], 'utf8mb4_bin'],
    [['where', 'shop', 'other', '1', '--type', 'int'], 'has no keyspace other: there are app'],
    [['where', 'shop', 'app', '1'], '--type bigint'],
    [['where', 'shop', 'app', '1', '--table', 'users'], 'table users'],
  ])('refuses %j', async (line, message) => {
    expect(await plugin.run(line)).toBe(1);
    expect(plugin.err).toContain(message);
  });
});

describe('sql', () => {
  let plugin: PluginHarness;

  beforeEach(async () => {
    plugin = new PluginHarness();
    await plugin.createCluster();
  });

  it('is the application at the routers', async () => {
    expect(await plugin.run(['sql', 'shop', '--', '--execute', 'SELECT 1'])).toBe(0);
    const [call] = plugin.kubectlCalls;
    expect(call?.arguments.slice(0, 4)).toEqual(['exec', '--stdin', 'shop-shard-0-0', '--container=agent']);
    expect(call?.arguments.slice(-5)).toEqual([
      '/etc/shardwright/accounts/application',
      'shop.web.svc',
      '/etc/shardwright/server-tls/ca.crt',
      '--execute',
      'SELECT 1',
    ]);
  });

  it('is the administrator at the primary of a shard, with a terminal where there is one', async () => {
    plugin.isTerminal = true;
    expect(await plugin.run('sql shop --shard 1')).toBe(0);
    const [call] = plugin.kubectlCalls;
    expect(call?.arguments).toEqual(
      expect.arrayContaining([
        '--tty',
        'shop-shard-1-0',
        '/etc/shardwright/accounts/administration',
        'shop-shard-1-0.shop-shard-1.web.svc',
      ]),
    );
  });

  it('gives the client the account by a pipe, and its own arguments as they are', async () => {
    await plugin.run(['sql', 'shop', '--', '--execute', 'SELECT "a  b"']);
    const words = plugin.kubectlCalls[0]?.arguments ?? [];
    const [shell = '', ...rest] = words.slice(words.indexOf('sh'));
    const folder = mkdtempSync(join(tmpdir(), 'shardwright-sql-'));
    try {
      const accounts = join(folder, 'account');
      mkdirSync(accounts);
      writeFileSync(join(accounts, 'username'), 'app');
      writeFileSync(join(accounts, 'password'), 'pa$ss`#word');
      writeFileSync(
        join(folder, 'mariadb'),
        '#!/bin/sh\ncat "${1#--defaults-file=}"\nshift\nprintf "%s\\n" "$@"\n',
      );
      chmodSync(join(folder, 'mariadb'), 0o755);
      const there = rest.map((word) => (word.startsWith('/etc/shardwright/accounts') ? accounts : word));
      const { stdout, stderr } = spawnSync(shell, there, {
        env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` },
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      expect(stdout.split('\n')).toEqual([
        '[client]',
        'user="app"',
        'password="pa$ss`#word"',
        'host="shop.web.svc"',
        'ssl-ca="/etc/shardwright/server-tls/ca.crt"',
        'ssl-verify-server-cert',
        '--execute',
        'SELECT "a  b"',
        '',
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends as the client does', async () => {
    plugin.kubectlExitCode = 1;
    expect(await plugin.run('sql shop --shard 0')).toBe(1);
    expect(plugin.err).toContain('mariadb ended with exit code 1');
  });

  it('has no routers to ask where there are none', async () => {
    const other = new PluginHarness();
    await other.createCluster({ keyspaces: [] });
    expect(await other.run('sql shop')).toBe(1);
    expect(other.err).toContain('shop has no routers: name a shard, --shard 0');
    expect(await other.run('sql shop --router --shard 0')).toBe(2);
  });
});

describe('logs', () => {
  it.each([
    ['logs shop', '--selector=shardwright.io/cluster=shop', '--all-containers'],
    [
      'logs shop 1 -c agent -f --tail 5',
      '--selector=shardwright.io/cluster=shop,shardwright.io/shard=1',
      '--container=agent',
    ],
  ])('%s', async (line, ...words) => {
    const plugin = new PluginHarness();
    await plugin.createCluster();
    expect(await plugin.run(line)).toBe(0);
    expect(plugin.kubectlCalls[0]?.arguments).toEqual(expect.arrayContaining(['logs', '--prefix', ...words]));
  });
});

describe('report', () => {
  let plugin: PluginHarness;
  let hasOrphan: boolean;

  beforeEach(async () => {
    plugin = new PluginHarness();
    hasOrphan = false;
    plugin.kubectlOutput = answer;
    await plugin.createCluster();
  });

  /** Two shards as they should be: empty slots with their rights. */
  function answer({ arguments: words, input }: KubectlCall): string {
    const shard = words.includes('shop-shard-0-0') ? 0 : 1;
    const slots = [0, 1, 2, 3].map((slot) => `app_s000${slot + 4 * shard}`);
    const databases = [...slots, 'app$shared', ...(shard === 0 ? ['app$single'] : [])];
    if (input?.includes('mysql.db') === true) {
      return databases
        .map((name) => `shardwright_keyspace_app\t${name.replaceAll('_', String.raw`\\_`)}\n`)
        .join('');
    }
    if (input?.includes('SELECT SCHEMA_NAME FROM') === true) {
      return [...databases, ...(hasOrphan && shard === 1 ? ['app_s0000'] : [])]
        .map((name) => `${name}\n`)
        .join('');
    }
    return '';
  }

  it('finds nothing where all is well', async () => {
    expect(await plugin.run('report shop')).toBe(0);
    expect(plugin.out).toContain('shop, revision 7 of its map: 8 slots, 0 tables');
    expect(plugin.out).toContain('Every row is there once');
  });

  it('ends with 1 where something is wrong, and says what', async () => {
    hasOrphan = true;
    expect(await plugin.run('report shop')).toBe(1);
    expect(plugin.out).toMatch(/OrphanDatabase +1 +app_s0000/u);
    plugin.out = '';
    expect(await plugin.run('report shop -o json')).toBe(1);
    expect(JSON.parse(plugin.out)).toMatchObject({
      cluster: 'shop',
      revision: 7,
      problems: [{ kind: 'OrphanDatabase', shard: 1 }],
    });
  });

  it('looks twice while slots move: what is gone by then is no problem', async () => {
    const moving = new PluginHarness();
    await moving.createCluster(
      {},
      {
        moves: [
          { id: 'm', keyspace: 'app', unit: 'Slot', slot: 7, from: 1, to: 0, phase: 'Copying', attempt: 1 },
        ],
      },
    );
    let looks = 0;
    moving.kubectlOutput = (call) => {
      looks += call.input?.includes('SELECT SCHEMA_NAME FROM') === true ? 1 : 0;
      hasOrphan = looks <= 2;
      return answer(call);
    };
    expect(await moving.run('report shop')).toBe(0);
    expect(moving.err).toContain('looking again');
    hasOrphan = true;
    moving.kubectlOutput = answer;
    expect(await moving.run('report shop')).toBe(1);
  });

  describe('of a cluster whose map is gone', () => {
    const status = (slotsOfFirst: string) => ({
      shards: [0, 1].map((number) => ({
        name: `shop-shard-${number}`,
        primary: `shop-shard-${number}-0`,
        readyInstances: 1,
        instances: [],
      })),
      keyspaces: [
        {
          name: 'app',
          homeShard: 0,
          referenceShards: [0, 1],
          slotsByShard: [
            { shard: 0, slots: slotsOfFirst },
            { shard: 1, slots: '4-7' },
          ],
        },
      ],
    });

    beforeEach(async () => {
      await plugin.server.delete(shardMaps, CLUSTER_KEY, {}, NEVER);
      await plugin.server.mergePatch(shardedClusters, CLUSTER_KEY, { status: status('0-3') }, {}, NEVER);
    });

    it('tells where each slot is by the databases, and is no success', async () => {
      expect(await plugin.run('report shop')).toBe(1);
      expect(plugin.out).toMatch(/app +slots 0-3 +0\n/u);
      expect(plugin.out).toMatch(/app +slots 4-7 +1\n/u);
      expect(plugin.out).toMatch(/app +unsharded tables +0\n/u);
      expect(plugin.out).not.toContain('UNSETTLED');
      expect(plugin.err).toContain('the ShardMap shop is missing');
    });

    describe('and whose shards contradict each other', () => {
      beforeEach(() => {
        plugin.kubectlOutput = (call) =>
          call.input?.includes('mysql.db') === true ? '' : answer({ ...call, arguments: ['shop-shard-0-0'] });
      });

      it('names what is not settled while slots were moving, and what a person can say', async () => {
        const rebalance = {
          apiVersion: 'shardwright.io/v1alpha1',
          kind: 'ShardRebalance',
          metadata: { namespace: CLUSTER_KEY.namespace, name: 'shop-r1' },
          spec: { clusterName: 'shop', scale: { shards: 2 } },
          status: { phase: 'Running', startedAt: '2026-11-23T10:00:00.000Z' },
        } as unknown as ShardRebalance;
        await plugin.server.create(shardRebalances, rebalance, NEVER);
        const { status: moving } = rebalance;
        const key = { namespace: CLUSTER_KEY.namespace, name: 'shop-r1' };
        await plugin.server.mergePatch(
          shardRebalances,
          key,
          { status: moving },
          { subresource: 'status' },
          NEVER,
        );
        expect(await plugin.run('report shop')).toBe(1);
        expect(plugin.out).toContain('UNSETTLED: app_s0000 on shards 0 and 1');
        expect(plugin.out).toContain('owner.shardwright.io/app_s0000="0"');
      });

      it('tells what stays where it was, as nothing was moving', async () => {
        expect(await plugin.run('report shop')).toBe(1);
        expect(plugin.out).not.toContain('UNSETTLED');
        expect(plugin.out).toContain('app_s0000 is on shard 0, as the status says');
      });
    });

    it('tells the same to programs, and who does not answer', async () => {
      plugin.kubectlOutput = (call) => {
        if (call.arguments.includes('shop-shard-1-0')) {
          throw new PluginFailure('Failed', 'kubectl exec: no such pod');
        }
        return answer(call);
      };
      expect(await plugin.run('report shop -o json')).toBe(1);
      expect(JSON.parse(plugin.out)).toMatchObject({
        map: null,
        silent: [{ shard: 'shop-shard-1', because: 'kubectl exec: no such pod' }],
        keyspaces: [{ places: { name: 'app' }, unsettled: [] }],
      });
    });
  });

  it('fails where a shard cannot be asked', async () => {
    plugin.kubectlOutput = () => {
      throw new PluginFailure('Failed', 'kubectl exec: forbidden');
    };
    expect(await plugin.run('report shop')).toBe(1);
    expect(plugin.err).toContain('error: kubectl exec: forbidden');
  });
});
