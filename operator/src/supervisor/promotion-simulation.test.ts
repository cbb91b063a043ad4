/** A primary fails, and so do operators, agents and networks, at every step and in any order. */
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PODS } from './testing/observations.ts';
import { SimulatedShard } from './testing/simulated-shard.ts';

const [PRIMARY, FIRST, SECOND] = PODS;

let shard: SimulatedShard;

afterEach(async () => {
  await shard.close();
});

async function begin(): Promise<SimulatedShard> {
  shard = new SimulatedShard();
  await shard.begin();
  expect(shard.isAtWork()).toBe(true);
  return shard;
}

describe('a primary whose server is killed', () => {
  it('is replaced once, and follows', async () => {
    await begin();
    shard.killServer(PRIMARY);
    await shard.advance(500);
    expect(shard.map).toMatchObject({ epoch: 4, primary: FIRST });
    expect(await shard.recover()).toBe(true);
    expect(shard.map.epoch).toBe(4);
    expect(shard.finalViolations()).toEqual([]);
  });

  it('is replaced by who received the most', async () => {
    await begin();
    shard.member(FIRST).isReachable = false;
    await shard.advance(200);
    shard.killServer(PRIMARY);
    shard.member(FIRST).isReachable = true;
    await shard.advance(1000);
    expect(shard.map).toMatchObject({ epoch: 4, primary: SECOND });
    expect(await shard.recover()).toBe(true);
    expect(shard.finalViolations()).toEqual([]);
  });
});

describe('a primary that is cut off', () => {
  it('is replaced once it must have killed itself', async () => {
    await begin();
    shard.member(PRIMARY).isReachable = false;
    await shard.advance(1000);
    expect(shard.map.primary).not.toBe(FIRST);
    await shard.advance(2000);
    expect(shard.map).toMatchObject({ epoch: 4, primary: FIRST });
    expect(shard.member(PRIMARY).isOpen).toBe(false);
    expect(await shard.recover()).toBe(true);
    expect(shard.finalViolations()).toEqual([]);
  });

  it('is not replaced while another acker is silent', async () => {
    await begin();
    shard.member(PRIMARY).isReachable = false;
    shard.member(SECOND).isReachable = false;
    await shard.advance(30_000);
    expect(shard.map).toMatchObject({ epoch: 3, primary: PRIMARY });
    expect(await shard.recover()).toBe(true);
    expect(shard.finalViolations()).toEqual([]);
  });
});

describe('an operator that is killed', () => {
  it.each(['server', 'network'])('at any step of a promotion, after a failure of the %s', async (failure) => {
    let tried = 0;
    for (let dieAt = 1; ; dieAt += 1) {
      await begin();
      shard.dieAt = shard.steps + dieAt;
      if (failure === 'server') {
        shard.killServer(PRIMARY);
      } else {
        shard.member(PRIMARY).isReachable = false;
      }
      await shard.advance(6000);
      expect({ dieAt, epoch: shard.map.epoch, primary: shard.map.primary }).toEqual({
        dieAt,
        epoch: 4,
        primary: FIRST,
      });
      expect(await shard.recover()).toBe(true);
      expect(shard.map.epoch).toBe(4);
      expect(shard.finalViolations()).toEqual([]);
      const isOver = shard.steps < shard.dieAt;
      await shard.close();
      if (isOver) {
        tried = dieAt;
        break;
      }
    }
    // Two writes, and a command for each of two replicas, before and after.
    expect(tried).toBeGreaterThan(8);
  });
});

describe('a winner that fails before it takes writes', () => {
  it('is waited for, where nobody else has what it received', async () => {
    await begin();
    shard.member(SECOND).isReachable = false;
    await shard.advance(200);
    shard.killServer(PRIMARY);
    shard.killAgent(PRIMARY);
    shard.member(SECOND).isReachable = true;
    while (shard.map.primary !== FIRST) {
      await shard.advance(50);
    }
    shard.member(FIRST).isReachable = false;
    shard.killServer(FIRST);
    await shard.advance(30_000);
    expect(shard.member(SECOND).isOpen).toBe(false);
    expect(await shard.recover()).toBe(true);
    expect(shard.finalViolations()).toEqual([]);
  });
});

describe('a winner that turns out unable to apply what it received', () => {
  const untilNamed = async (pod: string): Promise<void> => {
    for (let waited = 0; shard.map.primary !== pod && waited < 20_000; waited += 50) {
      await shard.advance(50);
    }
    expect(shard.map.primary).toBe(pod);
  };

  it('is replaced by another that has all of it, in an epoch of its own', async () => {
    await begin();
    shard.member(FIRST).isCursed = true;
    shard.killServer(PRIMARY);
    shard.killAgent(PRIMARY);
    await untilNamed(FIRST);
    await untilNamed(SECOND);
    await shard.advance(1000);
    expect(shard.map.epoch).toBe(5);
    expect(shard.member(SECOND).isOpen).toBe(true);
    expect(await shard.recover()).toBe(true);
    expect(shard.finalViolations()).toEqual([]);
  });

  it('is so whichever step of that is the last of an operator', async () => {
    let tried = 0;
    for (let dieAt = 1; ; dieAt += 1) {
      await begin();
      shard.member(FIRST).isCursed = true;
      shard.member(PRIMARY).isReachable = false;
      await untilNamed(FIRST);
      shard.dieAt = shard.steps + dieAt;
      await untilNamed(SECOND);
      expect(await shard.recover()).toBe(true);
      expect({ dieAt, epoch: shard.map.epoch }).toEqual({ dieAt, epoch: 5 });
      expect(shard.finalViolations()).toEqual([]);
      const isOver = shard.steps < shard.dieAt;
      await shard.close();
      if (isOver) {
        tried = dieAt;
        break;
      }
    }
    // Two writes, and a command for each of two replicas, before and after.
    expect(tried).toBeGreaterThan(6);
  });

  it.each(['runs', 'was started by its files'])(
    'and is the only replica with it, is replaced by the former primary once that is back, and %s',
    async (how) => {
      await begin();
      shard.member(SECOND).isReachable = false;
      await shard.advance(300);
      shard.killServer(PRIMARY);
      shard.member(PRIMARY).isReachable = false;
      shard.member(FIRST).isCursed = true;
      if (how !== 'runs') {
        shard.killServer(FIRST);
      }
      shard.member(SECOND).isReachable = true;
      await untilNamed(FIRST);
      await shard.advance(10_000);
      expect(shard.map).toMatchObject({ epoch: 4, primary: FIRST });
      expect(PODS.filter((pod) => shard.member(pod).isOpen && shard.member(pod).isReachable)).toEqual([]);
      shard.member(PRIMARY).isReachable = true;
      await untilNamed(PRIMARY);
      expect(shard.map.epoch).toBe(5);
      expect(await shard.recover()).toBe(true);
      expect(shard.finalViolations()).toEqual([]);
    },
  );
});

describe('two operators at once', () => {
  it('record one winner', async () => {
    await begin();
    shard.startOperator();
    await shard.advance(500);
    shard.killServer(PRIMARY);
    expect(await shard.recover()).toBe(true);
    expect(shard.map.epoch).toBe(4);
    expect(shard.finalViolations()).toEqual([]);
  });
});

const pod = fc.constantFrom(...PODS);
const happenings = fc.array(
  fc.record({
    pause: fc.nat(1500),
    what: fc.oneof(
      fc.record({ kind: fc.constant('killServer' as const), pod }),
      fc.record({ kind: fc.constant('killAgent' as const), pod }),
      fc.record({ kind: fc.constant('cut' as const), pod }),
      fc.record({ kind: fc.constant('heal' as const), pod }),
      fc.record({ kind: fc.constant('curse' as const), pod }),
      fc.record({ kind: fc.constant('killPrimary' as const) }),
      fc.record({ kind: fc.constant('killOperators' as const) }),
      fc.record({ kind: fc.constant('anotherOperator' as const) }),
      fc.record({ kind: fc.constant('dieAt' as const), steps: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ kind: fc.constant('pace' as const), pace: fc.integer({ min: 2, max: 5 }) }),
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

describe('whatever happens, in whatever order', () => {
  it('nothing acknowledged is lost, nobody takes writes beside the primary, and the shard recovers', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (story) => {
        await begin();
        try {
          for (const { pause, what } of story) {
            await shard.advance(pause);
            switch (what.kind) {
              case 'killServer':
                shard.killServer(what.pod);
                break;
              case 'killAgent':
                shard.killAgent(what.pod);
                break;
              case 'cut':
              case 'heal':
                shard.member(what.pod).isReachable = what.kind === 'heal';
                break;
              case 'curse':
                shard.member(what.pod).isCursed = true;
                break;
              case 'killPrimary':
                shard.killServer(shard.map.primary ?? PRIMARY);
                break;
              case 'killOperators':
                shard.killOperators();
                break;
              case 'anotherOperator':
                shard.startOperator();
                break;
              case 'dieAt':
                shard.dieAt = shard.steps + what.steps;
                break;
              case 'pace':
                shard.pace = what.pace;
                break;
            }
          }
          const hasRecovered = await shard.recover();
          expect(shard.finalViolations()).toEqual([]);
          expect(hasRecovered).toBe(true);
        } finally {
          await shard.close();
        }
      }),
      { numRuns: 40 },
    );
  });
});
