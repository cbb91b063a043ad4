import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import type { MapSource } from '../topology/map-source.ts';
import type { MessageFromWorker, MessageToWorker } from './worker-messages.ts';
import type { ProcessEnd, WorkerProcess } from './worker-process.ts';
import { WorkerProcesses } from './worker-processes.ts';

class FakeProcess implements WorkerProcess {
  readonly index: number;
  readonly received: MessageToWorker[] = [];
  readonly sockets: Socket[] = [];
  readonly ended: Promise<ProcessEnd>;
  readonly end: (end: ProcessEnd) => void;
  say: (message: MessageFromWorker) => void = () => {};
  isTerminated = false;

  constructor(index: number) {
    this.index = index;
    const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
    this.ended = promise;
    this.end = resolve;
  }

  send(message: MessageToWorker, socket?: Socket): void {
    this.received.push(message);
    if (socket !== undefined) {
      this.sockets.push(socket);
    }
  }

  onMessage(handler: (message: MessageFromWorker) => void): void {
    this.say = handler;
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

const NO_MAPS: MapSource = {
  current: () => undefined,
  onChange: () => () => {},
  run: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
};

function stage() {
  const clock = new FakeClock();
  const started: FakeProcess[] = [];
  const closing = Promise.withResolvers<void>();
  const stop = new AbortController();
  let accept: (socket: Socket) => void = () => {};
  const processes = new WorkerProcesses({
    source: NO_MAPS,
    workers: 2,
    maxConnections: 10,
    entrance: {
      async open(given) {
        accept = given;
      },
      close: () => closing.promise,
    },
    start(index) {
      const worker = new FakeProcess(index);
      started.push(worker);
      return worker;
    },
    clock,
    logger: silentLogger,
  });
  const run = processes.run(stop.signal);
  const arrive = (): Socket => {
    const socket = new Socket();
    accept(socket);
    return socket;
  };
  return { clock, started, closing, stop, processes, run, arrive };
}

const READY: MessageFromWorker = { type: 'state', reason: null, connections: 0 };

describe('workers as processes', () => {
  it('are started again, and clients of a dead one that it was only offered go to the next', async () => {
    const { clock, started, arrive, processes } = stage();
    await settle();
    const [one, other] = started;
    expect(() => processes.assertReady()).toThrow('no worker is up yet');
    one?.say(READY);
    processes.assertReady();
    const client = arrive();
    expect(one?.received).toEqual([{ type: 'offer', offer: 1 }]);
    one?.end({ code: null, signal: 'SIGKILL' });
    await settle();
    // What it had said before its end, and arrives now, counts no more.
    one?.say({ type: 'taken', offer: 1, connections: 1 });
    expect(client.destroyed).toBe(false);
    other?.say(READY);
    expect(other?.sockets).toEqual([client]);
    other?.say({ type: 'taken', offer: 2, connections: 1 });
    expect(other?.received.at(-1)).toEqual({ type: 'serve', offer: 2 });
    expect(client.destroyed).toBe(true);
    expect(started).toHaveLength(2);
    await clock.advance(500);
    expect(started.map(({ index }) => index)).toEqual([0, 1, 0]);
  });

  it('are waited for by KILL, and nobody is said to be unknown while a worker may have him', async () => {
    const { clock, started } = stage();
    await settle();
    const [one, other] = started;
    const kill = { connectionId: 7, scope: 'query', user: 'shop' } as const;
    const ask = (request: number): void => one?.say({ type: 'kill', request, kill });
    const answers = (): unknown =>
      one?.received.flatMap((message) =>
        message.type === 'killed' ? [[message.request, message.result]] : [],
      );
    ask(1);
    await clock.advance(20_000);
    expect(answers()).toEqual([]);
    const [asked] = other?.received.filter(({ type }) => type === 'kill') ?? [];
    expect(asked).toMatchObject({ kill });
    other?.say({ type: 'killed', request: 1, result: 'killed' });
    await settle();
    expect(answers()).toEqual([[1, 'killed']]);
    ask(2);
    await clock.advance(30_000);
    expect(answers()).toEqual([
      [1, 'killed'],
      [2, 'unanswered'],
    ]);
    ask(3);
    await settle();
    other?.end({ code: null, signal: 'SIGKILL' });
    await settle();
    // With it went whoever it had, and there is nobody to ask until it is back.
    ask(4);
    await settle();
    expect(answers()).toEqual([
      [1, 'killed'],
      [2, 'unanswered'],
      [3, 'unknown'],
      [4, 'unknown'],
    ]);
  });

  it('end after the entrance was closed, and are started again until then', async () => {
    const { clock, started, stop, closing, run, arrive } = stage();
    await settle();
    stop.abort(new Error('SIGTERM'));
    await settle();
    started[0]?.end({ code: 1, signal: null });
    await clock.advance(500);
    expect(started).toHaveLength(3);
    started[2]?.say(READY);
    const late = arrive();
    expect(started[2]?.sockets).toEqual([late]);
    expect(started.some(({ isTerminated }) => isTerminated)).toBe(false);
    closing.resolve();
    await settle();
    expect(started.map(({ isTerminated }) => isTerminated)).toEqual([false, true, true]);
    started.forEach(({ end }) => end({ code: 0, signal: null }));
    await run;
    expect(started).toHaveLength(3);
    late.destroy();
  });
});
