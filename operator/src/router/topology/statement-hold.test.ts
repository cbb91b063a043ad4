import { describe, expect, it } from '@jest/globals';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { HoldError, type HoldReason, StatementHold } from './statement-hold.ts';

function createHold(statements = 2) {
  const clock = new FakeClock();
  const handlers = new Set<() => void>();
  const told: string[] = [];
  const hold = new StatementHold({
    limits: { milliseconds: 10_000, statements, retryMilliseconds: 50 },
    clock,
    onMapChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    observer: {
      waits: (cause) => told.push(`waits: ${cause}`),
      ended: (cause, milliseconds) => told.push(`ended: ${cause} after ${milliseconds} ms`),
    },
  });
  return { clock, hold, told, changeMap: () => handlers.forEach((handler) => handler()) };
}

const never = new AbortController().signal;
const ERROR = new Error('refused');
const REASON: HoldReason = { cause: 'NoPrimary', message: 'shard 3 has no primary', error: ERROR };

describe('statements without a primary', () => {
  it('go on at a change of the map', async () => {
    const { hold, changeMap } = createHold();
    const statement = hold.begin();
    let isFree = false;
    const waiting = statement.wait(REASON, never).then(() => (isFree = true));
    await settle();
    expect(isFree).toBe(false);
    changeMap();
    await waiting;
    expect(isFree).toBe(true);
  });

  it('look again after a while without a change', async () => {
    const { hold, clock } = createHold();
    const waiting = hold.begin().wait(REASON, never);
    await clock.advance(50);
    await expect(waiting).resolves.toBeUndefined();
  });

  it('are given up when their time is up, with the cause', async () => {
    const { hold, clock } = createHold();
    const statement = hold.begin();
    let waits = 0;
    const held = (async () => {
      for (;;) {
        await statement.wait(REASON, never);
        waits += 1;
      }
    })().catch((error: unknown) => error);
    await clock.advance(10_001);
    const error = await held;
    expect(error).toBeInstanceOf(HoldError);
    expect(error).toMatchObject({ code: 'TooLong', reason: REASON, cause: ERROR });
    expect(waits).toBe(200);
    expect(String(error)).toContain('shard 3 has no primary; it has waited for 10 s');
  });

  it('are refused beyond the number that may wait, until one of these ends', async () => {
    const { hold, changeMap } = createHold(2);
    const [one, two, three] = [hold.begin(), hold.begin(), hold.begin()];
    const waiting = [one.wait(REASON, never), two.wait(REASON, never)];
    await expect(three.wait(REASON, never)).rejects.toMatchObject({ code: 'TooMany' });
    expect(hold.held).toBe(2);
    changeMap();
    await Promise.all(waiting);
    one.end();
    one.end();
    expect(hold.held).toBe(1);
    const third = three.wait(REASON, never);
    changeMap();
    await third;
    expect(hold.held).toBe(2);
  });

  it('end with the client that sent them', async () => {
    const { hold, clock } = createHold();
    const client = new AbortController();
    const waiting = hold.begin().wait(REASON, client.signal);
    client.abort(new Error('the client is gone'));
    await expect(waiting).rejects.toThrow('the client is gone');
    expect(clock.pending).toBe(0);
  });

  it('look again sooner where that is asked for', async () => {
    const { hold, clock } = createHold();
    let isFree = false;
    const waiting = hold
      .begin()
      .wait({ ...REASON, retryMilliseconds: 2 }, never)
      .then(() => (isFree = true));
    await clock.advance(1);
    expect(isFree).toBe(false);
    await clock.advance(1);
    await waiting;
    expect(isFree).toBe(true);
  });

  it('are counted by what they waited for first, and for how long', async () => {
    const { hold, clock, told } = createHold();
    const statement = hold.begin();
    const first = statement.wait({ cause: 'Moving', message: 'slot 5 moves' }, never);
    expect([...hold.heldBy]).toEqual([['Moving', 1]]);
    await clock.advance(50);
    await first;
    const second = statement.wait({ ...REASON, retryMilliseconds: 20 }, never);
    await clock.advance(20);
    await second;
    statement.end();
    expect([...hold.heldBy]).toEqual([['Moving', 0]]);
    expect(told).toEqual(['waits: Moving', 'waits: NoPrimary', 'ended: Moving after 70 ms']);
  });
});

describe('statements that wait for the same', () => {
  const COMMON: HoldReason = {
    cause: 'StaleRoute',
    message: 'no rights yet',
    retryMilliseconds: 2,
    common: 'app pod-0 shop',
  };

  /** Statements whose looks are counted, each of which waits again unless something has come. */
  function createStatements(count: number, reason: HoldReason = COMMON) {
    const { hold, ...rest } = createHold(count);
    const state = { has: false, looks: Array.from({ length: count }, () => 0) };
    const statements = state.looks.map(async (_, index) => {
      const statement = hold.begin();
      try {
        while (!state.has) {
          await statement.wait(reason, never);
          state.looks[index] = (state.looks[index] ?? 0) + 1;
        }
      } finally {
        statement.end();
      }
    });
    return { ...rest, hold, state, statements };
  }

  it('leave the looking to the first of them, and go on when it has found it', async () => {
    const { clock, state, statements, hold } = createStatements(3);
    for (let milliseconds = 0; milliseconds < 40; milliseconds += 2) {
      await clock.advance(2);
    }
    expect(state.looks).toEqual([20, 0, 0]);
    state.has = true;
    await clock.advance(2);
    await Promise.all(statements);
    expect(state.looks).toEqual([21, 1, 1]);
    expect(hold.held).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('look themselves after the usual time, should the first take long over it', async () => {
    const { clock, hold } = createHold();
    const first = hold.begin();
    const wait = first.wait(COMMON, never);
    await clock.advance(2);
    await wait;
    const second = hold.begin().wait(COMMON, never);
    await clock.advance(50);
    await expect(second).resolves.toBeUndefined();
  });

  it.each<[string, HoldReason]>([
    ['for something else', { cause: 'Moving', message: 'slot 5 moves' }],
    ['for the same of another server', { ...COMMON, common: 'app pod-1 shop' }],
  ])('go on when the first waits %s', async (_, reason) => {
    const { clock, hold } = createHold();
    const first = hold.begin();
    const wait = first.wait(COMMON, never);
    const second = hold.begin().wait(COMMON, never);
    await clock.advance(2);
    await wait;
    const other = first.wait(reason, never);
    await expect(second).resolves.toBeUndefined();
    await clock.advance(50);
    await other;
  });

  it('go on with the first whose client is gone', async () => {
    const { clock, hold } = createHold();
    const client = new AbortController();
    const first = hold.begin();
    const wait = first.wait(COMMON, client.signal);
    const second = hold.begin();
    const waiting = second.wait(COMMON, never);
    client.abort(new Error('the client is gone'));
    await expect(wait).rejects.toThrow('the client is gone');
    first.end();
    await waiting;
    const next = second.wait(COMMON, never);
    await clock.advance(2);
    await expect(next).resolves.toBeUndefined();
  });

  it('look each by itself for what they do not have in common', async () => {
    const { common: _, ...own } = COMMON;
    const { clock, state, statements } = createStatements(2, own);
    await clock.advance(2);
    expect(state.looks).toEqual([1, 1]);
    state.has = true;
    await clock.advance(2);
    await Promise.all(statements);
  });
});
