import { beforeEach, describe, expect, it } from '@jest/globals';
import { PluginFailure } from './failure.ts';
import { shardRebalances } from './rebalance-view.ts';
import { CLUSTER_KEY, KEYSPACE, type KubectlCall, PluginHarness } from './testing/plugin-harness.ts';

const NEVER = new AbortController().signal;

/** A server whose largest table of the slot has keys from 1 to 9, in their middle 5. */
function answered({ arguments: words, input }: KubectlCall): string {
  if (words.includes('df')) {
    return '  Avail\n1000000000\n';
  }
  if (input?.includes('information_schema.COLUMNS') === true) {
    return 'items\tnote\ttext\tutf8mb4_bin\nitems\tID\tbigint(20)\t\n';
  }
  if (input?.includes('OFFSET') === true) {
    return '5\n';
  }
  if (input?.includes('LIMIT 1') === true) {
    return '1\n';
  }
  if (input?.includes('COUNT(*)') === true) {
    return '9\n';
  }
  return input?.includes('SCHEMATA') === true ? 'log_s0000\t9\t16384\n' : '';
}

describe('split', () => {
  let plugin: PluginHarness;

  beforeEach(async () => {
    plugin = new PluginHarness();
    plugin.kubectlOutput = answered;
    const log = {
      ...KEYSPACE,
      name: 'log',
      strategy: 'Range' as const,
      slots: 16,
      slotsByShard: [{ shard: 0, slots: '0' }],
      ranges: [{ slot: 0 }],
    };
    await plugin.createCluster({}, { keyspaces: [KEYSPACE, log] });
  });

  const created = async () =>
    (await plugin.server.list(shardRebalances, { namespace: CLUSTER_KEY.namespace }, NEVER)).items.map(
      ({ spec }) => spec,
    );

  it('shows the plan, and creates an approved ShardRebalance', async () => {
    expect(await plugin.run('split shop log 0 --at 7 --to 1 --yes')).toBe(0);
    expect(plugin.out).toContain('slot 0 split at "7" into 1 and 2');
    expect(await created()).toEqual([
      expect.objectContaining({
        clusterName: 'shop',
        approved: true,
        split: { keyspace: 'log', slot: 0, at: '7', to: 1 },
      }),
    ]);
  });

  it.each([
    ['a slot with rows', 'log_s0000\t9\t16384\n', 'The rows below it are copied'],
    ['an empty slot', 'log_s0000\t0\t16384\n', 'nothing is copied'],
  ])('says what a cut above all keys of %s costs', async (_, sizes, cost) => {
    plugin.kubectlOutput = (call) => {
      const isOfKeys = call.input?.includes('= 1 LIMIT 1') === true;
      return isOfKeys ? '' : call.input?.includes('SCHEMATA') === true ? sizes : answered(call);
    };
    expect(await plugin.run('split shop log 0 --at 700 --yes')).toBe(0);
    const asked = plugin.kubectlCalls.find(({ input }) => input?.includes('= 1 LIMIT 1') === true);
    expect(asked?.input).toContain('CASE WHEN `ID` >= 700 THEN 1 ELSE 0 END = 1 LIMIT 1');
    expect(plugin.out).toContain('No row has a key from "700" on');
    expect(plugin.out).toContain(cost);
  });

  it.each([
    ['has rows', answered],
    [
      'cannot be looked at',
      (call: KubectlCall) => {
        if (call.input?.includes('= 1 LIMIT 1') === true) {
          throw new PluginFailure('Failed', 'max_statement_time exceeded');
        }
        return answered(call);
      },
    ],
  ])('says nothing of an upper part that %s', async (_, output) => {
    plugin.kubectlOutput = output;
    expect(await plugin.run('split shop log 0 --at 7 --yes')).toBe(0);
    expect(plugin.out).not.toContain('No row has a key');
  });

  it('takes the key in the middle of the largest table, as it is canonical', async () => {
    expect(await plugin.run('split shop log 0 --yes')).toBe(0);
    const asked = plugin.kubectlCalls.find(({ input }) => input?.includes('OFFSET') === true);
    expect(asked?.input).toContain('CAST(`ID` + 0 AS CHAR CHARACTER SET ascii)');
    expect(asked?.input).toContain('LIMIT 1 OFFSET 4');
    expect(asked?.input).toContain('READ ONLY');
    expect(await created()).toEqual([
      expect.objectContaining({ split: { keyspace: 'log', slot: 0, at: '5' } }),
    ]);
  });

  it('asks for a key where the slot has no two', async () => {
    plugin.kubectlOutput = (call) => (call.input?.includes('OFFSET') === true ? '' : answered(call));
    expect(await plugin.run('split shop log 0 --yes')).not.toBe(0);
    expect(plugin.err).toContain('--at');
    expect(await created()).toEqual([]);
  });

  it.each([
    ['split shop app 0 --at 7 --yes', 'strategy Range'],
    ['split shop log 3 --at 7 --yes', 'no slot 3'],
    ['split shop log x --at 7 --yes', 'no slot: write its number'],
    ['split shop log 0 --at 7 --to 5 --yes', '5'],
  ])('%s creates nothing', async (line, reason) => {
    expect(await plugin.run(line)).not.toBe(0);
    expect(plugin.err).toContain(reason);
    expect(await created()).toEqual([]);
  });

  it('creates nothing in a dry run', async () => {
    expect(await plugin.run('split shop log 0 --at 7 --dry-run')).toBe(0);
    expect(plugin.out).toContain('would be created');
    expect(await created()).toEqual([]);
  });
});
