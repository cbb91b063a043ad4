/** The plugin against an API server and a kubectl in memory. */
import type { ShardedCluster, ShardMap, ShardMapKeyspace } from '../../api/v1alpha1/index.ts';
import { FakeApiServer } from '../../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { shardedClusters, shardMaps } from '../cluster-view.ts';
import { runPlugin } from '../plugin.ts';

/** A call of kubectl: its arguments, and what was on its standard input; null where it had the terminal. */
export interface KubectlCall {
  readonly arguments: readonly string[];
  readonly input: string | null;
}

const NEVER = new AbortController().signal;

/** Namespace and name of the cluster that {@link PluginHarness.createCluster} makes. */
export const CLUSTER_KEY = { namespace: 'web', name: 'shop' } as const;

/** A keyspace of eight slots on two shards. */
export const KEYSPACE: ShardMapKeyspace = {
  name: 'app',
  strategy: 'ConsistentHash',
  placement: 'Balanced',
  slots: 8,
  defaultKey: 'id',
  tables: [],
  homeShard: 0,
  referenceShards: [0, 1],
  slotsByShard: [
    { shard: 0, slots: '0-3' },
    { shard: 1, slots: '4-7' },
  ],
  transactions: 'Single',
  consistency: 'Strong',
};

/** Runs command lines and keeps what they show. */
export class PluginHarness {
  readonly clock = new FakeClock();
  readonly server = new FakeApiServer(this.clock);
  readonly kubectlCalls: KubectlCall[] = [];
  out = '';
  err = '';
  isTerminal = false;
  /** What the person at the terminal answers. */
  answer = '';
  /** What kubectl prints; may throw. */
  kubectlOutput: (call: KubectlCall) => string = () => '';
  kubectlExitCode = 0;

  /** Makes the cluster `shop` of two shards in the namespace `web`, and its map. */
  async createCluster(
    spec: Partial<ShardedCluster['spec']> = {},
    map: Partial<ShardMap['spec']> = {},
  ): Promise<void> {
    const cluster = {
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardedCluster',
      metadata: CLUSTER_KEY,
      spec: { shards: 2, keyspaces: [{ name: 'app', defaultKey: 'id', slots: 8 }], ...spec },
    } as unknown as ShardedCluster;
    await this.server.create(shardedClusters, cluster, NEVER);
    const shards = [0, 1].map((number) => ({
      number,
      name: `shop-shard-${number}`,
      epoch: 1,
      primary: `shop-shard-${number}-0`,
      replicas: [],
      ackers: [],
      initialised: true,
      acknowledgement: 'None' as const,
    }));
    await this.server.create(
      shardMaps,
      {
        apiVersion: 'shardwright.io/v1alpha1',
        kind: 'ShardMap',
        metadata: CLUSTER_KEY,
        spec: { revision: 7, shards, keyspaces: [KEYSPACE], ...map },
      },
      NEVER,
    );
  }

  /** Runs a command line while the clock goes on; `operator` is called with each tenth of a second. */
  async run(
    line: string | readonly string[],
    operator: () => Promise<void> = async () => {},
  ): Promise<number> {
    const running = runPlugin(typeof line === 'string' ? line.split(' ') : line, {
      version: '1.2.3',
      signal: NEVER,
      writeOut: (text) => void (this.out += text),
      writeErr: (text) => void (this.err += text),
      connect: async (asked) => ({
        client: this.server,
        namespace: asked.namespace ?? CLUSTER_KEY.namespace,
        clock: this.clock,
        say: (text) => void (this.out += `${text}\n`),
        progress: (text) => void (this.err += `${text}\n`),
        kubectl: {
          capture: async (kubectlArguments, input) => {
            const call = { arguments: kubectlArguments, input };
            this.kubectlCalls.push(call);
            return this.kubectlOutput(call);
          },
          attach: async (kubectlArguments) => {
            this.kubectlCalls.push({ arguments: kubectlArguments, input: null });
            return this.kubectlExitCode;
          },
        },
        isTerminal: this.isTerminal,
        redraw: (lines) => void (this.out += lines.map((text) => `${text}\n`).join('')),
        ask: async (question) => {
          this.out += question;
          return this.answer;
        },
        close: async () => {},
      }),
    });
    const ended = { isTrue: false };
    void running.finally(() => (ended.isTrue = true));
    for (let tenth = 0; tenth < 1000 && !ended.isTrue; tenth += 1) {
      await operator();
      await settle();
      await this.clock.advance(100);
    }
    return running;
  }
}
