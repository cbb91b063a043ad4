/** The shard that receives: what its agent does and tells, phase by phase. */
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

const at = (position: string): Position => position as Position;
const recordedAt = (position: string) => [
  { moveId: 'grow-1', database: 'app_s0007', position: at(position) },
];

let current: MovesStage | undefined;

function arrange(...recorded: readonly string[]): MovesStage {
  current = new MovesStage(1, recorded.flatMap(recordedAt));
  return current;
}

/** A move that is copied, verified and followed. */
async function arrangeFollowing(): Promise<MovesStage> {
  const arranged = arrange('0-1-10');
  await arranged.map(aMove('Copying'));
  await arranged.clock.advance(100);
  arranged.slots.verifications[0]?.resolve(anEqualVerdict('0-1-11'));
  await settle();
  arranged.slots.tail().order.onLag(5);
  await arranged.clock.advance(250);
  return arranged;
}

afterEach(async () => {
  await current?.close();
  current = undefined;
});

describe('a receiving shard', () => {
  it('copies from a replica, follows the primary, verifies, and tells so', async () => {
    const stage = arrange();
    const { slots, clock } = stage;
    stage.states.set(
      'demo-shard-0-1',
      replicaState({
        member: aMember({ role: { kind: 'replica', following: aFollowing({ lagMilliseconds: known(5) }) } }),
      }),
    );
    await stage.map(aMove('Copying'));
    const [copy] = slots.copies;
    expect(copy?.order).toMatchObject({
      moveId: 'grow-1',
      database: 'app_s0007',
      source: { host: 'demo-shard-0-1', user: 'replication' },
    });
    copy?.order.onProgress({
      stage: 'Copying',
      rows: 4,
      rowsTotal: 10,
      bytes: 400,
      bytesTotal: 1000,
      paused: { reason: 'Paused', message: 'by somebody' },
    });
    await clock.advance(250);
    expect(stage.report()).toMatchObject({
      role: 'receiving',
      stage: 'Copying',
      epoch: 3,
      attempt: 1,
      rowsCopied: 4,
      rowsTotal: 10,
      bytesCopied: 400,
      bytesTotal: 1000,
      held: { reason: 'Paused' },
    });
    slots.recorded = recordedAt('0-1-10');
    copy?.resolve(aCopy('0-1-10'));
    await clock.advance(100);
    expect(slots.log).toEqual(['copy app_s0007', 'follow app_s0007@0-1-10', 'verify app_s0007']);
    expect(slots.tail().order.source.host).toBe('demo-shard-0-0');
    expect(stage.report()).toMatchObject({ stage: 'Verifying', held: null, position: '0-1-10' });
    slots.verifications[0]?.resolve(anEqualVerdict('0-1-12'));
    slots.tail().order.onPosition('grow-1', at('0-1-12'));
    slots.tail().order.onLag(8);
    await clock.advance(250);
    expect(stage.report()).toMatchObject({
      stage: 'Following',
      position: '0-1-12',
      lagMilliseconds: 8,
      verified: { position: '0-1-12', tables: 2, rows: 10 },
      error: null,
    });
    expect(slots.verifications).toHaveLength(1);
  });

  it('goes on from what the database records, and verifies anew, when its agent was killed', async () => {
    const stage = arrange('0-1-10');
    const { slots, clock } = stage;
    await stage.map(aMove('Copying'));
    await clock.advance(100);
    expect(slots.log).toEqual(['follow app_s0007@0-1-10', 'verify app_s0007']);
  });

  it('decides nothing while what is recorded cannot be read, for a copy begins by dropping what is there', async () => {
    const stage = arrange('0-1-10');
    const { slots, clock } = stage;
    // Whoever looks for what is left of other moves reads it, too.
    slots.unreadable = 2;
    await stage.map(aMove('Copying'));
    expect(slots.log).toEqual([]);
    expect(stage.report().stage).toBe('Waiting');
    await clock.advance(600);
    expect(slots.log[0]).toBe('follow app_s0007@0-1-10');
  });

  it('does not copy by a map of before', async () => {
    const stage = arrange();
    const { slots, clock } = stage;
    const outdated = stage.view([aMove('Copying')]);
    stage.newer = stage.view([aMove('Soaking')]);
    await stage.show(outdated);
    await clock.advance(5000);
    expect(slots.log).toEqual([]);
  });

  it('never copies while the move is switched', async () => {
    const stage = arrange();
    const { slots, clock } = stage;
    await stage.map(aMove('Switching'));
    await clock.advance(1000);
    expect(slots.log).toEqual([]);
  });

  it('tells, while clients wait, of each position with the end of its own history read after it', async () => {
    const stage = await arrangeFollowing();
    const { slots, clock, told } = stage;
    stage.server = anOpenPrimary('1-100-60');
    await stage.map(aMove('Switching'));
    expect(stage.report()).toMatchObject({ stage: 'Following', position: '0-1-10', ownPosition: '1-100-60' });
    const before = told.length;
    stage.server = anOpenPrimary('1-100-61');
    slots.tail().order.onPosition('grow-1', at('0-1-20'));
    await settle();
    expect(told.length).toBe(before + 1);
    expect(stage.report()).toMatchObject({ position: '0-1-20', ownPosition: '1-100-61' });
    expect(clock.monotonic()).toBeLessThan(1000);
  });

  it('tells of no position before it knows an end of its history that was read after it', async () => {
    const stage = await arrangeFollowing();
    await stage.map(aMove('Switching'));
    const answer = Promise.withResolvers<undefined>();
    stage.silence = answer.promise;
    const { order } = stage.slots.tail();
    order.onPosition('grow-1', at('0-1-20'));
    await stage.update();
    expect(stage.report()).toMatchObject({ position: '0-1-10', ownPosition: '1-100-1' });
    order.onPosition('grow-1', at('0-1-30'));
    await stage.update();
    stage.server = anOpenPrimary('1-100-70');
    stage.silence = new Promise(() => {});
    answer.resolve(undefined);
    await stage.update();
    expect(stage.report()).toMatchObject({ position: '0-1-20', ownPosition: '1-100-70' });
  });

  it('stops following before users get rights: what they write must not come back to it', async () => {
    const stage = await arrangeFollowing();
    const { slots } = stage;
    await stage.map(aMove('Switching'));
    await stage.map(aMove('Soaking'));
    expect(slots.log.slice(-2)).toEqual(['stopped: follow app_s0007@0-1-10', 'unfence app_s0007 by 13']);
    expect(stage.moves.pendingRights()).toEqual(['app_s0007']);
    expect(stage.report().stage).toBe('Waiting');
    slots.unfences[0]?.resolve(undefined);
    await settle();
    expect(stage.report().stage).toBe('Serving');
    expect(stage.moves.pendingRights()).toEqual([]);
  });

  it('gives rights that upkeep sees to by itself only where it has seen the flip', async () => {
    const stage = arrange('0-1-10');
    const { slots } = stage;
    await stage.map(aMove('Soaking'));
    expect(slots.log).toEqual([]);
    expect(stage.report().stage).toBe('Serving');
    expect(stage.moves.pendingRights()).toEqual([]);
  });

  it('follows on when a switch was undone', async () => {
    const stage = await arrangeFollowing();
    const { slots } = stage;
    await stage.map(aMove('Switching'));
    await stage.map(aMove('Copying', { attempt: 2 }));
    expect(slots.log.filter((entry) => entry.includes('follow'))).toHaveLength(1);
    expect(stage.report()).toMatchObject({ stage: 'Following', attempt: 2 });
  });

  it('is fenced for a return, and removes everything afterwards, once', async () => {
    const stage = arrange('0-1-10');
    const { slots } = stage;
    await stage.map(aMove('Soaking'));
    await stage.map(aMove('Returning'));
    expect(slots.log).toEqual(['fence app_s0007 1 by 12']);
    slots.fences[0]?.resolve({ kind: 'Fenced', position: at('1-100-70') });
    await settle();
    expect(stage.report()).toMatchObject({
      stage: 'Fenced',
      fenced: { attempt: 1, position: '1-100-70' },
    });
    await stage.map(aMove('Undoing'));
    expect(slots.log.slice(1)).toEqual(['drop app_s0007 grow-1']);
    slots.drops[0]?.resolve(undefined);
    await settle();
    expect(stage.report().stage).toBe('Cleaned');
    await stage.update();
    expect(slots.drops).toHaveLength(1);
    await stage.map();
    expect(stage.moves.reports()).toEqual([]);
  });

  it('ends what works on a database before it is dropped', async () => {
    const stage = arrange();
    const { slots } = stage;
    await stage.map(aMove('Copying'));
    await stage.map(aMove('Undoing'));
    expect(slots.log).toEqual(['copy app_s0007', 'stopped: copy app_s0007', 'drop app_s0007 grow-1']);
  });

  it('copies again where something was defined anew at the source, and says why', async () => {
    const stage = await arrangeFollowing();
    const { slots, clock } = stage;
    slots.tail().order.onStopped('grow-1', new EngineError('DefinitionChanged', 'orders has another column'));
    await settle();
    await clock.advance(1000);
    expect(slots.log.at(-1)).toBe('copy app_s0007');
    expect(stage.report()).toMatchObject({ stage: 'Waiting', verified: null, position: null });
    expect(stage.told.flat().some(({ error }) => error?.code === 'DefinitionChanged')).toBe(true);
  });

  it('copies again where changes fail to be applied again and again', async () => {
    const stage = await arrangeFollowing();
    for (let times = 0; times < 5; times += 1) {
      expect(stage.slots.copies).toHaveLength(0);
      stage.slots.tail().order.onStopped('grow-1', new EngineError('ServerError', 'duplicate entry'));
      await stage.clock.advance(1500);
    }
    expect(stage.slots.copies).toHaveLength(1);
  });

  it('waits with another copy while the move is switched', async () => {
    const stage = await arrangeFollowing();
    const { slots, clock } = stage;
    await stage.map(aMove('Switching'));
    slots.tail().order.onStopped('grow-1', new EngineError('DefinitionChanged', 'orders has another column'));
    await clock.advance(2000);
    expect(slots.copies).toHaveLength(0);
    await stage.map(aMove('Copying', { attempt: 2 }));
    expect(slots.copies).toHaveLength(1);
  });

  it('fails, and leaves everything as it is, where the copy differs', async () => {
    const stage = arrange('0-1-10');
    const { slots, clock } = stage;
    await stage.map(aMove('Copying'));
    await clock.advance(100);
    slots.verifications[0]?.resolve({
      ...anEqualVerdict('0-1-11'),
      isEqual: false,
      differences: [{ table: 'orders', key: '5', kind: 'different', message: 'orders: row 5 differs' }],
    });
    await clock.advance(5000);
    expect(stage.report()).toMatchObject({
      stage: 'Failed',
      verified: null,
      error: { code: 'VerificationFailed', message: expect.stringContaining('row 5 differs') },
    });
    expect(slots.copies).toHaveLength(0);
    expect(slots.verifications).toHaveLength(1);
  });

  it('says that a database cannot be moved, and tries again now and then', async () => {
    const stage = arrange();
    const { slots, clock } = stage;
    await stage.map(aMove('Copying'));
    slots.copies[0]?.reject(new EngineError('NotMovable', 'orders has no primary key'));
    await settle();
    expect(stage.report()).toMatchObject({ stage: 'Failed', error: { code: 'NotMovable' } });
    await clock.advance(60_000);
    expect(slots.copies.length).toBeGreaterThan(1);
    expect(slots.copies.length).toBeLessThan(20);
  });
});
