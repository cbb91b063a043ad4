/** One shard of a cluster while a client writes to it, seen as its application sees it. */
import type { RowDataPacket } from 'mysql2/promise';
import type { ShardMapShard } from '../../operator/src/api/v1alpha1/index.ts';
import { configMaps, pods, secrets } from '../../operator/src/runtime/resources.ts';
import { openSession, type Session } from '../chaos/clients/session.ts';
import { findPodProcesses, type PodProgram, sendTo } from '../chaos/stage/pod-processes.ts';
import { freezeProcesses } from '../cluster/machine/freeze-processes.ts';
import { makeRowTable, ROW_TABLE, type RowWriter, startRowWriter } from '../database/row-writer.ts';
import type { World } from './world.ts';

/** A writer that waits for a server that is gone does not look for another. */
const WRITER_CONNECT_MILLISECONDS = 2000;
/** A test asks once, of a server that runs, on a machine that may be busy. */
const CONNECT_MILLISECONDS = 30_000;
const STATEMENT_MILLISECONDS = 20_000;
/** The agent's own account, in the form that MariaDB's programs read. */
const AGENT_ACCOUNT = '/run/shardwright/client.cnf';

/** A shard whose rows are written one after the other. */
export class WrittenShard {
  readonly #world: World;
  readonly #cluster: string;
  #writer: RowWriter | undefined;
  /** How often writing has begun: each time under another name, for the rows are numbered anew. */
  #round = 0;

  constructor(world: World, cluster: string) {
    this.#world = world;
    this.#cluster = cluster;
  }

  /** Makes the table, and begins to write, also after `stop`. The cluster has to be ready. */
  async start(): Promise<void> {
    const session = await this.connect((await this.entry()).primary ?? '');
    await makeRowTable(session);
    session.close();
    this.#round += 1;
    this.#writer = startRowWriter({
      name: this.#name,
      connect: (host) => this.#connectTo(host, STATEMENT_MILLISECONDS, WRITER_CONNECT_MILLISECONDS),
      target: async () => {
        const { primary } = await this.entry();
        return primary === null ? undefined : { pod: primary, host: await this.#addressOf(primary) };
      },
    });
    await this.untilAcknowledged(20);
  }

  async stop(): Promise<void> {
    await this.#writer?.stop();
  }

  /** Its entry in the ShardMap. */
  async entry(): Promise<ShardMapShard> {
    const shard = (await this.#world.map(this.#cluster)).spec.shards[0];
    if (shard === undefined) {
      throw new Error('there is no shard');
    }
    return shard;
  }

  /** All pods, the primary first. */
  async members(): Promise<readonly string[]> {
    const { primary, replicas } = await this.entry();
    return [...(primary === null ? [] : [primary]), ...replicas];
  }

  /** Connects to a pod's server as the application. */
  async connect(pod: string, statementMilliseconds = STATEMENT_MILLISECONDS): Promise<Session> {
    return this.#connectTo(await this.#addressOf(pod), statementMilliseconds);
  }

  /** Runs SQL on a pod's server as its agent. */
  async runAsAgent(pod: string, sql: string): Promise<void> {
    await this.execute(pod, ['mariadb', `--defaults-file=${AGENT_ACCOUNT}`, `--execute=${sql}`]);
  }

  /** Runs a program beside a pod's server; returns what it prints. */
  async execute(pod: string, command: readonly string[]): Promise<string> {
    const { kubectl, namespace } = this.#world;
    return kubectl.run(['exec', pod, `--namespace=${namespace}`, '--container=mariadb', '--', ...command]);
  }

  /** Sends a signal to a program of pods, where it runs; SIGSTOP has taken effect when this resolves. */
  async signal(names: readonly string[], program: PodProgram, signal: NodeJS.Signals): Promise<void> {
    const uids = await Promise.all(
      names.map(async (name) => (await this.#world.require(pods, name)).metadata?.uid ?? ''),
    );
    const pids = uids.flatMap((uid) => findPodProcesses(uid, program));
    if (signal === 'SIGSTOP') {
      await freezeProcesses(pids);
    } else {
      sendTo(pids, signal);
    }
  }

  /** Waits until so many more rows were acknowledged. */
  async untilAcknowledged(more: number): Promise<void> {
    const goal = (this.#writer?.acknowledged.size ?? 0) + more;
    await this.#world.until('rows are acknowledged', async () =>
      (this.#writer?.acknowledged.size ?? 0) >= goal ? true : undefined,
    );
  }

  /** The longest time without an acknowledgement, in milliseconds, since the last call. */
  takeLongestGap(): number {
    return this.#writer?.takeLongestGap() ?? Infinity;
  }

  /** Waits until both others may acknowledge to the primary; returns the entry. */
  async untilWhole(atLeastEpoch = 0): Promise<ShardMapShard> {
    return this.#world.until('all members are at work', async () => {
      const shard = await this.entry();
      const isWhole = shard.primary !== null && shard.ackers.length === shard.replicas.length;
      return isWhole && shard.epoch >= atLeastEpoch ? shard : undefined;
    });
  }

  /**
   * Acknowledged rows that a member does not show though it was given time, each as `pod: row`; none where nothing is
   * lost.
   */
  async findLost(): Promise<readonly string[]> {
    // Read after the acknowledgements were counted: what comes later may or may not be there.
    const acknowledged = [...(this.#writer?.acknowledged ?? [])];
    const lost: string[] = [];
    for (const pod of await this.members()) {
      let missing: readonly number[] = [];
      await this.#world
        .until(`${pod} shows every acknowledged row`, async () => {
          const rows = new Set(await this.#rowsOf(pod));
          missing = acknowledged.filter((id) => !rows.has(id));
          return missing.length === 0 ? true : undefined;
        })
        .catch(() => lost.push(...missing.map((id) => `${pod}: ${id}`), `${pod} in time`));
    }
    return lost;
  }

  get #name(): string {
    return `writer-${this.#round}`;
  }

  async #rowsOf(pod: string): Promise<readonly number[]> {
    const session = await this.connect(pod);
    try {
      const sql = `SELECT id FROM ${ROW_TABLE} WHERE writer = ? ORDER BY id`;
      const rows = await session.query<RowDataPacket[]>(sql, [this.#name]);
      return rows.map(({ id }) => Number(id));
    } finally {
      session.close();
    }
  }

  async #addressOf(pod: string): Promise<string> {
    return (await this.#world.require(pods, pod)).status?.podIP ?? '';
  }

  async #connectTo(
    host: string,
    statementMilliseconds: number,
    connectMilliseconds = CONNECT_MILLISECONDS,
  ): Promise<Session> {
    const secret = await this.#world.require(secrets, `${this.#cluster}-app`);
    const value = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
    return openSession({
      host,
      authority: (await this.#world.require(configMaps, `${this.#cluster}-ca`)).data?.['ca.crt'] ?? '',
      user: value('username'),
      password: value('password'),
      connectMilliseconds,
      statementMilliseconds,
    });
  }
}
