/** Real agents, servers and supervisor: who was elected cannot apply what it holds, and whoever provably has it all takes its place. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { ShardMapShard } from '../../operator/src/api/v1alpha1/index.ts';
import { mariadbEngine } from '../../operator/src/engines/mariadb/engine.ts';
import type { Position } from '../../operator/src/engines/position.ts';
import type { MemberProcesses } from '../agent/member-processes.ts';
import { insertBehindItsBack, stopReceiving } from '../agent/member-sql.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { MovesWorld } from '../moves/moves-world.ts';

const STEP = { timeoutMilliseconds: 240_000 };
/** For as long nobody may take over; several times what it takes where somebody may. */
const BLOCKED_MILLISECONDS = 6000;

let world: MovesWorld;
let next = 1;

function shard(): ShardMapShard {
  const [entry] = world.map().shards;
  if (entry === undefined) {
    throw new TypeError('there is no shard');
  }
  return entry;
}

/** The replicas, of which the first is elected where both hold the same. */
function replicas(): readonly [MemberProcesses, MemberProcesses] {
  const { replicas: pods } = shard();
  const [first, second] = world.members.filter(({ pod }) => pods.includes(pod));
  if (first === undefined || second === undefined) {
    throw new TypeError('a shard has three members');
  }
  return [first, second];
}

/** Each is acknowledged. */
async function write(count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => `(${next + index})`);
  await world.execute(0, `INSERT INTO conformance.numbers (id) VALUES ${numbers.join(', ')}`);
  next += count;
}

async function untilReceived(...members: readonly MemberProcesses[]): Promise<void> {
  // Asked of the server: what its agent has told may be older than the last write.
  const [[end] = []] = await world.query(0, 'SELECT @@global.gtid_binlog_pos');
  await waitFor(
    'all of it is received',
    () =>
      members.every(({ pod }) => {
        const received = world.operator.state(pod)?.member?.received;
        return (
          end !== undefined &&
          received?.kind === 'known' &&
          mariadbEngine.positions.covers(received.value, end as Position)
        );
      })
        ? true
        : undefined,
    STEP,
  );
}

function untilPrimary(pod: string): Promise<true> {
  return waitFor(`${pod} is on the map`, () => (shard().primary === pod ? true : undefined), STEP);
}

function writable(): readonly string[] {
  return world.members.flatMap(({ pod }) =>
    world.operator.state(pod)?.member?.writable === true ? [pod] : [],
  );
}

/** Everybody is at work again, and nothing that was acknowledged is missing anywhere. */
async function expectNothingLost(): Promise<void> {
  await world.untilWhole();
  await write(1);
  const [row] = await world.query(0, 'SELECT COUNT(*), MIN(id), MAX(id) FROM conformance.numbers');
  expect(row?.map(String)).toEqual([next - 1, 1, next - 1].map(String));
  await untilReceived(...replicas());
  expect(writable()).toEqual([shard().primary]);
}

beforeAll(async () => {
  world = await MovesWorld.open({ shards: 1, instances: 3, filledShards: 1 });
  await world.execute(0, 'CREATE DATABASE conformance');
  await world.execute(0, 'CREATE TABLE conformance.numbers (id BIGINT PRIMARY KEY)');
  await write(10);
});

afterAll(async () => {
  await world?.close();
});

describe('a winner that cannot apply what it received', () => {
  it('is replaced by another replica that has all of it, in an epoch of its own', async () => {
    const { epoch } = shard();
    const former = world.primary(0);
    const [unable, other] = replicas();
    await untilReceived(unable, other);
    await insertBehindItsBack(unable, next);
    await write(10);
    await untilReceived(unable, other);
    await world.giveUpPrimary(0);
    await world.cutPower(0);
    unable.startAgent();
    other.startAgent();
    await world.startOperator();
    await untilPrimary(unable.pod);
    await untilPrimary(other.pod);
    expect(shard().epoch).toBe(epoch + 2);
    former.startAgent();
    await expectNothingLost();
    expect(shard()).toMatchObject({ epoch: epoch + 2, primary: other.pod });
    expect(world.operator.state(unable.pod)?.returned.vacated).not.toBeNull();
  });

  it('keeps its place while nobody has all of it, and is replaced by the former primary once that is back', async () => {
    const { epoch } = shard();
    const former = world.primary(0);
    const [unable, behind] = replicas();
    await untilReceived(unable, behind);
    await behind.stopAgent('SIGKILL');
    await stopReceiving(behind);
    await insertBehindItsBack(unable, next);
    await write(10);
    await untilReceived(unable);
    await world.giveUpPrimary(0);
    await world.cutPower(0);
    unable.startAgent();
    behind.startAgent();
    await world.startOperator();
    await untilPrimary(unable.pod);
    const blocked = await waitFor(
      'a person is told',
      () => {
        // Before that, another thing may have been in the way of its promotion.
        const told = world.operator.shard(0)?.blocked;
        if (told?.reason !== 'PrimaryCannotApply') {
          throw new Error(`it is told ${JSON.stringify(told)}`);
        }
        return told;
      },
      STEP,
    );
    expect(blocked.message).toContain('Bring back whoever was the primary before it');
    await delay(BLOCKED_MILLISECONDS);
    expect(shard()).toMatchObject({ epoch: epoch + 1, primary: unable.pod });
    expect(writable()).toEqual([]);
    former.startAgent();
    await untilPrimary(former.pod);
    await expectNothingLost();
    expect(shard()).toMatchObject({ epoch: epoch + 2, primary: former.pod });
  });
});
