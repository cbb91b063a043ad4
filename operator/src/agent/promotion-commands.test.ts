import { beforeEach, describe, expect, it } from '@jest/globals';
import { EngineError } from '../engines/engine-error.ts';
import type { Position } from '../engines/position.ts';
import type { ServerExit } from '../launcher/protocol.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import type { Outcome } from './change-role.ts';
import type { ShardView } from './observation.ts';
import { OperatorCommands } from './operator-commands.ts';
import { replicaState } from './testing/agent-states.ts';
import { anEntry, PRIMARY, REPLICA } from './testing/observations.ts';

const NEVER = new AbortController().signal;
const LEAD = { command: 'prepareToLead', epoch: 4, acknowledgement: 'oneReplica' } as const;
const FOLLOW = { command: 'prepareToFollow', epoch: 4, primary: REPLICA } as const;
const RESTART = { command: 'restartPrimary', epoch: 3 } as const;
const at = (sequence: number) => `0-1-${sequence}` as Position;

let map: ShardView;
let done: string[];
let commands: OperatorCommands;
let outcomes: Outcome[];
let refusal: Error | null;
let canApply: boolean;
let lastExit: ServerExit | null;
let isDown: boolean;
let clock: FakeClock;
let standDown: () => Promise<void>;

beforeEach(() => {
  map = { kind: 'known', shard: anEntry() };
  done = [];
  outcomes = [];
  refusal = null;
  canApply = true;
  isDown = false;
  clock = new FakeClock();
  lastExit = null;
  standDown = async () => {};
  const server = {
    stopReceiving: async () => ({ received: at(9), applied: at(7) }),
    awaitApplied: async (position: Position, milliseconds: number) => {
      done.push(`awaitApplied ${position} ${milliseconds}`);
      return canApply;
    },
    becomePrimary: async (rule: string) => {
      done.push(`becomePrimary ${rule}, prepared for ${commands.preparedFor}`);
      if (refusal !== null) {
        throw refusal;
      }
    },
  };
  const running = { pid: 7, epoch: 3, role: 'primary', startedAt: 0 };
  const status = () => ({
    launcherPid: 1,
    launcherStartedAt: 0,
    server: isDown ? null : running,
    lastExit,
    terminating: false,
  });
  commands = new OperatorCommands({
    shardMap: { view: () => map, read: async () => map },
    launcher: { assign: async () => {}, kill: async () => null, status },
    session: {
      current: server,
      require: () => server,
      state: () => replicaState().member,
    } as unknown as ConstructorParameters<typeof OperatorCommands>[0]['session'],
    runner: { cancel: async () => {}, whenEnded: async () => {} },
    readHoldings: async () => Promise.reject(new Error('not asked')),
    quietHeartbeat: async () => {},
    onStandDown: () => standDown(),
    onSteppedDown: () => {},
    follow: async (pod) => {
      done.push(`follow ${pod}`);
      return outcomes.shift() ?? 'done';
    },
    onEnded: () => void done.push('look'),
    clock,
  });
});

describe('a replica that receives no more', () => {
  const STOP = { command: 'stopReceiving', epoch: 4 } as const;

  it('says at once that it has applied what came in last', async () => {
    await expect(commands.handlers.stopReceiving(STOP, NEVER)).resolves.toEqual({
      received: at(9),
      applied: at(9),
    });
    expect(done).toEqual(['awaitApplied 0-1-9 100', 'look']);
  });

  it('waits for nobody before it stops where the source is in reach', async () => {
    const told = Promise.withResolvers<void>();
    standDown = () => told.promise;
    let isStopped = false;
    const far = commands.handlers.stopReceiving(STOP, NEVER).then(() => (isStopped = true));
    await settle();
    expect(isStopped).toBe(false);
    await expect(
      commands.handlers.stopReceiving({ ...STOP, isSourceInReach: true }, NEVER),
    ).resolves.toMatchObject({ received: at(9) });
    told.resolve();
    await far;
    expect(isStopped).toBe(true);
  });

  it('heeds the order until the map has come to its epoch, or for five seconds', async () => {
    await commands.handlers.stopReceiving(STOP, NEVER);
    await clock.advance(4999);
    expect(commands.standDown).toMatchObject({ epoch: 4 });
    await clock.advance(1);
    expect(commands.standDown).toBeNull();
    map = { kind: 'known', shard: anEntry({ epoch: 4, primary: null }) };
    expect(commands.standDown).toMatchObject({ epoch: 4 });
  });

  it('answers all the same when that takes longer', async () => {
    canApply = false;
    const answer = await commands.handlers.stopReceiving(STOP, NEVER);
    expect(answer).toEqual({ received: at(9), applied: at(7) });
  });
});

describe('a member that was elected', () => {
  it('gets ready, and counts as ready before it can be seen to be', async () => {
    expect(commands.preparedFor).toBeNull();
    await expect(commands.handlers.prepareToLead(LEAD, NEVER)).resolves.toEqual({ isPrepared: true });
    expect(done).toEqual(['becomePrimary oneReplica, prepared for 4', 'look']);
    expect(commands.standDown).toEqual({ epoch: 4, primary: PRIMARY, mapEpoch: 3 });
  });

  it('says so when it has yet to apply something', async () => {
    refusal = new EngineError('ReceivedNotApplied', 'received 0-1-9, applied 0-1-7 only');
    await expect(commands.handlers.prepareToLead(LEAD, NEVER)).resolves.toEqual({ isPrepared: false });
  });

  it.each<readonly [string, 'prepareToLead' | 'prepareToFollow']>([
    ['is not made ready', 'prepareToLead'],
    ['is not followed', 'prepareToFollow'],
  ])('%s once the map names somebody', async (_, command) => {
    map = { kind: 'known', shard: anEntry({ epoch: 4 }) };
    const request = command === 'prepareToLead' ? LEAD : FOLLOW;
    const carriedOut = commands.handlers[command](request as never, NEVER);
    await expect(carriedOut).rejects.toMatchObject({ code: 'StaleEpoch' });
    expect(done).toEqual([]);
    expect(commands.preparedFor).toBeNull();
  });
});

describe('the others', () => {
  it('follow it, after another attempt where something was not applied yet', async () => {
    outcomes = ['again', 'done'];
    await expect(commands.handlers.prepareToFollow(FOLLOW, NEVER)).resolves.toEqual({ isPrepared: true });
    expect(done).toEqual([`follow ${REPLICA}`, `follow ${REPLICA}`, 'look']);
  });

  it('say so when they cannot yet', async () => {
    outcomes = ['again', 'again'];
    await expect(commands.handlers.prepareToFollow(FOLLOW, NEVER)).resolves.toEqual({ isPrepared: false });
  });
});

describe('a primary that nobody can replace', () => {
  const exit = (pid: number): ServerExit => ({ pid, code: null, signal: 'SIGKILL', at: 1000 });

  it('is started again after the death for which that was ordered, and after no other', async () => {
    isDown = true;
    lastExit = exit(7);
    expect(commands.isRestartOrdered).toBe(false);
    await expect(commands.handlers.restartPrimary(RESTART, NEVER)).resolves.toEqual({ wasDown: true });
    expect(commands.isRestartOrdered).toBe(true);
    lastExit = exit(8);
    expect(commands.isRestartOrdered).toBe(false);
  });

  it('is left to the map when that has moved on', async () => {
    isDown = true;
    await commands.handlers.restartPrimary(RESTART, NEVER);
    map = { kind: 'known', shard: anEntry({ epoch: 4, primary: null }) };
    expect(commands.isRestartOrdered).toBe(false);
  });

  it('is left alone while it runs', async () => {
    await expect(commands.handlers.restartPrimary(RESTART, NEVER)).resolves.toEqual({ wasDown: false });
    isDown = true;
    expect(commands.isRestartOrdered).toBe(false);
  });
});
