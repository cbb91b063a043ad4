import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ShardRebalance } from '../api/v1alpha1/index.ts';
import { shardedClusters, shardMaps } from './cluster-view.ts';
import { PluginFailure } from './failure.ts';
import { shardRebalances } from './rebalance-view.ts';
import { CLUSTER_KEY, KEYSPACE, type KubectlCall, PluginHarness } from './testing/plugin-harness.ts';

const NEVER = new AbortController().signal;

/** Servers that have 1,000 rows and a megabyte in each slot, and plenty of room. */
function measured({ arguments: words, input }: KubectlCall): string {
  if (words.includes('df')) {
    return '  Avail\n1000000000\n';
  }
  const shard = Number(/shop-shard-(\d)-/u.exec(words.join(' '))?.[1]);
  if (input?.includes('SCHEMATA') === true) {
    const slots = [0, 1, 2, 3].map((slot) => `app_s000${slot + 4 * shard}\t1000\t1000000\n`);
    return [...slots, 'app$shared\t10\t16384\n'].join('');
  }
  return input?.includes('INNODB_TRX') === true ? '0\n' : '';
}

describe('plan, scale and move', () => {
  let plugin: PluginHarness;

  beforeEach(async () => {
    plugin = new PluginHarness();
    plugin.kubectlOutput = measured;
    await plugin.createCluster();
  });

  const created = async () =>
    (await plugin.server.list(shardRebalances, { namespace: CLUSTER_KEY.namespace }, NEVER)).items;

  it('plan shows what moves and what it costs, and creates nothing', async () => {
    expect(await plugin.run('plan shop --shards 3')).toBe(0);
    expect(plugin.out.split('\n')).toEqual([
      '2 -> 3 shards with slots: 3 moves, 25.0 % of all slots (by the remainder it would be 50.0 %)',
      'rows 2,010   bytes 2.0 MB   time 3s to 16s, without windows',
      '',
      'KEYSPACE   PLACEMENT   SLOTS   MOVED   AT LEAST   BY REMAINDER   SKEW    SKEW AFTER',
      'app        Balanced    8       2       2          4              1.000   1.125',
      '',
      'KEYSPACE   WHAT               FROM   TO   MOVES   ROWS    BYTES',
      'app        reference tables   0      2    1       10      16.4 kB',
      'app        slots 3            0      2    1       1,000   1.0 MB',
      'app        slots 7            1      2    1       1,000   1.0 MB',
      '',
    ]);
    expect(await created()).toEqual([]);
  });

  it('plan reads only, as the agent, and has no secret among its arguments', async () => {
    await plugin.run('plan shop --shards 3');
    const queries = plugin.kubectlCalls.filter(({ arguments: words }) => words.includes('mariadb'));
    expect(queries).toHaveLength(6);
    expect(
      queries.every(({ input }) => input?.startsWith('SET SESSION TRANSACTION READ ONLY;') === true),
    ).toBe(true);
    expect(queries[0]?.arguments).toContain('--defaults-file=/run/shardwright/client.cnf');
  });

  it('plan says what it does not know', async () => {
    plugin.kubectlOutput = (call) => {
      if (call.arguments.includes('shop-shard-1-0')) {
        throw new PluginFailure('Failed', 'kubectl exec: forbidden');
      }
      return measured(call);
    };
    expect(await plugin.run('plan shop --shards 3')).toBe(0);
    expect(plugin.out).toContain('rows unknown   bytes unknown   time unknown');
    expect(plugin.out).toContain(
      'Warning (SizesUnknown): The sizes of 1 of 3 databases are not known (app_s0007)',
    );
    expect(plugin.out).toContain('Warning: shop-shard-1 was not measured: kubectl exec: forbidden');
  });

  it('plan shows itself as JSON', async () => {
    await plugin.run('plan shop --shards 1 -o json');
    expect(JSON.parse(plugin.out)).toMatchObject({
      shardsAfter: 1,
      moveCount: 4,
      shareMoved: 0.5,
      problems: [],
    });
  });

  it('plan is refused where the rest would not fit', async () => {
    plugin.kubectlOutput = (call) => (call.arguments.includes('df') ? 'Avail\n4000000\n' : measured(call));
    expect(await plugin.run('plan shop --shards 1')).toBe(1);
    expect(plugin.err).toContain(
      'error: The slots do not fit where they would go: shard 0 would get 4400000 bytes',
    );
  });

  it('scale sets the number by the sub-resource, once a person said so', async () => {
    expect(await plugin.run('scale shop --shards 3')).toBe(1);
    expect(plugin.err).toContain('say --yes');
    expect(await plugin.run('scale shop --shards 3 --dry-run')).toBe(0);
    const scaleOf = async () => {
      const stored = await plugin.server.get(shardedClusters, CLUSTER_KEY, NEVER);
      return (stored?.spec as unknown as { replicas?: number } | undefined)?.replicas;
    };
    expect(await scaleOf()).toBeUndefined();
    expect(await plugin.run('scale shop --shards 3 --yes')).toBe(0);
    // The API server turns it into spec.shards; this one in memory keeps it as it was sent.
    expect(await scaleOf()).toBe(3);
  });

  it.each([
    ['y', 0],
    ['Yes', 0],
    ['', 1],
    ['no', 1],
  ])('scale asks at a terminal: %j ends with %i', async (answer, exitCode) => {
    Object.assign(plugin, { isTerminal: true, answer });
    expect(await plugin.run('scale shop --shards 3')).toBe(exitCode);
    expect(plugin.out).toContain('Change shop from 2 to 3 shards? [y/N] ');
  });

  it.each([
    ['Retain', 'are kept (spec.deletionPolicy)'],
    ['Delete', 'are deleted with all that is on them (spec.deletionPolicy)'],
  ] as const)(
    'scale says before what becomes of volumes that are left: %s',
    async (deletionPolicy, words) => {
      const other = new PluginHarness();
      other.kubectlOutput = measured;
      await other.createCluster({ deletionPolicy });
      expect(await other.run('scale shop --shards 1 --dry-run')).toBe(0);
      expect(other.out).toContain(`Shard 1 is removed once drained, and the volumes ${words}`);
    },
  );

  it('scale to the number there is spreads again what a cancelled rebalance left', async () => {
    const uneven = new PluginHarness();
    uneven.kubectlOutput = measured;
    await uneven.createCluster(
      {},
      { keyspaces: [{ ...KEYSPACE, slotsByShard: [{ shard: 0, slots: '0-7' }] }] },
    );
    expect(await uneven.run('scale shop --shards 2 --dry-run')).toBe(0);
    expect(await uneven.run('scale shop --shards 2 --yes')).toBe(0);
    const { items } = await uneven.server.list(shardRebalances, { namespace: 'web' }, NEVER);
    expect(items).toMatchObject([{ spec: { clusterName: 'shop', scale: { shards: 2 }, approved: true } }]);
    expect(await plugin.run('scale shop --shards 2 --yes')).toBe(0);
    expect(plugin.out).toContain('shop has 2 shards already.');
    expect(await created()).toEqual([]);
  });

  it('move creates an approved ShardRebalance of the cluster’s', async () => {
    expect(await plugin.run('move shop app 3 --to 1 --yes')).toBe(0);
    expect(await created()).toMatchObject([
      {
        metadata: {
          labels: { 'shardwright.io/cluster': 'shop' },
          ownerReferences: [{ kind: 'ShardedCluster', name: 'shop' }],
        },
        spec: {
          clusterName: 'shop',
          approved: true,
          moves: [{ keyspace: 'app', unit: 'Slot', slot: 3, to: 1 }],
        },
      },
    ]);
  });

  it('move takes the unsharded tables, and creates nothing in a dry run', async () => {
    expect(await plugin.run('move shop app unsharded --to shop-shard-1 --dry-run')).toBe(0);
    expect(plugin.out).toContain('unsharded tables');
    expect(await created()).toEqual([]);
  });

  it.each([
    ['move shop app 8 --to 1', 'has no slot 8'],
    ['move shop shop 0 --to 1', 'There is no keyspace shop'],
    ['move shop app 0 --to 9', 'shop has no shard 9'],
  ])('refuses %s', async (line, message) => {
    expect(await plugin.run(`${line} --yes`)).toBe(1);
    expect(plugin.err).toContain(message);
  });

  it.each(['plan shop', 'plan shop --shards 0', 'scale shop', 'move shop app 1', 'move shop app x --to 1'])(
    'does not understand %s',
    async (line) => expect(await plugin.run(line)).toBe(2),
  );

  it('says that nothing has to move', async () => {
    expect(await plugin.run('move shop app 3 --to 0 --yes')).toBe(0);
    expect(plugin.out).toBe('Nothing has to move.\n');
    expect(await created()).toEqual([]);
  });
});

describe('rebalance', () => {
  let plugin: PluginHarness;

  beforeEach(async () => {
    plugin = new PluginHarness();
    await plugin.createCluster();
  });

  type Status = NonNullable<ShardRebalance['status']>;

  async function create(
    name: string,
    status?: Status,
    spec: Partial<ShardRebalance['spec']> = {},
  ): Promise<void> {
    const rebalance = {
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardRebalance',
      metadata: { namespace: 'web', name },
      spec: { clusterName: 'shop', scale: { shards: 3 }, ...spec },
    } as unknown as ShardRebalance;
    await plugin.server.create(shardRebalances, rebalance, NEVER);
    if (status !== undefined) {
      await setStatus(name, status);
    }
    // So that each is older than the next.
    await plugin.clock.advance(1000);
  }

  async function setStatus(name: string, status: Status): Promise<void> {
    await plugin.server.mergePatch(
      shardRebalances,
      { namespace: 'web', name },
      { status },
      { subresource: 'status' },
      NEVER,
    );
  }

  const specOf = async (name: string) =>
    (await plugin.server.get(shardRebalances, { namespace: 'web', name }, NEVER))?.spec;

  const progress: NonNullable<Status['progress']> = {
    total: 4,
    pending: 1,
    running: 1,
    soaking: 1,
    done: 1,
    undone: 0,
    failed: 0,
    rowsDone: 2500,
    rowsTotal: 4000,
    bytesDone: 2_500_000,
    bytesTotal: 4_000_000,
    rowsPerSecond: 500,
    bytesPerSecond: 500_000,
    etaSeconds: 3,
    longestPauseMilliseconds: 41,
  };

  it('list shows all of the namespace, or of a cluster', async () => {
    await create('one', { phase: 'Completed', summary: { moves: '4/4', eta: '-' } });
    await create('two', undefined, { clusterName: 'other' });
    await plugin.run('rebalance list');
    expect(plugin.out).toMatch(
      /^NAME +CLUSTER.*\none +shop +to 3 shards +Completed +4\/4 .*\ntwo +other .*not planned/u,
    );
    plugin.out = '';
    await plugin.run('rebalance list other -o json');
    expect(JSON.parse(plugin.out)).toMatchObject([{ metadata: { name: 'two' } }]);
  });

  it('means the one under way by the name of the cluster, then the one that waits, then the last', async () => {
    await create('ended-first', { phase: 'Completed' });
    await create('ended-last', { phase: 'Cancelled' });
    expect(await plugin.run('rebalance show shop')).toBe(0);
    expect(plugin.out).toContain('ended-last');
    await create('waits', { phase: 'Planned' });
    await create('runs', { phase: 'Running', startedAt: '2026-01-01T00:00:00Z' });
    await plugin.run('rebalance pause shop');
    expect(await specOf('runs')).toMatchObject({ paused: true });
    expect(await specOf('waits')).not.toMatchObject({ paused: true });
  });

  it('show tells how far it is, each move, and what holds it', async () => {
    await create('runs', {
      phase: 'Held',
      held: { reason: 'ReplicaLagging', message: 'shop-shard-0-1 lags 9 s.', since: '2026-01-01T00:00:00Z' },
      progress,
      moves: [
        {
          id: 'runs-0f8fad5b-2',
          keyspace: 'app',
          unit: 'Slot',
          slot: 7,
          from: 1,
          to: 2,
          phase: 'Copying',
          stage: 'CatchingUp',
          attempt: 2,
          rowsDone: 500,
          rowsTotal: 1000,
          bytesDone: 500_000,
          bytesTotal: 1_000_000,
          rowsPerSecond: 500,
          bytesPerSecond: 500_000,
          etaSeconds: 1,
          lagMilliseconds: 12,
        },
      ],
    });
    await plugin.run('rebalance show runs');
    expect(plugin.out.split('\n')).toEqual([
      'runs   shop: to 3 shards   Held',
      'Held since 2026-01-01T00:00:00Z (ReplicaLagging): shop-shard-0-1 lags 9 s.',
      '[###############...............] 2/4 cut over   1 running   1 pending   1 soaking',
      'rows 2,500 of 4,000   bytes 2.5 MB of 4.0 MB   500 rows/s   500.0 kB/s   ETA 3s   longest pause 41 ms',
      '',
      'MOVE    FROM   TO   PHASE                  ROWS        BYTES             RATE         ETA   LAG     PAUSE   NOTE',
      'app 7   1      2    Copying (CatchingUp)   500/1,000   500.0 kB/1.0 MB   500.0 kB/s   1s    12 ms   -       attempt 2',
      '',
    ]);
  });

  it.each([
    ['approve', { approved: true }],
    ['pause', { paused: true }],
    ['resume', { paused: false }],
    ['cancel --yes', { cancel: true, paused: false }],
    ['rollback --yes', { rollback: true, paused: false }],
  ])('%s sets what it stands for', async (words, fields) => {
    await create('runs', { phase: 'Running' }, { paused: true });
    const [word, ...flags] = words.split(' ');
    expect(await plugin.run(['rebalance', word ?? '', 'shop', ...flags])).toBe(0);
    expect(await specOf('runs')).toMatchObject(fields);
  });

  it.each(['cancel', 'rollback'])('%s asks before, and does nothing without a word', async (word) => {
    await create('runs', { phase: 'Running' });
    expect(await plugin.run(`rebalance ${word} runs`)).toBe(1);
    expect(await plugin.run(`rebalance ${word} runs --dry-run`)).toBe(0);
    const before = await specOf('runs');
    expect(before).not.toHaveProperty('cancel');
    expect(before).not.toHaveProperty('rollback');
  });

  it.each(['approve', 'pause', 'cancel --yes', 'rollback --yes'])(
    'refuses to %s what has ended',
    async (words) => {
      await create('over', { phase: 'Completed' });
      const [word, ...flags] = words.split(' ');
      expect(await plugin.run(['rebalance', word ?? '', 'over', ...flags])).toBe(1);
      expect(plugin.err).toContain('over has ended (Completed)');
    },
  );

  it('refuses to pause what is being undone', async () => {
    await create('runs', { phase: 'Running' }, { cancel: true });
    expect(await plugin.run('rebalance pause runs')).toBe(1);
    expect(plugin.err).toContain('cannot be paused');
  });

  describe('retry', () => {
    const made = async () => {
      const { items } = await plugin.server.list(shardRebalances, { namespace: 'web' }, NEVER);
      return items.filter(({ metadata }) => metadata.name.includes('-retry-')).map(({ spec }) => spec);
    };

    beforeEach(() => {
      plugin.kubectlOutput = measured;
    });

    it.each(['Failed', 'Cancelled', 'RolledBack'] as const)(
      'plans again what one that is %s has left',
      async (phase) => {
        await create('one', { phase }, { scale: { shards: 2 } });
        await plugin.server.mergePatch(
          shardMaps,
          CLUSTER_KEY,
          { spec: { keyspaces: [{ ...KEYSPACE, slotsByShard: [{ shard: 0, slots: '0-7' }] }] } },
          {},
          NEVER,
        );
        expect(await plugin.run('rebalance retry one')).toBe(1);
        expect(plugin.err).toContain('say --yes');
        expect(await plugin.run('rebalance retry one --dry-run')).toBe(0);
        expect(await made()).toEqual([]);
        expect(await plugin.run('rebalance retry shop --yes')).toBe(0);
        expect(plugin.out).toContain('4 moves');
        expect(await made()).toMatchObject([{ clusterName: 'shop', scale: { shards: 2 }, approved: true }]);
      },
    );

    it('takes of moves by hand those that were not made', async () => {
      const moves = [
        { keyspace: 'app', unit: 'Slot' as const, slot: 0, to: 0 },
        { keyspace: 'app', unit: 'Slot' as const, slot: 1, to: 1 },
        { keyspace: 'app', unit: 'Unsharded' as const, to: 1 },
      ];
      await create('hand', { phase: 'Failed' }, { moves });
      await plugin.server.mergePatch(
        shardRebalances,
        { namespace: 'web', name: 'hand' },
        { spec: { scale: null } },
        {},
        NEVER,
      );
      expect(await plugin.run('rebalance retry hand --yes')).toBe(0);
      expect(await made()).toMatchObject([{ moves: moves.slice(1) }]);
    });

    it('has nothing to do where all is where it was to be', async () => {
      await create('one', { phase: 'Failed' }, { scale: { shards: 2 } });
      expect(await plugin.run('rebalance retry one --yes')).toBe(0);
      expect(plugin.out).toContain('Nothing is left of one');
      expect(await made()).toEqual([]);
    });

    it.each<[string, Status, number, string]>([
      ['one that runs', { phase: 'Running' }, 2, 'has not ended (Running)'],
      ['one that is completed', { phase: 'Completed' }, 2, 'is completed'],
      ['one for another number of shards', { phase: 'Failed' }, 3, 'spec.shards is 2 by now'],
    ])('refuses %s', async (_, status, shards, words) => {
      await create('one', status, { scale: { shards } });
      expect(await plugin.run('rebalance retry one --yes')).toBe(1);
      expect(plugin.err).toContain(words);
    });
  });

  it('watch looks on until the end', async () => {
    await create('runs', { phase: 'Running', progress });
    let looks = 0;
    const operator = async (): Promise<void> => {
      looks += 1;
      if (looks === 80) {
        await setStatus('runs', {
          phase: 'Completed',
          progress: { ...progress, pending: 0, running: 0, soaking: 0, done: 4 },
        });
      }
    };
    expect(await plugin.run('rebalance watch shop', operator)).toBe(0);
    expect(plugin.out).toContain('2/4 cut over');
    expect(plugin.out).toContain('] 4/4 cut over\n');
    expect(plugin.out).toContain('ETA -');
  });

  it('watch waits for one that is about to be made', async () => {
    let looks = 0;
    const operator = async (): Promise<void> => {
      looks += 1;
      if (looks === 20) {
        await create('late', { phase: 'Soaking', soakEndsAt: '2026-01-01T00:10:00Z' });
      }
    };
    expect(await plugin.run('rebalance watch shop --until-soaking', operator)).toBe(0);
    expect(plugin.out).toContain('until 2026-01-01T00:10:00Z kubectl shardwright rebalance rollback late');
  });

  it('watch fails with what it watches, and when the time is over', async () => {
    await create('bad', { phase: 'Failed', message: 'Rows differ.' });
    expect(await plugin.run('rebalance watch bad')).toBe(1);
    expect(plugin.err).toContain('bad failed: Rows differ.');
    await create('slow', { phase: 'Running' });
    expect(await plugin.run('rebalance watch slow --timeout 7')).toBe(3);
  });

  it.each(['rebalance show nobody', 'rebalance watch nobody', 'rebalance approve nobody'])(
    '%s: there is none',
    async (line) => {
      expect(await plugin.run(line)).toBe(1);
      expect(plugin.err).toContain('there is no ShardRebalance nobody in the namespace web');
    },
  );
});
