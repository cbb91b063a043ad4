import { beforeEach, describe, expect, it } from '@jest/globals';
import type { MemberState } from '../engines/member-state.ts';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import { PrimaryHeartbeat, type PrimaryHeartbeatOptions } from './primary-heartbeat.ts';
import { acknowledgedBy, aMember } from './testing/observations.ts';

const { signal } = new AbortController();
const open = aMember({ role: { kind: 'primary' }, writable: true, ...acknowledgedBy(1) });

describe('PrimaryHeartbeat', () => {
  let clock: FakeClock;
  let member: MemberState;
  let current: { pid: number; observedAt: number };
  let writes: PromiseWithResolvers<void>[];
  let acknowledged: number[];
  let heartbeat: PrimaryHeartbeat;

  beforeEach(async () => {
    clock = new FakeClock();
    await clock.advance(10_000);
    [member, writes, acknowledged] = [open, [], []];
    current = { pid: 7, observedAt: clock.monotonic() };
    heartbeat = new PrimaryHeartbeat({
      session: {
        get current() {
          return current;
        },
        state: () => member,
        require: () => ({
          async writeHeartbeat() {
            const write = Promise.withResolvers<void>();
            writes.push(write);
            await write.promise;
          },
        }),
      } as unknown as PrimaryHeartbeatOptions['session'],
      clock,
      logger: silentLogger,
      onAcknowledged: (at) => acknowledged.push(at),
    });
  });

  /** Looks at the server as it is now, with so many commits acknowledged. */
  async function look(commits: number): Promise<number> {
    await clock.advance(450);
    const { acknowledgement } = open;
    member = { ...open, acknowledgement: { ...acknowledgement, acknowledgedCommits: commits } };
    current = { ...current, observedAt: clock.monotonic() };
    heartbeat.noteLook();
    return current.observedAt;
  }

  it('is written when it is due, and is a sign of the replica that acknowledged it', async () => {
    heartbeat.begin(signal);
    heartbeat.begin(signal);
    expect(writes).toHaveLength(1);
    await clock.advance(300);
    writes[0]?.resolve();
    await heartbeat.whenWritten();
    expect(acknowledged).toEqual([clock.monotonic()]);
    await clock.advance(100);
    heartbeat.begin(signal);
    expect(writes).toHaveLength(2);
  });

  it('is a sign of nobody where commits wait for nobody, or it is not written', async () => {
    heartbeat.begin(signal);
    writes[0]?.reject(new Error('timeout'));
    await heartbeat.whenWritten();
    member = aMember({ role: { kind: 'primary' }, writable: true });
    await clock.advance(400);
    heartbeat.begin(signal);
    writes[1]?.resolve();
    await heartbeat.whenWritten();
    expect(acknowledged).toEqual([]);
  });

  it('is not written on a closed server', async () => {
    member = aMember(acknowledgedBy(1));
    heartbeat.begin(signal);
    await settle();
    expect(writes).toEqual([]);
  });

  it('takes commits that were acknowledged since the look before for signs of then', async () => {
    const first = await look(10);
    expect(acknowledged).toEqual([]);
    const second = await look(12);
    await look(12);
    await look(15);
    expect(acknowledged).toEqual([first, second + 450]);
    current = { ...current, pid: 8 };
    await look(99);
    expect(acknowledged).toHaveLength(2);
  });
});
