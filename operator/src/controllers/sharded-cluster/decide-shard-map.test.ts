import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ShardMapInput } from './decide-shard-map.ts';
import { decideShardMap } from './decide-shard-map.ts';
import { aShard, aShardStatus } from './testing/builders.ts';

function input(change: Partial<ShardMapInput> = {}): ShardMapInput {
  return {
    cluster: 'demo',
    shards: 1,
    instances: 3,
    current: undefined,
    reported: [],
    spec: { keyspaces: [], users: [] },
    reportedKeyspaces: [],
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
