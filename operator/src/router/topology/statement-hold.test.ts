import { describe, expect, it } from '@jest/globals';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { HoldError, StatementHold } from './statement-hold.ts';

function createHold(statements = 2) {
  const clock = new FakeClock();
  const handlers = new Set<() => void>();
  const hold = new StatementHold({
    limits: { milliseconds: 10_000, statements, retryMilliseconds: 50 },
    clock,
    onMapChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  });
  return { clock, hold, changeMap: () => handlers.forEach((handler) => handler()) };
}

const never = new AbortController().signal;
const CAUSE = new Error('refused');

describe('statements without a primary', () => {
  it('go on at a change of the map', async () => {
    const { hold, changeMap } = createHold();
    const statement = hold.begin(0);
    let isFree = false;
    const waiting = statement.wait(CAUSE, never).then(() => (isFree = true));
    await settle();
    expect(isFree).toBe(false);
    changeMap();
    await waiting;
    expect(isFree).toBe(true);
  });

  it('look again after a while without a change', async () => {
    const { hold, clock } = createHold();
    const waiting = hold.begin(0).wait(CAUSE, never);
    await clock.advance(50);
    await expect(waiting).resolves.toBeUndefined();
  });

  it('are given up when their time is up, with the cause', async () => {
    const { hold, clock } = createHold();
    const statement = hold.begin(3);
    let waits = 0;
    const held = (async () => {
      for (;;) {
        await statement.wait(CAUSE, never);
        waits += 1;
      }
    })().catch((error: unknown) => error);
    await clock.advance(10_001);
    const error = await held;
    expect(error).toBeInstanceOf(HoldError);
    expect(error).toMatchObject({ code: 'TooLong', shard: 3, cause: CAUSE });
    expect(waits).toBe(200);
  });

  it('are refused beyond the number that may wait, until one of these ends', async () => {
    const { hold, changeMap } = createHold(2);
    const [one, two, three] = [hold.begin(0), hold.begin(0), hold.begin(0)];
    const waiting = [one.wait(CAUSE, never), two.wait(CAUSE, never)];
    await expect(three.wait(CAUSE, never)).rejects.toMatchObject({ code: 'TooMany' });
    expect(hold.held).toBe(2);
    changeMap();
    await Promise.all(waiting);
    one.end();
    one.end();
    expect(hold.held).toBe(1);
    const third = three.wait(CAUSE, never);
    changeMap();
    await third;
    expect(hold.held).toBe(2);
  });

  it('end with the client that sent them', async () => {
    const { hold, clock } = createHold();
    const client = new AbortController();
    const waiting = hold.begin(0).wait(CAUSE, client.signal);
    client.abort(new Error('the client is gone'));
    await expect(waiting).rejects.toThrow('the client is gone');
    expect(clock.pending).toBe(0);
  });
});
