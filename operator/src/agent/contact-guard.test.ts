import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MemberState } from '../engines/member-state.ts';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { ContactGuard } from './contact-guard.ts';
import { acknowledgedBy, aMember } from './testing/observations.ts';

const open = aMember({ role: { kind: 'primary' }, writable: true, ...acknowledgedBy(1) });

describe('ContactGuard', () => {
  let clock: FakeClock;
  let guard: ContactGuard;
  let member: MemberState | null;
  let isRunning: boolean;
  let failures: number;
  let kills: number;
  let asked: number;
  let stop: AbortController;

  beforeEach(() => {
    clock = new FakeClock();
    [member, isRunning, failures, kills, asked] = [open, true, 0, 0, 0];
    stop = new AbortController();
    const server = { pid: 7, epoch: 1, role: 'primary', startedAt: 0 };
    guard = new ContactGuard({
      session: { state: () => member },
      launcher: {
        status: () => ({
          launcherPid: 1,
          launcherStartedAt: 0,
          server: isRunning ? server : null,
          lastExit: null,
          terminating: false,
        }),
        async kill() {
          kills += 1;
          if (kills <= failures) {
            throw new Error('detached');
          }
          isRunning = false;
          return null;
        },
      },
      fenceSeconds: () => 1,
      onSilence: () => {
        asked += 1;
      },
      clock,
      logger: silentLogger,
    });
    void guard.run(stop.signal);
  });
  afterEach(() => stop.abort());

  it('kills a primary that nobody was heard by for a second, and says why until it serves again', async () => {
    await clock.advance(1000);
    expect(kills).toBe(0);
    await clock.advance(100);
    expect(kills).toBe(1);
    expect(guard.problem?.reason).toBe('CutOff');
    await clock.advance(5000);
    expect(kills).toBe(1);
    [isRunning, member] = [true, aMember(acknowledgedBy(0))];
    await clock.advance(5000);
    expect([kills, guard.problem?.reason]).toEqual([1, 'CutOff']);
    member = open;
    await clock.advance(500);
    expect([kills, guard.problem]).toEqual([1, null]);
  });

  it('lets it be while somebody is heard', async () => {
    for (let round = 0; round < 20; round += 1) {
      await clock.advance(400);
      if (round % 2 === 0) {
        guard.heardLeader();
      } else {
        guard.heardReplica(clock.monotonic());
      }
    }
    expect(kills).toBe(0);
  });

  it('asks others while nobody is heard, and only then', async () => {
    await clock.advance(300);
    expect(asked).toBe(0);
    await clock.advance(200);
    expect(asked).toBeGreaterThan(0);
    guard.heardReplica(clock.monotonic());
    const before = asked;
    await clock.advance(300);
    expect(asked).toBe(before);
    await clock.advance(700);
    expect(kills).toBe(1);
    const atDeath = asked;
    await clock.advance(2000);
    expect(asked).toBe(atDeath);
  });

  it('takes a server that does not answer any more for what it was', async () => {
    await clock.advance(500);
    member = null;
    await clock.advance(600);
    expect(kills).toBe(1);
  });

  it('tries again when the launcher did not do it', async () => {
    failures = 3;
    await clock.advance(1100 + 300);
    expect([kills, isRunning]).toEqual([4, false]);
  });

  it('leaves a server alone that is no open primary', async () => {
    member = aMember(acknowledgedBy(0));
    await clock.advance(10_000);
    expect(kills).toBe(0);
  });
});
