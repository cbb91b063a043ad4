/** Who works on moves, and for how long. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineError } from '../../engines/engine-error.ts';
import { known } from '../../engines/measure.ts';
import type { Position } from '../../engines/position.ts';
import { settle } from '../../runtime/testing/fake-clock.ts';
import { replicaState } from '../testing/agent-states.ts';
import { aFollowing, aMember } from '../testing/observations.ts';
import { aCopy, anEqualVerdict } from './testing/fake-slots.ts';
import { aMove } from './testing/moves-on-map.ts';
import { anOpenPrimary, MovesStage } from './testing/moves-stage.ts';

const RECORDED = [{ moveId: 'grow-1', database: 'app_s0007', position: '0-1-10' as Position }];
const LIMITS = {
  rowsPerSecond: 1000,
  bytesPerSecond: 50_000,
  batchRows: 10,
  maxReplicaLagSeconds: 3,
  paused: false,
};

let current: MovesStage | undefined;

function arrange(...args: ConstructorParameters<typeof MovesStage>): MovesStage {
  current = new MovesStage(...args);
  return current;
}

const replica = (lag: number) =>
  replicaState({
    member: aMember({ role: { kind: 'replica', following: aFollowing({ lagMilliseconds: known(lag) }) } }),
  });

afterEach(async () => {
  await current?.close();
  current = undefined;
});

describe('ShardMoves', () => {
  it.each([
    ['has not opened', aMember({ role: { kind: 'detached' } }), {}],
    ['is a replica', aMember({ role: { kind: 'replica', following: aFollowing() } }), {}],
    ['has not recorded the epoch of the map', anOpenPrimary('1-100-1', 2), {}],
    ['is not what the map names', anOpenPrimary(), { primary: 'demo-shard-1-1' }],
    ['has no successor yet', anOpenPrimary(), { primary: null }],
    ['was not looked at', null, {}],
  ] as const)('does and tells nothing beside a server that %s', async (_, server, shard) => {
    const stage = arrange();
    stage.server = server;
    await stage.show(stage.view([aMove('Copying')], { shard }));
    await stage.clock.advance(2000);
    expect(stage.slots.log).toEqual([]);
    expect(stage.moves.reports()).toEqual([]);
  });

  it('stops everything when another is the primary', async () => {
    const stage = arrange();
    await stage.map(aMove('Copying'));
    await stage.show(stage.view([aMove('Copying')], { shard: { primary: null, epoch: 4 } }));
    expect(stage.slots.log).toEqual(['copy app_s0007', 'stopped: copy app_s0007']);
    expect(stage.moves.reports()).toEqual([]);
    expect(stage.told.at(-1)).toEqual([]);
  });

  it('begins anew in another epoch, when what it did in the former has ended', async () => {
    const stage = arrange(1, RECORDED);
    await stage.map(aMove('Copying'));
    await stage.clock.advance(100);
    stage.server = anOpenPrimary('1-100-9', 4);
    await stage.show(stage.view([aMove('Copying')], { shard: { epoch: 4 } }));
    await stage.clock.advance(200);
    expect(stage.slots.log.filter((entry) => entry.includes('follow'))).toEqual([
      'follow app_s0007@0-1-10',
      'stopped: follow app_s0007@0-1-10',
      'follow app_s0007@0-1-10',
    ]);
    expect(stage.report().epoch).toBe(4);
  });

  it('begins nothing in another epoch before what it did in the former has ended', async () => {
    const stage = arrange();
    await stage.map(aMove('Copying'));
    stage.slots.isStubborn = true;
    stage.server = anOpenPrimary('1-100-9', 4);
    await stage.show(stage.view([aMove('Copying')], { shard: { epoch: 4 } }));
    await stage.clock.advance(5000);
    expect(stage.slots.copies).toHaveLength(1);
    expect(stage.moves.reports()).toEqual([]);
    stage.slots.isStubborn = false;
    stage.slots.copies[0]?.reject(new Error('stopped at last'));
    await stage.clock.advance(200);
    expect(stage.slots.copies).toHaveLength(2);
  });

  it('ends with its session, and goes on with the next', async () => {
    const stage = arrange(1, RECORDED);
    await stage.map(aMove('Copying'));
    const former = stage.slots;
    await stage.reconnect(null);
    expect(former.tails[0]?.isOver).toBe(true);
    expect(stage.moves.reports()).toEqual([]);
    await stage.reconnect(RECORDED);
    await stage.clock.advance(100);
    expect(stage.slots.log[0]).toBe('follow app_s0007@0-1-10');
  });

  it('goes on beside a server that is slow to answer', async () => {
    const stage = arrange();
    await stage.map(aMove('Copying'));
    await stage.clock.advance(60_000);
    expect(stage.slots.log).toEqual(['copy app_s0007']);
  });

  it('calls at another member when one is lost', async () => {
    const stage = arrange(1, RECORDED);
    stage.states.set('demo-shard-0-1', replica(10));
    await stage.map(aMove('Copying'));
    stage.slots.tail().reject(new EngineError('SourceLost', 'the connection was reset'));
    await stage.clock.advance(300);
    expect(stage.slots.tail().order.source.host).toBe('demo-shard-0-1');
    expect(stage.told.flat().some(({ error }) => error?.code === 'SourceLost')).toBe(true);
    stage.slots.tail().order.onLag(4);
    await stage.clock.advance(250);
    expect(stage.report().error).toBeNull();
  });

  it('goes back to the primary after a while, though not while clients wait for a switch', async () => {
    const stage = arrange(1, RECORDED);
    stage.states.set('demo-shard-0-1', replica(10));
    await stage.map(aMove('Switching'));
    stage.slots.tail().reject(new EngineError('SourceLost', 'the connection was reset'));
    await stage.clock.advance(31_000);
    expect(stage.slots.tail().order.source.host).toBe('demo-shard-0-1');
    await stage.map(aMove('Copying', { attempt: 2 }));
    await stage.clock.advance(31_000);
    expect(stage.slots.tail().order.source.host).toBe('demo-shard-0-0');
    expect(stage.report().error).toBeNull();
    await stage.clock.advance(120_000);
    expect(stage.slots.tails).toHaveLength(3);
  });

  it('copies again where no member has the changes any more', async () => {
    const stage = arrange(1, RECORDED);
    await stage.map(aMove('Copying'));
    for (let times = 0; times < 5; times += 1) {
      expect(stage.slots.copies).toHaveLength(0);
      stage.slots.tail().reject(new EngineError('PositionLost', 'purged'));
      await stage.clock.advance(1500);
    }
    expect(stage.slots.copies).toHaveLength(1);
  });

  it('limits a copy as the map says at every moment, and holds it while somebody is late', async () => {
    const stage = arrange();
    stage.states.set('demo-shard-0-1', replica(10));
    stage.states.set('demo-shard-1-1', replica(10));
    await stage.show(stage.view([aMove('Copying')], { limits: LIMITS }));
    const throttle = stage.slots.copies[0]?.order.throttle;
    expect(throttle?.limits()).toEqual({ batchRows: 10, rowsPerSecond: 1000, bytesPerSecond: 50_000 });
    expect(throttle?.shouldPause()).toBeNull();
    stage.states.set('demo-shard-1-1', replica(4000));
    await stage.clock.advance(1000);
    expect(throttle?.shouldPause()).toMatchObject({ reason: 'ReplicaLagging' });
    stage.states.set('demo-shard-1-1', replica(10));
    await stage.clock.advance(1000);
    expect(throttle?.shouldPause()).toBeNull();
    const limits = { ...LIMITS, batchRows: 5, paused: true };
    await stage.show(stage.view([aMove('Copying')], { limits }));
    expect(throttle?.limits().batchRows).toBe(5);
    expect(throttle?.shouldPause()).toMatchObject({ reason: 'Paused' });
    expect(stage.slots.copies).toHaveLength(1);
  });

  it('tells of figures four times a second at most', async () => {
    const stage = arrange(1, RECORDED);
    await stage.map(aMove('Copying'));
    await stage.clock.advance(1000);
    const before = stage.told.length;
    for (let position = 11; position < 1011; position += 1) {
      stage.slots.tail().order.onPosition('grow-1', `0-1-${position}` as Position);
      await stage.clock.advance(1);
    }
    expect(stage.told.length - before).toBeLessThanOrEqual(4);
    expect(stage.told.length - before).toBeGreaterThanOrEqual(3);
  });

  it('lets a new move into the stream of another by beginning it anew', async () => {
    const stage = arrange(1, RECORDED);
    await stage.map(aMove('Copying'));
    const [first] = stage.slots.tails;
    first?.order.onLag(1);
    await stage.clock.advance(100);
    stage.slots.verifications[0]?.resolve(anEqualVerdict('0-1-11'));
    await stage.map(aMove('Copying'), aMove('Copying', { id: 'grow-2', slot: 8 }));
    await stage.clock.advance(200);
    const second = { moveId: 'grow-2', database: 'app_s0008', position: '0-1-12' as Position };
    stage.slots.recorded = [...RECORDED, second];
    stage.slots.copies[0]?.resolve(aCopy('0-1-12'));
    await stage.clock.advance(1000);
    expect(first?.isOver).toBe(true);
    expect(stage.slots.tail().order.databases.map(({ database }) => database)).toEqual([
      'app_s0007',
      'app_s0008',
    ]);
  });

  it('forgets what is recorded of a move that has left the map', async () => {
    const stage = arrange(1, RECORDED);
    await stage.map(aMove('Copying'));
    expect(stage.slots.log).not.toContain('forget grow-1');
    await stage.map();
    await stage.clock.advance(100);
    expect(stage.slots.log).toContain('forget grow-1');
  });

  it('ends everything when it is stopped', async () => {
    const stage = arrange();
    await stage.map(aMove('Copying'));
    const { slots } = stage;
    await stage.close();
    await settle();
    expect(slots.copies[0]?.isOver).toBe(true);
    stage.moves.update();
    expect(slots.copies).toHaveLength(1);
  });
});
