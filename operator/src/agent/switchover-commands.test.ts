import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineError } from '../engines/engine-error.ts';
import type { Position } from '../engines/position.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import type { ShardView } from './observation.ts';
import { OperatorCommands } from './operator-commands.ts';
import { replicaState } from './testing/agent-states.ts';
import { anEntry, PRIMARY, REPLICA } from './testing/observations.ts';

const NEVER = new AbortController().signal;
const aStatus = { launcherPid: 1, launcherStartedAt: 0, lastExit: null, terminating: false };
const HOLD = { command: 'closeWrites', epoch: 1, timeoutMilliseconds: 1000, holdMilliseconds: 5000 } as const;
const REOPEN = { command: 'reopenWrites', epoch: 1 } as const;

describe('an order about users', () => {
  it('is kept for the loop, the last one only, and answered at once', async () => {
    let looks = 0;
    const commands = new OperatorCommands({
      onEnded: () => {
        looks += 1;
      },
      clock: new FakeClock(),
    } as unknown as ConstructorParameters<typeof OperatorCommands>[0]);
    expect(commands.usersOrder).toBeNull();
    for (const digest of ['first', 'second']) {
      const order = {
        command: 'setUsers',
        epoch: 1,
        digest,
        users: [],
        untouched: ['web'],
        carried: null,
      } as const;
      await expect(commands.handlers.setUsers(order, NEVER)).resolves.toEqual({});
    }
    expect(commands.usersOrder).toEqual({ digest: 'second', users: [], untouched: ['web'], carried: null });
    expect([looks, commands.isBusy]).toEqual([2, false]);
  });
});

describe('a primary that is closed for a switchover', () => {
  let clock: FakeClock;
  let map: ShardView;
  let done: string[];
  let commands: OperatorCommands;
  /** The map as the API server has it, where that is newer. */
  let newest: ShardView | null;
  let refusal: Error | null;

  beforeEach(() => {
    clock = new FakeClock();
    newest = null;
    refusal = null;
    map = { kind: 'known', shard: anEntry({ epoch: 1 }) };
    done = [];
    const member = { ...replicaState().member, role: { kind: 'primary' }, applied: '0-1-9' as Position };
    const server = {
      observe: async () => member,
      closeWrites: async () => {
        done.push('closeWrites');
        return '0-1-9' as Position;
      },
      stepDown: async (end: Position) => {
        done.push(`stepDown ${end}`);
        if (refusal !== null) {
          throw refusal;
        }
      },
      awaitApplied: async (position: Position) => position === '0-1-9',
    };
    commands = new OperatorCommands({
      shardMap: {
        view: () => map,
        read: async () => {
          done.push('read');
          map = newest ?? map;
          return map;
        },
      },
      launcher: {
        assign: async ({ pid, epoch, role }) => void done.push(`assign ${pid} ${epoch} ${role}`),
        kill: async () => null,
        status: () => ({ ...aStatus, server: { pid: 7, epoch: 1, role: 'primary', startedAt: 0 } }),
      },
      onSteppedDown: () => done.push('watch clients'),
      follow: async () => 'done',
      session: {
        current: server,
        require: () => server,
        state: () => member,
        noteClosed: () => void done.push('note closed'),
        noteSteppedDown: () => void done.push('forget'),
      } as unknown as ConstructorParameters<typeof OperatorCommands>[0]['session'],
      runner: { cancel: async () => {}, whenEnded: async () => {} },
      readHoldings: async () => Promise.reject(new Error('not asked')),
      quietHeartbeat: async () => void done.push('quietHeartbeat'),
      onEnded: () => void done.push('look'),
      clock,
    });
  });

  it('answers with the end of its log, behind which nothing of ours is written, and stays closed', async () => {
    await expect(commands.handlers.closeWrites(HOLD, NEVER)).resolves.toEqual({ position: '0-1-9' });
    expect(done).toEqual(['quietHeartbeat', 'closeWrites', 'note closed', 'look']);
    expect(commands.isHeldClosed).toBe(true);
  });

  it('opens by itself when nothing follows', async () => {
    await commands.handlers.closeWrites(HOLD, NEVER);
    await clock.advance(4999);
    expect(commands.isHeldClosed).toBe(true);
    await clock.advance(1);
    expect(commands.isHeldClosed).toBe(false);
    expect(done.at(-1)).toBe('look');
  });

  it('opens at once when it is told to', async () => {
    await commands.handlers.closeWrites(HOLD, NEVER);
    await expect(commands.handlers.reopenWrites(REOPEN, NEVER)).resolves.toEqual({ wasHeld: true });
    expect(commands.isHeldClosed).toBe(false);
    expect(done.at(-1)).toBe('look');
    await expect(commands.handlers.reopenWrites(REOPEN, NEVER)).resolves.toEqual({ wasHeld: false });
  });

  it.each([
    ['no primary', { epoch: 2, primary: null }],
    ['another', { epoch: 2, primary: REPLICA, replicas: [PRIMARY] }],
  ])('is left to the map once that names %s', async (_, change) => {
    await commands.handlers.closeWrites(HOLD, NEVER);
    map = { kind: 'known', shard: anEntry(change) };
    expect(commands.isHeldClosed).toBe(false);
  });

  const STEP_DOWN = { command: 'stepDown', epoch: 2, position: '0-1-9' as Position } as const;
  const deposed: ShardView = { kind: 'known', shard: anEntry({ epoch: 2, primary: null }) };

  it('steps down once the map has no primary, and is on record as a replica only then', async () => {
    await commands.handlers.closeWrites(HOLD, NEVER);
    done = [];
    newest = deposed;
    await expect(commands.handlers.stepDown(STEP_DOWN, NEVER)).resolves.toEqual({});
    expect(done).toEqual(['read', 'stepDown 0-1-9', 'forget', 'assign 7 2 replica', 'watch clients', 'look']);
    expect(commands.standDown).toMatchObject({ epoch: 2 });
  });

  it.each([
    ['the map has a primary', { epoch: 2, primary: REPLICA }],
    ['the map is older', { epoch: 1 }],
    ['the next promotion has begun', { epoch: 3, primary: null }],
  ])('does not step down where %s', async (_, change) => {
    newest = { kind: 'known', shard: anEntry(change) };
    await expect(commands.handlers.stepDown(STEP_DOWN, NEVER)).rejects.toMatchObject({ code: 'NotReady' });
    expect(done).toEqual(['read', 'look']);
  });

  it('remains on record as a primary, to be killed, where its server does not step down', async () => {
    map = deposed;
    refusal = new EngineError('Refused', 'a commit waits');
    await expect(commands.handlers.stepDown(STEP_DOWN, NEVER)).rejects.toMatchObject({ code: 'Refused' });
    expect(done).toEqual(['stepDown 0-1-9', 'look']);
  });

  it('is not killed for a second after the map has taken it off', async () => {
    await commands.handlers.closeWrites(HOLD, NEVER);
    commands.noteMap();
    expect(commands.isToStepDown).toBe(false);
    map = deposed;
    commands.noteMap();
    await clock.advance(999);
    expect(commands.isToStepDown).toBe(true);
    done = [];
    await clock.advance(1);
    expect([commands.isToStepDown, done]).toEqual([false, ['look']]);
  });

  it('is none of those where it was not closed, or opened again', async () => {
    map = deposed;
    commands.noteMap();
    expect(commands.isToStepDown).toBe(false);
    map = { kind: 'known', shard: anEntry({ epoch: 1 }) };
    await commands.handlers.closeWrites(HOLD, NEVER);
    await clock.advance(5000);
    map = deposed;
    commands.noteMap();
    expect(commands.isToStepDown).toBe(false);
  });

  it('waits, on the other side, for what was written', async () => {
    const awaiting = { command: 'awaitApplied', epoch: 1, timeoutMilliseconds: 1000 } as const;
    const reached = commands.handlers.awaitApplied({ ...awaiting, position: '0-1-9' as Position }, NEVER);
    await expect(reached).resolves.toEqual({ reached: true });
    const missed = commands.handlers.awaitApplied({ ...awaiting, position: '0-1-10' as Position }, NEVER);
    await expect(missed).resolves.toEqual({ reached: false });
  });
});
