/** A former primary comes back with changes that nobody acknowledged: they are kept, and it follows its successor. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BINARY_LOG_NAME } from '../../operator/src/engines/mariadb/layout.ts';
import { World } from '../sharded-cluster/world.ts';
import { WrittenShard } from '../sharded-cluster/written-shard.ts';

const CLUSTER = 'returns';
/** Until a client gives up a change that nobody acknowledges. */
const PATIENCE_MILLISECONDS = 1000;
/** Where a server has its log. */
const DATA = '/var/lib/shardwright/volume/data';

let world: World;
let shard: WrittenShard;

beforeAll(async () => {
  world = await World.open('former-primary-returns');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1, failover: { minSecondsBetween: 0 } });
  await world.untilReady(CLUSTER);
  shard = new WrittenShard(world, CLUSTER);
  await shard.start();
});

afterAll(async () => {
  await shard?.stop();
  await world?.close();
});

/**
 * Has a statement carried out that no replica receives, and kills the server; returns the former primary. Nobody else
 * writes meanwhile: a log has room for no more than two changes that wait one after the other. `logged` is what a log has of
 * the statement, and of no other.
 */
async function killWithTail(
  statement: string,
  logged: string,
): Promise<{ readonly former: string; readonly epoch: number }> {
  const { primary, replicas, epoch } = await shard.untilWhole();
  if (primary === null) {
    throw new Error('there is no primary');
  }
  await shard.stop();
  // Their agents would have them follow again at once.
  await shard.signal(replicas, 'agent', 'SIGSTOP');
  try {
    await Promise.all(replicas.map((pod) => shard.runAsAgent(pod, 'STOP SLAVE IO_THREAD')));
    const session = await shard.connect(primary, PATIENCE_MILLISECONDS);
    await expect(session.query(statement)).rejects.toThrow('no answer');
    await untilLogged(primary, logged);
    await shard.signal([primary], 'server', 'SIGKILL');
  } finally {
    await shard.signal(replicas, 'agent', 'SIGCONT');
  }
  await shard.untilWhole(epoch + 1);
  expect(await shard.findLost()).toEqual([]);
  await shard.start();
  return { former: primary, epoch: epoch + 1 };
}

/**
 * A busy machine may not have come to it while the client had patience. That a change waits for an acknowledgement does not tell:
 * it may be the heartbeat.
 */
async function untilLogged(pod: string, text: string): Promise<void> {
  const files = ['--recursive', `--include=${BINARY_LOG_NAME}.0*`];
  await world.until('the change is logged', async () => {
    await shard.execute(pod, ['grep', ...files, '--quiet', '--fixed-strings', text, DATA]);
    return true;
  });
}

/** The note of an event with that reason about a pod. */
async function eventAbout(reason: string, pod: string): Promise<string> {
  return world.until(`an event ${reason} about ${pod}`, async () => {
    const text = await world.kubectl.run([
      'get',
      'events',
      `--namespace=${world.namespace}`,
      '--output=json',
    ]);
    const { items } = JSON.parse(text) as { items: { reason: string; message: string }[] };
    return items.find((item) => item.reason === reason && item.message.includes(pod))?.message;
  });
}

/** What the newest kept file of a pod says. */
async function keptText(pod: string): Promise<string> {
  const folder = '/var/lib/shardwright/volume/kept';
  return shard.execute(pod, [
    'sh',
    '-c',
    `mariadb-binlog --no-defaults --verbose "$(ls -t ${folder}/*.binlog | head -1)"`,
  ]);
}

describe('a former primary', () => {
  it('keeps what nobody acknowledged as a file, loses it, and follows', async () => {
    const { former, epoch } = await killWithTail("INSERT INTO app.written_rows VALUES ('lost', 1)", 'lost');
    expect((await shard.entry()).primary).not.toBe(former);
    expect(await shard.findLost()).toEqual([]);
    expect(await eventAbout('ChangesKept', former)).toContain(`/kept/tail-epoch-${epoch}-`);
    expect(await keptText(former)).toContain("@1='lost'");
    const session = await shard.connect(former);
    expect(await session.query("SELECT * FROM app.written_rows WHERE writer = 'lost'")).toEqual([]);
    session.close();
  });

  it('is made anew where a definition among them cannot be cut off', async () => {
    const { former } = await killWithTail('CREATE TABLE app.lost (id INT)', 'CREATE TABLE app.lost');
    expect(await shard.findLost()).toEqual([]);
    expect(await eventAbout('ReplicaRecloned', former)).toMatch(/cannot cut/);
    expect(await keptText(former)).toContain('CREATE TABLE');
    const session = await shard.connect(former);
    await expect(session.query('SELECT * FROM app.lost')).rejects.toThrow("doesn't exist");
    session.close();
    await world.untilReady(CLUSTER);
  });
});
