/** The shard that gives: what its agent does and tells, phase by phase. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { EngineError } from '../../engines/engine-error.ts';
import type { Position } from '../../engines/position.ts';
import { settle } from '../../runtime/testing/fake-clock.ts';
import { aMove } from './testing/moves-on-map.ts';
import { anOpenPrimary, MovesStage } from './testing/moves-stage.ts';

const at = (position: string): Position => position as Position;

let current: MovesStage | undefined;

function arrange(recorded: string | null = null): MovesStage {
  current = new MovesStage(
    0,
    recorded === null ? [] : [{ moveId: 'grow-1', database: 'app_s0007', position: at(recorded) }],
  );
  return current;
}

afterEach(async () => {
  await current?.close();
  current = undefined;
});

describe('a giving shard', () => {
  it('only serves while rows are copied from it', async () => {
    const stage = arrange();
    await stage.map(aMove('Copying'));
    expect(stage.slots.log).toEqual([]);
    expect(stage.report()).toMatchObject({ role: 'giving', stage: 'Serving', attempt: 1 });
  });

  it('takes the rights away at once, and tells up to where there is anything', async () => {
    const stage = arrange();
    await stage.map(aMove('Copying'));
    await stage.map(aMove('Switching'));
    expect(stage.slots.log).toEqual(['fence app_s0007 1 by 12']);
    expect(stage.report()).toMatchObject({ stage: 'Waiting', fenced: null });
    stage.slots.fences[0]?.resolve({ kind: 'Fenced', position: at('0-1-30') });
    await settle();
    expect(stage.report()).toMatchObject({ stage: 'Fenced', fenced: { attempt: 1, position: '0-1-30' } });
    expect(stage.clock.monotonic()).toBe(0);
  });

  it('names who is in the way, and leaves it at that until another attempt', async () => {
    const stage = arrange();
    await stage.map(aMove('Switching'));
    const obstacle = { kind: 'Transaction', message: 'app@10.0.0.7, session 81' } as const;
    stage.slots.fences[0]?.resolve({ kind: 'InTheWay', obstacle });
    await stage.clock.advance(1000);
    expect(stage.report()).toMatchObject({
      stage: 'Waiting',
      fenced: null,
      error: { code: 'TransactionInTheWay', message: obstacle.message },
    });
    expect(stage.slots.fences).toHaveLength(1);
    await stage.map(aMove('Copying', { attempt: 2 }));
    stage.slots.unfences[0]?.resolve(undefined);
    await settle();
    expect(stage.report()).toMatchObject({ stage: 'Serving', error: null });
    await stage.map(aMove('Switching', { attempt: 2 }));
    expect(stage.slots.log.at(-1)).toBe('fence app_s0007 2 by 13');
  });

  it('gives the rights back when the attempt was undone', async () => {
    const stage = arrange();
    await stage.map(aMove('Copying'));
    await stage.map(aMove('Switching'));
    stage.slots.fences[0]?.resolve({ kind: 'Fenced', position: at('0-1-30') });
    await settle();
    await stage.map(aMove('Copying', { attempt: 2 }));
    expect(stage.moves.pendingRights()).toEqual(['app_s0007']);
    expect(stage.slots.log.at(-1)).toBe('unfence app_s0007 by 13');
  });

  it('gives the rights back, whatever has become of the fence', async () => {
    const stage = arrange();
    await stage.map(aMove('Switching'));
    await stage.map(aMove('Copying', { attempt: 2 }));
    expect(stage.slots.log).toEqual([
      'fence app_s0007 1 by 11',
      'stopped: fence app_s0007 1 by 11',
      'unfence app_s0007 by 12',
    ]);
    stage.slots.unfences[0]?.reject(new EngineError('Unreachable', 'the connection is gone'));
    await stage.clock.advance(200);
    stage.slots.unfences[1]?.resolve(undefined);
    await stage.clock.advance(1000);
    expect(stage.slots.unfences).toHaveLength(2);
    expect(stage.report()).toMatchObject({ stage: 'Serving', fenced: null });
  });

  it('fences anew after a restart, for only that tells what holds now', async () => {
    const stage = arrange();
    await stage.map(aMove('Switching'));
    stage.slots.fences[0]?.resolve({ kind: 'Fenced', position: at('0-1-30') });
    await settle();
    await stage.reconnect([]);
    expect(stage.report().fenced).toBeNull();
    expect(stage.slots.log).toEqual(['fence app_s0007 1 by 11']);
  });

  it('follows the new owner from where it opened, and later from what is recorded', async () => {
    const stage = arrange();
    await stage.map(aMove('Switching'));
    stage.slots.fences[0]?.resolve({ kind: 'Fenced', position: at('0-1-30') });
    await settle();
    await stage.map(aMove('Soaking', { openedAt: '1-100-44' }));
    expect(stage.slots.log.at(-1)).toBe('follow app_s0007@1-100-44');
    expect(stage.slots.tail().order.source.host).toBe('demo-shard-1-0');
    stage.slots.tail().order.onLag(3);
    await stage.clock.advance(250);
    expect(stage.report()).toMatchObject({ stage: 'Following', position: '1-100-44', lagMilliseconds: 3 });
    await stage.reconnect([{ moveId: 'grow-1', database: 'app_s0007', position: at('1-100-50') }]);
    expect(stage.slots.log).toEqual(['follow app_s0007@1-100-50']);
  });

  it('cannot have it back once something was defined anew, and says so', async () => {
    const stage = arrange('1-100-50');
    await stage.map(aMove('Soaking'));
    const { order } = stage.slots.tail();
    order.onStopped('grow-1', new EngineError('DefinitionChanged', 'orders has another column'));
    await stage.clock.advance(5000);
    expect(stage.report()).toMatchObject({ stage: 'Failed', error: { code: 'DefinitionChanged' } });
    expect(stage.slots.tails).toHaveLength(1);
    expect(stage.slots.copies).toHaveLength(0);
  });

  it('catches up while clients wait for a return, and gives rights when it is the owner again', async () => {
    const stage = arrange('1-100-50');
    await stage.map(aMove('Soaking'));
    await stage.map(aMove('Returning'));
    stage.server = anOpenPrimary('0-1-90');
    stage.slots.tail().order.onPosition('grow-1', at('1-100-60'));
    await settle();
    expect(stage.report()).toMatchObject({
      stage: 'Following',
      position: '1-100-60',
      ownPosition: '0-1-90',
    });
    await stage.map(aMove('Undoing'));
    expect(stage.slots.log.slice(-2)).toEqual([
      'stopped: follow app_s0007@1-100-50',
      'unfence app_s0007 by 13',
    ]);
  });

  it('removes what it gave when the move ends', async () => {
    const stage = arrange('1-100-50');
    await stage.map(aMove('Soaking'));
    await stage.map(aMove('Finishing'));
    expect(stage.slots.log.slice(-2)).toEqual([
      'stopped: follow app_s0007@1-100-50',
      'drop app_s0007 grow-1',
    ]);
    stage.slots.drops[0]?.resolve(undefined);
    await settle();
    expect(stage.report().stage).toBe('Cleaned');
  });

  it('drops nothing by a map of before', async () => {
    const stage = arrange();
    const outdated = stage.view([aMove('Finishing')]);
    stage.newer = stage.view([]);
    await stage.show(outdated);
    await stage.clock.advance(5000);
    expect(stage.slots.log).toEqual([]);
    expect(stage.report().stage).toBe('Waiting');
  });

  it('keeps reference tables, with rights on them, when a copy of them is elsewhere', async () => {
    const stage = arrange();
    const { slot: _, ...reference } = aMove('Switching', { unit: 'Reference' });
    await stage.map(reference);
    stage.slots.fences[0]?.resolve({ kind: 'Fenced', position: at('0-1-30') });
    await settle();
    await stage.map({ ...reference, phase: 'Soaking' });
    expect(stage.slots.log.at(-1)).toBe('unfence app$shared by 12');
    stage.slots.unfences[0]?.resolve(undefined);
    await settle();
    await stage.map({ ...reference, phase: 'Finishing' });
    expect(stage.report().stage).toBe('Cleaned');
    expect(stage.slots.drops).toHaveLength(0);
  });
});
