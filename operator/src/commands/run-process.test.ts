import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { openLog } from '../observability/winston-logger.ts';
import { LeadershipLostError } from '../runtime/leader/elector.ts';
import { EXIT_CODES, runProcess } from './run-process.ts';

function setUp() {
  const stream = new PassThrough();
  const events = new EventEmitter();
  const lines = stream.setEncoding('utf8').toArray();
  return {
    events,
    run: async (body: (signal: AbortSignal) => Promise<void>) => {
      const exitCode = await runProcess(body, openLog({ level: 'info', format: 'text', stream }), events);
      stream.end();
      return { exitCode, output: (await lines).join('') };
    },
  };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()));

const never = (): Promise<void> => new Promise(() => {});

describe('runProcess', () => {
  it.each(['SIGTERM', 'SIGINT'])('ends with 0 when %s stops it', async (name) => {
    const { events, run } = setUp();
    const ended = run(untilAborted);
    events.emit(name, name);
    const { exitCode, output } = await ended;
    expect(exitCode).toBe(EXIT_CODES.stopped);
    expect(output).toContain(`asked to stop signal=${name}`);
    expect(events.eventNames()).toEqual([]);
  });

  it('does not wait after a second signal', async () => {
    const { events, run } = setUp();
    const ended = run(never);
    events.emit('SIGTERM', 'SIGTERM');
    events.emit('SIGTERM', 'SIGTERM');
    expect((await ended).exitCode).toBe(EXIT_CODES.failed);
  });

  it('ends with 1 and logs once what the body throws', async () => {
    const { run } = setUp();
    const { exitCode, output } = await run(async () => {
      throw Object.assign(new Error('no memory'), { code: 'NoMemory' });
    });
    expect(exitCode).toBe(EXIT_CODES.failed);
    expect(output.match(/no memory/g)).toHaveLength(2);
    expect(output).toContain('failed error="no memory" code=NoMemory stack=');
    expect(output.split('\n')).toHaveLength(2);
  });

  it('ends with 3 where the leadership was lost, so that the program can begin anew at once', async () => {
    const { run } = setUp();
    const { exitCode, output } = await run(async () => {
      throw new LeadershipLostError('the lease was not renewed');
    });
    expect(exitCode).toBe(EXIT_CODES.leadershipLost);
    expect(output).toContain('code=LeadershipLost');
  });

  it.each(['uncaughtException', 'unhandledRejection'])(
    'ends with 1 on %s, aborting the body',
    async (name) => {
      const { events, run } = setUp();
      let aborted = false;
      const ended = run(async (signal) => {
        await untilAborted(signal);
        aborted = true;
        await never();
      });
      events.emit(name, new Error('forgotten'));
      const { exitCode, output } = await ended;
      expect(exitCode).toBe(EXIT_CODES.failed);
      expect(aborted).toBe(true);
      expect(output).toContain('uncaught error error=forgotten');
    },
  );
});
