import { describe, expect, it } from '@jest/globals';
import { auditCluster, type AuditRow } from './audit-cluster.ts';
import type { AuditedMap, AuditedMove } from './audited-map.ts';

const MAP: AuditedMap = {
  shards: [0, 1].map((number) => ({ number, name: `shop-shard-${number}` })),
  keyspaces: [
    {
      name: 'app',
      strategy: 'ConsistentHash',
      slots: 4,
      defaultKey: 'user_id',
      tables: [{ name: 'users', key: 'ID' }],
      homeShard: 0,
      slotsByShard: [
        { shard: 0, slots: '0-1' },
        { shard: 1, slots: '2-3' },
      ],
    },
  ],
};

interface Shard {
  databases: string[];
  granted: string[];
  /** Rows, and how many of them are misplaced, by table of each slot. */
  rows: Record<string, readonly [number, number]>;
  checksum: string;
}

function shards(): [Shard, Shard] {
  const own = [
    ['app_s0000', 'app_s0001', 'app$shared', 'app$single'],
    ['app_s0002', 'app_s0003', 'app$shared'],
  ].map((databases) => ({
    databases: ['mysql', 'shardwright', ...databases],
    granted: databases,
    rows: { users: [10, 0] } as Shard['rows'],
    checksum: '77',
  }));
  return own as [Shard, Shard];
}

/** Servers that know the statements of the audit by their beginnings. */
function ask(all: readonly Shard[]): (shard: number, sql: string) => Promise<readonly AuditRow[]> {
  return async (number, sql) => {
    const shard = all[number] as Shard;
    if (sql.includes('SCHEMATA')) {
      return shard.databases.map((name) => [name]);
    }
    if (sql.includes('mysql.db')) {
      return shard.granted.map((name) => ['shardwright_keyspace_app_rw', name.replaceAll('_', '\\_')]);
    }
    if (sql.includes('information_schema.COLUMNS')) {
      return shard.databases
        .filter((name) => sql.includes(`'${name}'`))
        .map((name) => [name, 'users', 'id', 'bigint(20)', '']);
    }
    if (sql.startsWith('CHECKSUM')) {
      return [['app$shared.users', shard.checksum]];
    }
    const [rows, misplaced] = shard.rows['users'] ?? [0, 0];
    return [['users', String(rows), String(misplaced)]];
  };
}

async function problems(all: readonly Shard[], map = MAP): Promise<string[]> {
  const report = await auditCluster(map, ask(all));
  return report.problems.map(({ kind, shard }) => `${kind} ${shard}`);
}

describe('auditCluster', () => {
  it('counts what is where it belongs', async () => {
    expect(await auditCluster(MAP, ask(shards()))).toEqual({
      slots: 4,
      tables: 4,
      rows: 40,
      otherRows: 10,
      problems: [],
    });
  });

  it('finds rows of another slot', async () => {
    const all = shards();
    all[1].rows['users'] = [10, 2];
    const report = await auditCluster(MAP, ask(all));
    expect(report.problems.map(({ message }) => message)).toEqual([
      '2 of 10 rows of app_s0002.users have a key of another slot',
      '2 of 10 rows of app_s0003.users have a key of another slot',
    ]);
  });

  it('finds a database that is left over, and rights on it', async () => {
    const all = shards();
    all[0].databases.push('app_s0003', 'other_s0001');
    expect(await problems(all)).toEqual(['OrphanDatabase 0']);
    all[0].granted.push('app_s0003');
    expect(await problems(all)).toEqual(['OrphanDatabase 0', 'GrantOfAnother 0']);
  });

  it('finds a database that is not there, and one that nobody may use', async () => {
    const all = shards();
    all[1].databases = all[1].databases.filter((name) => name !== 'app_s0002');
    all[1].granted = all[1].granted.filter((name) => !['app_s0002', 'app_s0003'].includes(name));
    expect(await problems(all)).toEqual(['DatabaseMissing 1', 'GrantMissing 1']);
  });

  it('finds slots that are on no shard or on two', async () => {
    const [keyspace] = MAP.keyspaces ?? [];
    const slotsByShard = [
      { shard: 0, slots: '0-1' },
      { shard: 1, slots: '1-2' },
    ];
    const map = { ...MAP, keyspaces: [{ ...keyspace, slotsByShard }] } as AuditedMap;
    const report = await auditCluster(map, ask(shards()));
    expect(report.problems.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['slot 1 of app is on shards 0 and 1', 'slot 3 of app is on no shard']),
    );
  });

  it('finds copies of a reference table that differ', async () => {
    const all = shards();
    all[1].checksum = '78';
    expect(await problems(all)).toEqual(['ReferenceDiffers null']);
  });

  it('lets a shard without slots have reference tables that nobody uses, unless it is recorded who has them', async () => {
    const [keyspace] = MAP.keyspaces ?? [];
    const three = { ...MAP, shards: [...MAP.shards, { number: 2, name: 'shop-shard-2' }] };
    const empty: Shard = { databases: ['app$shared'], granted: [], rows: {}, checksum: 'other' };
    expect(await problems([...shards(), empty], three)).toEqual([]);
    expect(await problems([...shards(), { ...empty, granted: ['app$shared'] }], three)).toEqual([
      'GrantOfAnother 2',
    ]);
    const recorded = { ...three, keyspaces: [{ ...keyspace, referenceShards: [0, 1] }] } as AuditedMap;
    expect(await problems([...shards(), empty], recorded)).toEqual(['OrphanDatabase 2']);
  });

  it('finds a table whose key cannot be read', async () => {
    const [keyspace] = MAP.keyspaces ?? [];
    const map = { ...MAP, keyspaces: [{ ...keyspace, tables: [] }] } as AuditedMap;
    const report = await auditCluster(map, ask(shards()));
    expect(report.problems[0]).toEqual({
      kind: 'KeyUnreadable',
      shard: 0,
      message: 'app_s0000.users: it has no column user_id',
    });
    expect(report.rows).toBe(0);
  });

  describe.each<{ phase: AuditedMove['phase']; owner: 0 | 1; mayLackRights: boolean }>([
    { phase: 'Copying', owner: 0, mayLackRights: false },
    { phase: 'Switching', owner: 0, mayLackRights: true },
    { phase: 'Soaking', owner: 1, mayLackRights: false },
    { phase: 'Returning', owner: 1, mayLackRights: true },
    { phase: 'Undoing', owner: 0, mayLackRights: false },
    { phase: 'Finishing', owner: 1, mayLackRights: false },
  ])('while a move is in $phase', ({ phase, owner, mayLackRights }) => {
    const [keyspace] = MAP.keyspaces ?? [];
    const map = {
      ...MAP,
      keyspaces: [
        {
          ...keyspace,
          slotsByShard: [
            { shard: 0, slots: owner === 0 ? '0-1' : '0' },
            { shard: 1, slots: owner === 0 ? '2-3' : '1-3' },
          ],
        },
      ],
      moves: [{ keyspace: 'app', unit: 'Slot', slot: 1, from: 0, to: 1, phase }],
    } as AuditedMap;
    const world = (): [Shard, Shard] => {
      const all = shards();
      all[1].databases.push('app_s0001');
      all[0].granted = all[0].granted.filter((name) => name !== 'app_s0001');
      all[owner].granted.push('app_s0001');
      return all;
    };

    it('takes the other copy for what it is, and counts rows once', async () => {
      const report = await auditCluster(map, ask(world()));
      expect([report.problems, report.rows]).toEqual([[], 40]);
    });

    it('finds rights on the copy', async () => {
      const all = world();
      all[1 - owner]?.granted.push('app_s0001');
      expect(await problems(all, map)).toEqual([`GrantOfAnother ${1 - owner}`]);
    });

    it('knows whether rights may be missing where it is served', async () => {
      const all = world();
      all[owner].granted = all[owner].granted.filter((name) => name !== 'app_s0001');
      expect(await problems(all, map)).toEqual(mayLackRights ? [] : [`GrantMissing ${owner}`]);
    });
  });
});
