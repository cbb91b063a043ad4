import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Position } from '../engines/position.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import type { ShardView } from './observation.ts';
import { OperatorCommands } from './operator-commands.ts';
import { replicaState } from './testing/agent-states.ts';
import { anEntry, PRIMARY, REPLICA } from './testing/observations.ts';

const NEVER = new AbortController().signal;
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
      const order = { command: 'setUsers', epoch: 1, digest, users: [], untouched: ['web'] } as const;
      await expect(commands.handlers.setUsers(order, NEVER)).resolves.toEqual({});
    }
    expect(commands.usersOrder).toEqual({ digest: 'second', users: [], untouched: ['web'] });
    expect([looks, commands.isBusy]).toEqual([2, false]);
  });
});

describe('a primary that is closed for a switchover', () => {
  let clock: FakeClock;
  let map: ShardView;
  let done: string[];
  let commands: OperatorCommands;

  beforeEach(() => {
    clock = new FakeClock();
    map = { kind: 'known', shard: anEntry({ epoch: 1 }) };
    done = [];
    const member = { ...replicaState().member, role: { kind: 'primary' }, applied: '0-1-9' as Position };
    const server = {
      observe: async () => member,
      closeWrites: async () => void done.push('closeWrites'),
      awaitApplied: async (position: Position) => position === '0-1-9',
    };
    commands = new OperatorCommands({
      shardMap: { view: () => map },
      launcher: { kill: async () => null, status: () => undefined },
      follow: async () => 'done',
      session: {
        current: server,
        require: () => server,
        state: () => member,
      } as unknown as ConstructorParameters<typeof OperatorCommands>[0]['session'],
      runner: { cancel: async () => {}, whenEnded: async () => {} },
      quietHeartbeat: async () => void done.push('quietHeartbeat'),
      onEnded: () => void done.push('look'),
      clock,
    });
  });

  it('answers with the end of its log, behind which nothing of ours is written, and stays closed', async () => {
    await expect(commands.handlers.closeWrites(HOLD, NEVER)).resolves.toEqual({ position: '0-1-9' });
    expect(done).toEqual(['quietHeartbeat', 'closeWrites', 'look']);
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

  it('waits, on the other side, for what was written', async () => {
    const awaiting = { command: 'awaitApplied', epoch: 1, timeoutMilliseconds: 1000 } as const;
    const reached = commands.handlers.awaitApplied({ ...awaiting, position: '0-1-9' as Position }, NEVER);
    await expect(reached).resolves.toEqual({ reached: true });
    const missed = commands.handlers.awaitApplied({ ...awaiting, position: '0-1-10' as Position }, NEVER);
    await expect(missed).resolves.toEqual({ reached: false });
  });
});
