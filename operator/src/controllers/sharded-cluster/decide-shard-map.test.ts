import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import type { MemberWord, ShardEvidence } from '../../core/rebuild/evidence.ts';
import type { ShardMapInput } from './decide-shard-map.ts';
import { decideShardMap } from './decide-shard-map.ts';
import { aCluster, aShard, aShardStatus } from './testing/builders.ts';

function input(change: Partial<ShardMapInput> = {}): ShardMapInput {
  return {
    cluster: 'demo',
    namespace: 'shop',
    shards: 1,
    instances: 3,
    current: undefined,
    reported: [],
    spec: { keyspaces: [], users: [] },
    reportedKeyspaces: [],
    underWay: null,
    planned: null,
    evidence: null,
    decided: new Map(),
    withData: new Set(),
    labelledPrimaries: [],
    pods: new Set(),
    nowSeconds: 1_800_000_000.5,
    ...change,
  };
}

const RESTORED = aShard(0, { initialised: true, ackers: ['demo-shard-0-1', 'demo-shard-0-2'] });

describe('decideShardMap', () => {
  it('bootstraps a new cluster with the first pod of each shard as primary, in epoch 1', () => {
    expect(decideShardMap(input({ shards: 2 }))).toEqual({
      kind: 'create',
      spec: { revision: 1, shards: [aShard(0), aShard(1)] },
      findings: [],
    });
  });

  it('keeps a complete map as it is', () => {
    const current = {
      revision: 4,
      shards: [
        aShard(0, { epoch: 9, primary: 'demo-shard-0-1', replicas: ['demo-shard-0-0', 'demo-shard-0-2'] }),
      ],
    };
    expect(decideShardMap(input({ current, withData: new Set([0]) }))).toEqual({
      kind: 'keep',
      spec: current,
      findings: [],
    });
  });

  it('adds a shard and leaves the others alone', () => {
    const current = { revision: 4, shards: [aShard(0, { epoch: 9 })] };
    expect(decideShardMap(input({ current, shards: 2, withData: new Set([0]) }))).toEqual({
      kind: 'update',
      spec: { revision: 5, shards: [aShard(0, { epoch: 9 }), aShard(1)] },
      findings: [],
    });
  });

  describe('with fewer shards asked for', () => {
    const keyspace = {
      name: 'app',
      strategy: 'ConsistentHash',
      placement: 'Balanced',
      slots: 4,
      tables: [],
      homeShard: 0,
      referenceShards: [0, 1, 2],
      slotsByShard: [
        { shard: 0, slots: '0-1' },
        { shard: 1, slots: '2-3' },
      ],
      transactions: 'Single',
      consistency: 'Strong',
    } as const;
    const keyspaces = [structuredClone(keyspace)] as unknown as NonNullable<ShardMapSpec['keyspaces']>;
    const full = [{ ...structuredClone(keyspace), homeShard: 2 }] as unknown as typeof keyspaces;
    const current: ShardMapSpec = { revision: 4, shards: [aShard(0), aShard(1), aShard(2)], keyspaces };
    const { spec } = aCluster({ shards: 2, keyspaces: [{ name: 'app', slots: 4 }] });
    const fewer = (change: Partial<ShardMapInput>) => {
      const decision = decideShardMap(
        input({ spec, current, shards: 2, withData: new Set([0, 1, 2]), ...change }),
      );
      return decision.kind === 'refuse' ? [] : decision.spec.shards.map(({ number }) => number);
    };

    it('lets go of the highest that have nothing, and of the copies that went with them', () => {
      const decision = decideShardMap(input({ spec, current, shards: 2, withData: new Set([0, 1, 2]) }));
      expect(decision).toMatchObject({
        kind: 'update',
        spec: {
          revision: 5,
          shards: [{ number: 0 }, { number: 1 }],
          keyspaces: [{ name: 'app', referenceShards: [0, 1], slotsByShard: keyspace.slotsByShard }],
        },
      });
    });

    it('keeps a shard that has anything, or has to do with a move, or is not beyond the number', () => {
      expect(fewer({ shards: 1 })).toEqual([0, 1]);
      expect(fewer({ shards: 3 })).toEqual([0, 1, 2]);
      expect(fewer({ current: { ...current, keyspaces: full } })).toEqual([0, 1, 2]);
      const move = {
        id: 'm',
        keyspace: 'app',
        unit: 'Slot',
        slot: 3,
        from: 2,
        to: 1,
        phase: 'Soaking',
        attempt: 1,
      } as const;
      expect(fewer({ current: { ...current, moves: [move] } })).toEqual([0, 1, 2]);
    });

    it('keeps every shard without keyspaces', () => {
      const { keyspaces: _, ...bare } = current;
      expect(fewer({ current: bare, spec: { keyspaces: [], users: [] } })).toEqual([0, 1, 2]);
    });

    it('does not bring back what only the status remembers, unless the map was lost', () => {
      const reported = [0, 1, 2].map((number) => aShardStatus(number));
      const gone = { ...current, shards: [aShard(0), aShard(1)] };
      expect(fewer({ current: gone, reported })).toEqual([0, 1]);
      expect(fewer({ current: undefined, reported })).toEqual([0, 1, 2]);
    });

    it('places new keyspaces where shards stay', () => {
      const more = aCluster({
        shards: 2,
        keyspaces: [
          { name: 'app', slots: 4 },
          { name: 'other', slots: 4 },
        ],
      });
      const decision = decideShardMap(
        input({
          spec: more.spec,
          current: { ...current, keyspaces: full },
          shards: 2,
          withData: new Set([0, 1, 2]),
        }),
      );
      expect(decision).toMatchObject({
        spec: { keyspaces: [{ name: 'app' }, { name: 'other', slotsByShard: [{ shard: 0 }, { shard: 1 }] }] },
      });
    });
  });

  it('refuses to make up a map that was lost while slots moved, and has nothing against one that is there', () => {
    const reported = [aShardStatus(0)];
    const { spec } = aCluster({ keyspaces: [{ name: 'app', slots: 4 }] });
    const evidence = [
      { number: 0, members: [], silent: ['demo-shard-0-0'], holdings: null, because: null, revision: 0 },
    ];
    expect(decideShardMap(input({ reported, spec, evidence, underWay: 'demo-r1' }))).toMatchObject({
      kind: 'refuse',
      finding: { reason: 'ShardMapMissing', blocks: 'cluster', message: expect.stringContaining('demo-r1') },
    });
    const current = { revision: 4, shards: [aShard(0)] };
    expect(decideShardMap(input({ current, underWay: 'demo-r1' })).kind).toBe('keep');
  });

  it('leaves what moves to whoever moves it', () => {
    const moves = {
      moves: [
        {
          id: 'a-1',
          keyspace: 'app',
          unit: 'Slot' as const,
          slot: 3,
          from: 0,
          to: 1,
          phase: 'Copying' as const,
          attempt: 1,
        },
      ],
      moveLimits: {
        rowsPerSecond: 1,
        bytesPerSecond: 2,
        batchRows: 3,
        maxReplicaLagSeconds: 4,
        paused: true,
      },
    };
    const current = { revision: 4, shards: [aShard(0, { initialised: true })], ...moves };
    expect(decideShardMap(input({ current })).kind).toBe('keep');
    expect(decideShardMap(input({ current, shards: 2 }))).toMatchObject({
      kind: 'update',
      spec: { revision: 5, ...moves },
    });
  });

  it('takes no shard away', () => {
    const current = { revision: 4, shards: [aShard(0), aShard(1)] };
    expect(decideShardMap(input({ current, shards: 1 }))).toEqual({
      kind: 'keep',
      spec: current,
      findings: [],
    });
  });

  it('restores a lost map from the status: same epoch and primary, every member an acker, a high revision', () => {
    expect(decideShardMap(input({ reported: [aShardStatus(0)], withData: new Set([0]) }))).toEqual({
      kind: 'create',
      spec: { revision: 1_800_000_000, shards: [RESTORED] },
      findings: [],
      rebuilt: 'It has no keyspaces.',
    });
  });

  it('restores a shard that is missing from the map', () => {
    const current = { revision: 4, shards: [aShard(1)] };
    expect(
      decideShardMap(input({ current, shards: 2, reported: [aShardStatus(0), aShardStatus(1)] })),
    ).toEqual({
      kind: 'update',
      spec: { revision: 5, shards: [RESTORED, aShard(1)] },
      findings: [],
    });
  });

  it('restores a promotion under way as one under way', () => {
    const reported = [{ ...aShardStatus(0), primary: null, epoch: 3 }];
    const decision = decideShardMap(input({ reported }));
    expect(decision).toMatchObject({ kind: 'create', spec: { shards: [{ primary: null, epoch: 3 }] } });
  });

  it('restores shards that fewer are asked for by now', () => {
    const reported = [aShardStatus(0), aShardStatus(1)];
    expect(decideShardMap(input({ reported, shards: 1 }))).toMatchObject({
      spec: { shards: [{ number: 0 }, { number: 1 }] },
    });
  });

  it.each([
    ['the map is gone', undefined, 'The ShardMap demo is missing'],
    ['the map lacks it', { revision: 1, shards: [aShard(1)] }, 'The ShardMap demo lacks shard 0'],
  ])('refuses to guess the primary of a shard with data when %s', (_, current, words) => {
    const decision = decideShardMap(input({ current, shards: 2, withData: new Set([0]) }));
    expect(decision).toMatchObject({
      kind: 'refuse',
      finding: { reason: 'ShardMapMissing', blocks: 'cluster' },
    });
    expect(decision).toMatchObject({ finding: { message: expect.stringContaining(words) } });
  });

  it('refuses a record that the labels of the pods contradict', () => {
    const decision = decideShardMap(
      input({ reported: [aShardStatus(0)], labelledPrimaries: ['demo-shard-0-2', 'demo-shard-1-0'] }),
    );
    expect(decision).toMatchObject({ kind: 'refuse', finding: { reason: 'ShardMapMissing' } });
  });

  describe('with the words of members and databases', () => {
    const { spec } = aCluster({ shards: 2, keyspaces: [{ name: 'app', slots: 2 }] });
    const member = (pod: string, change: Partial<MemberWord> = {}): MemberWord => ({
      pod,
      epoch: 4,
      recordedEpoch: 4,
      isPrimary: false,
      isWritable: false,
      isAcknowledged: false,
      isUntouched: false,
      ...change,
    });
    const shardTells = (number: number, change: Partial<ShardEvidence> = {}): ShardEvidence => ({
      number,
      members: [
        member(`demo-shard-${number}-0`),
        member(`demo-shard-${number}-1`, { isPrimary: true, isWritable: true, isAcknowledged: true }),
        member(`demo-shard-${number}-2`),
      ],
      silent: [],
      holdings: {
        served: number === 0 ? ['app_s0000', 'app_s0001', 'app$shared', 'app$single'] : ['app$shared'],
        closed: [],
        missing: [],
        fences: [],
        moves: [],
      },
      because: null,
      revision: 12,
      ...change,
    });
    const told = (change: Partial<ShardMapInput> = {}) =>
      decideShardMap(
        input({
          spec,
          shards: 2,
          withData: new Set([0, 1]),
          underWay: 'demo-r1',
          evidence: [shardTells(0), shardTells(1)],
          ...change,
        }),
      );

    it('makes the map again though nothing is on record, with slots where users have rights', () => {
      const shard = (number: number) => ({
        number,
        epoch: 4,
        primary: `demo-shard-${number}-1`,
        replicas: [`demo-shard-${number}-0`, `demo-shard-${number}-2`],
        ackers: [`demo-shard-${number}-0`, `demo-shard-${number}-2`],
        initialised: true,
      });
      expect(told()).toMatchObject({
        kind: 'create',
        spec: {
          revision: 1_800_000_000,
          shards: [shard(0), shard(1)],
          keyspaces: [
            {
              name: 'app',
              homeShard: 0,
              referenceShards: [0, 1],
              slotsByShard: [{ shard: 0, slots: '0-1' }],
            },
          ],
        },
        rebuilt: expect.stringContaining('where users have rights'),
      });
    });

    it('never goes back behind a revision that somebody has read or recorded', () => {
      const fences = [{ database: 'app_s0000', revision: 2_000_000_000 }];
      const holdings = { served: [], closed: [], missing: [], moves: [], fences };
      expect(told({ evidence: [shardTells(0, { revision: 1_900_000_000 }), shardTells(1)] })).toMatchObject({
        spec: { revision: 1_900_000_001 },
      });
      expect(told({ evidence: [shardTells(0, { holdings }), shardTells(1)] })).toMatchObject({
        spec: { revision: 2_000_000_001 },
      });
    });

    it('gives what moves have left behind an end', () => {
      const left = {
        served: ['app$shared'],
        closed: ['app_s0001'],
        missing: [],
        fences: [],
        moves: [{ id: 'demo-r1-abc-1', database: 'app_s0001' }],
      };
      expect(told({ evidence: [shardTells(0), shardTells(1, { holdings: left })] })).toMatchObject({
        spec: {
          moves: [
            {
              id: 'rebuilt-1800000000-1',
              keyspace: 'app',
              unit: 'Slot',
              slot: 1,
              from: 0,
              to: 1,
              phase: 'Undoing',
            },
          ],
        },
      });
    });

    it('has members elect where nobody leads in the epoch that they have read', () => {
      const members = [0, 1, 2].map((ordinal) => member(`demo-shard-1-${ordinal}`, { epoch: 5 }));
      expect(told({ evidence: [shardTells(0), shardTells(1, { members })] })).toMatchObject({
        spec: {
          shards: [
            { epoch: 4 },
            { epoch: 6, primary: null, ackers: ['demo-shard-1-0', 'demo-shard-1-1', 'demo-shard-1-2'] },
          ],
        },
      });
    });

    it.each<[string, Partial<ShardMapInput>, string]>([
      [
        'a primary that does not tell while slots move',
        { evidence: [shardTells(0), shardTells(1, { holdings: null, because: 'it says nothing' })] },
        'shard 1: it says nothing',
      ],
      [
        'a slot that two shards serve',
        { evidence: [shardTells(0), shardTells(1, { holdings: shardTells(0).holdings })] },
        'app_s0000 on shards 0 and 1',
      ],
      [
        'a member that is not heard',
        { evidence: [shardTells(0, { silent: ['demo-shard-0-9'] })] },
        'demo-shard-0-9',
      ],
    ])('refuses %s, and says what to do', (_, change, words) => {
      expect(told(change)).toMatchObject({
        kind: 'refuse',
        finding: { reason: 'ShardMapMissing', blocks: 'cluster', message: expect.stringContaining(words) },
      });
    });

    describe('with a shard that nobody leads while slots move', () => {
      const members = [0, 1, 2].map((ordinal) => member(`demo-shard-1-${ordinal}`, { epoch: 5 }));
      const silent = shardTells(1, { members, holdings: null, because: 'nobody takes writes' });
      const reportedKeyspaces = [
        { name: 'app', homeShard: 1, referenceShards: [1], slotsByShard: [{ shard: 1, slots: '0-1' }] },
      ];
      const decided = told({ evidence: [shardTells(0), silent], reportedKeyspaces });

      it('makes a map by which one is elected, and which says nothing of slots', () => {
        expect(decided).toMatchObject({
          kind: 'create',
          spec: { shards: [{ epoch: 4 }, { epoch: 6, primary: null }] },
          findings: [{ reason: 'ShardMapMissing', message: expect.stringContaining('nobody takes writes') }],
        });
        expect(decided).not.toHaveProperty('spec.keyspaces');
      });

      const current = decided.kind === 'create' ? decided.spec : undefined;

      it('keeps it so until all is told', () => {
        const still = told({ current, evidence: [shardTells(0), silent], reportedKeyspaces });
        expect(still).toMatchObject({ kind: 'keep', findings: [{ reason: 'ShardMapMissing' }] });
        expect(still).toMatchObject({ spec: current });
      });

      it('adds the slots then, where users have rights, and has left copies removed', () => {
        const holdings = {
          served: ['app$shared'],
          closed: ['app_s0001'],
          missing: [],
          fences: [],
          moves: [{ id: 'demo-r1-abc-1', database: 'app_s0001' }],
        };
        expect(
          told({ current, evidence: [shardTells(0), shardTells(1, { holdings })], reportedKeyspaces }),
        ).toMatchObject({
          kind: 'update',
          spec: {
            revision: (current?.revision ?? 0) + 1,
            keyspaces: [{ name: 'app', homeShard: 0, slotsByShard: [{ shard: 0, slots: '0-1' }] }],
            moves: [{ slot: 1, from: 0, to: 1, phase: 'Copying' }],
          },
          rebuilt: expect.stringContaining('where users have rights'),
        });
      });
    });

    it('takes the slots of the status where a primary does not tell and nothing moves', () => {
      const reportedKeyspaces = [
        { name: 'app', homeShard: 1, referenceShards: [1], slotsByShard: [{ shard: 1, slots: '0-1' }] },
      ];
      const evidence = [shardTells(0), shardTells(1, { holdings: null, because: 'it says nothing' })];
      expect(told({ evidence, reportedKeyspaces, underWay: null })).toMatchObject({
        spec: { keyspaces: reportedKeyspaces },
        rebuilt: expect.stringContaining('where the status said'),
      });
    });

    describe('with a slot that two shards serve', () => {
      const holdings = { served: ['app_s0001'], closed: ['app$shared'], missing: [], fences: [], moves: [] };
      const evidence = [shardTells(0), shardTells(1, { holdings })];
      const reportedKeyspaces = [
        { name: 'app', homeShard: 0, referenceShards: [0, 1], slotsByShard: [{ shard: 0, slots: '0-1' }] },
      ];
      const refused = {
        kind: 'refuse',
        finding: {
          reason: 'ShardMapMissing',
          message: expect.stringContaining('app_s0001 on shards 0 and 1'),
        },
      };

      it('waits for a person while slots were moving', () => {
        expect(told({ evidence, reportedKeyspaces })).toMatchObject(refused);
      });

      it('tells the commands by which one decides', () => {
        expect(told({ evidence, reportedKeyspaces })).toMatchObject({
          finding: {
            message: expect.stringContaining(
              'kubectl annotate shardedcluster demo --namespace=shop --overwrite owner.shardwright.io/app_s0001=0 (or 1)',
            ),
          },
        });
      });

      it('takes the shard that it was to leave, where it was never fenced, and tells of it', () => {
        expect(told({ evidence, reportedKeyspaces, planned: new Map([['app_s0001', 0]]) })).toMatchObject({
          kind: 'create',
          spec: { keyspaces: [{ slotsByShard: [{ shard: 0, slots: '0-1' }] }] },
          rebuilt: expect.stringContaining('by the records of its move: app_s0001 on shard 0'),
        });
      });

      it('leaves it where the status had it where nothing was moving, and tells of it', () => {
        expect(told({ evidence, reportedKeyspaces, underWay: null, planned: new Map() })).toMatchObject({
          kind: 'create',
          spec: { keyspaces: [{ slotsByShard: [{ shard: 0, slots: '0-1' }] }] },
          rebuilt: expect.stringContaining('app_s0001 on shard 0'),
        });
      });

      it('waits for a person where no status had it', () => {
        expect(told({ evidence, underWay: null, planned: new Map() })).toMatchObject(refused);
      });
    });

    it('takes the word of a person for a slot that two shards serve', () => {
      const holdings = { served: ['app_s0001'], closed: ['app$shared'], missing: [], fences: [], moves: [] };
      const evidence = [shardTells(0), shardTells(1, { holdings })];
      expect(told({ evidence, decided: new Map([['app_s0001', 1]]) })).toMatchObject({
        spec: {
          keyspaces: [
            {
              slotsByShard: [
                { shard: 0, slots: '0' },
                { shard: 1, slots: '1' },
              ],
            },
          ],
        },
      });
    });
  });

  it('takes no notice of a status that does not know the epoch', () => {
    const { epoch: _, ...withoutEpoch } = aShardStatus(0);
    expect(decideShardMap(input({ reported: [withoutEpoch] }))).toMatchObject({ spec: { revision: 1 } });
  });

  it('keeps members on record that are on their way out, while their pod exists or they are ackers', () => {
    const shard = aShard(0, {
      replicas: ['demo-shard-0-1', 'demo-shard-0-2', 'demo-shard-0-3', 'demo-shard-0-4'],
      ackers: ['demo-shard-0-4'],
    });
    const current = { revision: 1, shards: [shard] };
    const decide = (pods: string[]) => decideShardMap(input({ current, instances: 2, pods: new Set(pods) }));
    expect(decide(['demo-shard-0-2', 'demo-shard-0-3'])).toEqual({
      kind: 'keep',
      spec: current,
      findings: [],
    });
    expect(decide([])).toMatchObject({
      kind: 'update',
      spec: { shards: [{ replicas: ['demo-shard-0-1', 'demo-shard-0-4'] }] },
    });
  });

  it('never changes an epoch or a primary that is on record, nor names one member twice', () => {
    const pods = fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(
        pods,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.nat(100),
        (ordinals, instances, shards, promoted, epoch) => {
          const names = ordinals.map((ordinal) => `demo-shard-0-${ordinal}`);
          const [first = '', ...others] = names;
          const shard = promoted
            ? aShard(0, { epoch, primary: null, replicas: names })
            : aShard(0, { epoch, primary: first, replicas: others });
          const current = { revision: 7, shards: [shard] };
          const decision = decideShardMap(input({ current, instances, shards, withData: new Set([0]) }));
          if (decision.kind === 'refuse') {
            throw new Error('refused');
          }
          const [after] = decision.spec.shards;
          expect(after).toMatchObject({ epoch, primary: shard.primary });
          const members = [after?.primary, ...(after?.replicas ?? [])];
          expect(new Set(members).size).toBe(members.length);
          expect(decision.spec.revision).toBe(decision.kind === 'keep' ? 7 : 8);
          // Decided once, decided for good.
          expect(decideShardMap(input({ current: decision.spec, instances, shards }))).toMatchObject({
            kind: 'keep',
          });
        },
      ),
    );
  });
});
