import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../runtime/clock.ts';
import { EngineError } from '../engine-error.ts';
import type { Connection, Row } from './connection.ts';
import { HeartbeatWriter } from './heartbeat.ts';
import { Reconnecting } from './reconnecting.ts';

const signal = new AbortController().signal;

/** A connection whose requests are answered, and whose end is told, by hand. */
function createConnection() {
  const { promise: ended, resolve: end } = Promise.withResolvers<Error>();
  const answers: (() => void)[] = [];
  const connection: Connection = {
    id: 1,
    ended,
    queryAll: () =>
      new Promise<readonly (readonly Row[])[]>((resolve) =>
        answers.push(() => resolve([[{ closed: 0, waits: 1 }], [{ Value: 0 }]])),
      ),
    query: () => new Promise<readonly Row[]>((resolve) => answers.push(() => resolve([]))),
    close: () => end(new EngineError('Unreachable', 'closed')),
  };
  return { connection, answers, end };
}

describe('Reconnecting', () => {
  it('opens once, again after a loss, and never after the main connection has ended', async () => {
    const main = createConnection();
    const opened: ReturnType<typeof createConnection>[] = [];
    const second = new Reconnecting(main.connection, async () => {
      const made = createConnection();
      opened.push(made);
      return made.connection;
    });
    const [first, same] = await Promise.all([second.connection(signal), second.connection(signal)]);
    expect(same).toBe(first);

    opened[0]?.end(new EngineError('Timeout', 'slow'));
    await first.ended;
    expect(await second.connection(signal)).not.toBe(first);
    expect(opened).toHaveLength(2);

    main.end(new EngineError('Unreachable', 'killed'));
    await main.connection.ended;
    await expect(second.connection(signal)).rejects.toMatchObject({ code: 'Unreachable' });
    expect(opened).toHaveLength(2);
  });

  it('tries again after a failure to open', async () => {
    const main = createConnection();
    let attempts = 0;
    const second = new Reconnecting(main.connection, async () => {
      attempts += 1;
      if (attempts === 1) {
        throw new EngineError('Unreachable', 'refused');
      }
      return createConnection().connection;
    });
    await expect(second.connection(signal)).rejects.toMatchObject({ code: 'Unreachable' });
    await expect(second.connection(signal)).resolves.toBeDefined();
  });
});

describe('HeartbeatWriter', () => {
  it('gives up on a heartbeat that hangs, and sends no second one until it is through', async () => {
    const { connection, answers } = createConnection();
    const main = createConnection();
    const writer = new HeartbeatWriter(
      new Reconnecting(main.connection, async () => connection),
      systemClock,
    );
    await expect(writer.write(1, 1, signal)).rejects.toMatchObject({ code: 'Timeout' });
    await expect(writer.write(1, 1, signal)).rejects.toMatchObject({ code: 'Busy' });
    expect(answers).toHaveLength(1);

    const answer = async (): Promise<void> => {
      answers.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    };
    await answer();
    await answer();
    const next = writer.write(1, 1000, signal);
    await new Promise((resolve) => setImmediate(resolve));
    await answer();
    await answer();
    await expect(next).resolves.toBeUndefined();
  });
});
