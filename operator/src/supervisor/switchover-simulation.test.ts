/** Planned changes of a primary, while operators, agents, servers and networks fail at every step and in any order. */
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PODS } from './testing/observations.ts';
import { SimulatedShard } from './testing/simulated-shard.ts';

const [PRIMARY, FIRST, SECOND] = PODS;

let shard: SimulatedShard;

afterEach(async () => {
  await shard.close();
});

async function begin(): Promise<void> {
  shard = new SimulatedShard();
  await shard.begin();
  expect(shard.isAtWork()).toBe(true);
}

async function expectRecovery(): Promise<void> {
  expect(await shard.recover()).toBe(true);
  expect(shard.finalViolations()).toEqual([]);
}

describe('a switchover', () => {
  it.each([
    ['any', FIRST],
    [SECOND, SECOND],
  ])('to %s is carried out once', async (to, winner) => {
    await begin();
    const request = `${to}/1`;
    await shard.ask(request);
    await shard.advance(1500);
    expect(shard.map).toMatchObject({ epoch: 4, primary: winner, handledSwitchover: request });
    await expectRecovery();
    await shard.advance(10_000);
    expect(shard.map).toMatchObject({ epoch: 4, primary: winner });
  });

  it('ends no server: the former primary steps down, and follows', async () => {
    await begin();
    await shard.ask('any/1');
    await expectRecovery();
    expect(shard.map).toMatchObject({ epoch: 4, primary: FIRST });
    expect(shard.member(PRIMARY).source).toBe(FIRST);
    expect(shard.members.map(({ kills }) => kills)).toEqual([0, 0, 0]);
  });

  it('is carried out again for another token', async () => {
    await begin();
    await shard.ask('any/1');
    await expectRecovery();
    await shard.advance(2000);
    await shard.ask(`${PRIMARY}/2`);
    await shard.advance(3000);
    expect(shard.map).toMatchObject({ epoch: 5, primary: PRIMARY, handledSwitchover: `${PRIMARY}/2` });
    await expectRecovery();
  });

  it('is undone when the candidate applies nothing any more, and the primary goes on', async () => {
    await begin();
    shard.pace = 0;
    await shard.ask(`${FIRST}/1`);
    await shard.advance(4000);
    expect(shard.map).toMatchObject({ epoch: 3, primary: PRIMARY, handledSwitchover: `${FIRST}/1` });
    expect(shard.member(PRIMARY).isOpen).toBe(true);
    shard.pace = 3;
    await expectRecovery();
  });

  it('is a failover when the primary dies while it is closed', async () => {
    await begin();
    await shard.ask(`${FIRST}/1`);
    await shard.until(() => !shard.member(PRIMARY).isOpen);
    shard.pace = 0;
    await shard.advance(200);
    expect(shard.map).toMatchObject({ epoch: 3, primary: PRIMARY });
    shard.pace = 3;
    shard.killServer(PRIMARY);
    await shard.advance(3000);
    expect(shard.map.epoch).toBe(4);
    await expectRecovery();
  });
});

describe('an operator that is killed', () => {
  it('at any step of a switchover, leaves what the next one ends', async () => {
    let dieAt = 0;
    for (let isOver = false; !isOver;) {
      dieAt += 1;
      await begin();
      shard.dieAt = shard.steps + dieAt;
      await shard.ask('any/1');
      await shard.advance(9000);
      expect({ dieAt, epoch: shard.map.epoch, handled: shard.map.handledSwitchover }).toEqual({
        dieAt,
        epoch: 4,
        handled: 'any/1',
      });
      await expectRecovery();
      expect(shard.map.epoch).toBe(4);
      isOver = shard.steps < shard.dieAt;
      await shard.close();
    }
    // Two writes and five commands, before and after.
    expect(dieAt).toBeGreaterThan(12);
  });
});

describe('a member that fails', () => {
  it.each([
    ['the server of the former primary', () => shard.killServer(PRIMARY)],
    ['the agent of the former primary', () => shard.killAgent(PRIMARY)],
    ['the server of the successor', () => shard.killServer(FIRST)],
    ['the agent of the successor', () => shard.killAgent(FIRST)],
    ['the server of the other replica', () => shard.killServer(SECOND)],
    [
      'the former primary, cut off',
      () => {
        shard.member(PRIMARY).isReachable = false;
      },
    ],
  ])(
    'at any step of a switchover costs nothing that was acknowledged: %s',
    async (_, strike) => {
      let strikeAt = 0;
      for (let isOver = false; !isOver;) {
        strikeAt += 1;
        await begin();
        shard.strikeAt = shard.steps + strikeAt;
        shard.strike = strike;
        await shard.ask('any/1');
        await shard.advance(4000);
        await expectRecovery();
        isOver = shard.steps < shard.strikeAt;
        await shard.close();
      }
      // Two writes and five commands at least, before and after.
      expect(strikeAt).toBeGreaterThan(12);
    },
    60_000,
  );
});

describe('whatever happens while switchovers are asked for', () => {
  const pod = fc.constantFrom(...PODS);
  const event = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), to: fc.constantFrom('any', ...PODS) }),
    fc.record({
      kind: fc.constantFrom('killServer' as const, 'killAgent' as const, 'cut' as const, 'heal' as const),
      pod,
    }),
    fc.record({ kind: fc.constant('killOperators' as const) }),
    fc.record({ kind: fc.constant('pace' as const), pace: fc.integer({ min: 0, max: 3 }) }),
  );

  it('nothing acknowledged is lost, nobody takes writes beside the primary, and the shard recovers', async () => {
    const history = fc.array(fc.tuple(event, fc.integer({ min: 1, max: 30 })), {
      minLength: 2,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(history, async (events) => {
        await begin();
        let token = 0;
        for (const [happening, steps] of events) {
          switch (happening.kind) {
            case 'ask':
              token += 1;
              await shard.ask(`${happening.to}/${token}`);
              break;
            case 'killServer':
              shard.killServer(happening.pod);
              break;
            case 'killAgent':
              shard.killAgent(happening.pod);
              break;
            case 'cut':
              shard.member(happening.pod).isReachable = false;
              break;
            case 'heal':
              shard.member(happening.pod).isReachable = true;
              break;
            case 'killOperators':
              shard.killOperators();
              break;
            case 'pace':
              shard.pace = happening.pace;
          }
          await shard.advance(steps * 50);
        }
        shard.pace = 3;
        expect(await shard.recover()).toBe(true);
        expect(shard.finalViolations()).toEqual([]);
        await shard.close();
      }),
      { numRuns: 30 },
    );
  });
});
