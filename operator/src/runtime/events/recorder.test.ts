import { describe, expect, it } from '@jest/globals';
import { ApiError } from '../client/api-error.ts';
import { silentLogger } from '../logger.ts';
import type { KubernetesEvent } from '../resources.ts';
import { events } from '../resources.ts';
import { FakeApiServer } from '../testing/fake-api-server.ts';
import { FakeClock, settle } from '../testing/fake-clock.ts';
import type { EventDescription, EventRecorder } from './recorder.ts';
import { createEventRecorder } from './recorder.ts';
import { cutAt } from './series.ts';

const signal = new AbortController().signal;
const regarding = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'a', name: 'pod', uid: 'u' } };
const description: EventDescription = {
  type: 'Normal',
  reason: 'Tested',
  action: 'Test',
  note: 'It was tested.',
};

interface Setup {
  readonly clock: FakeClock;
  readonly server: FakeApiServer;
  readonly recorder: EventRecorder;
  stop(): Promise<void>;
  written(): Promise<readonly KubernetesEvent[]>;
}

function start(): Setup {
  const clock = new FakeClock();
  const server = new FakeApiServer(clock);
  const recorder = createEventRecorder({
    client: server,
    clock,
    logger: silentLogger,
    reporter: { controller: 'example.org/test', instance: 'one' },
  });
  const stopping = new AbortController();
  const running = recorder.run(stopping.signal);
  return {
    clock,
    server,
    recorder,
    async stop() {
      stopping.abort(new Error('stopping'));
      await running;
    },
    written: async () => (await server.list(events, {}, signal)).items,
  };
}

describe('the event recorder', () => {
  it('writes one event for repetitions within six minutes, and seldom', async () => {
    const setup = start();
    for (let second = 0; second < 300; second += 1) {
      setup.recorder.event(regarding, description);
      await setup.clock.advance(1000);
    }
    expect(setup.server.requests.length).toBeLessThanOrEqual(8);
    await setup.clock.advance(6 * 60_000);
    const [event, ...others] = await setup.written();
    expect(others).toHaveLength(0);
    expect(event).toMatchObject({
      eventTime: '2026-01-01T00:00:00.000000Z',
      series: { count: 300 },
      note: 'It was tested.',
    });
    setup.recorder.event(regarding, description);
    await settle();
    expect(await setup.written()).toHaveLength(2);
    await setup.stop();
  });

  it('tells different happenings apart', async () => {
    const setup = start();
    setup.recorder.event(regarding, description);
    setup.recorder.event(regarding, { ...description, note: 'Another.' });
    setup.recorder.event({ ...regarding, metadata: { ...regarding.metadata, uid: 'v' } }, description);
    await settle();
    const written = await setup.written();
    expect(new Set(written.map((event) => event.metadata?.name)).size).toBe(3);
    await setup.stop();
  });

  it('tries again when the server is away, and gives up what it refuses', async () => {
    const setup = start();
    setup.server.beforeRequest = () => {
      throw new ApiError('Unavailable', 0, 'away');
    };
    setup.recorder.event(regarding, description);
    await settle();
    setup.server.beforeRequest = undefined;
    await setup.clock.advance(5000);
    expect(await setup.written()).toHaveLength(1);
    setup.server.beforeRequest = () => {
      throw new ApiError('Forbidden', 403, 'no');
    };
    setup.recorder.event(regarding, { ...description, reason: 'Refused' });
    await settle();
    const { length } = setup.server.requests;
    await setup.clock.advance(600_000);
    expect(setup.server.requests).toHaveLength(length);
    setup.server.beforeRequest = undefined;
    await setup.stop();
  });

  it('goes on in a new event when the first has expired', async () => {
    const setup = start();
    setup.recorder.event(regarding, description);
    await settle();
    const [first] = await setup.written();
    await setup.server.delete(events, { namespace: 'a', name: first?.metadata?.name ?? '' }, {}, signal);
    setup.recorder.event(regarding, description);
    await setup.clock.advance(1000);
    expect(await setup.written()).toMatchObject([{ series: { count: 2 } }]);
    await setup.stop();
  });

  it('drops a flood, and objects it cannot name, without a word to the caller', async () => {
    const setup = start();
    for (let index = 0; index < 2000; index += 1) {
      setup.recorder.event(regarding, { ...description, note: `Number ${index}.` });
    }
    setup.recorder.event({ metadata: { name: 'nameless' } }, description);
    await setup.clock.advance(1000);
    expect(await setup.written()).toHaveLength(50);
    await setup.stop();
  });

  it('writes what is left when it stops', async () => {
    const setup = start();
    setup.recorder.event(regarding, description);
    await setup.stop();
    expect(await setup.written()).toHaveLength(1);
  });

  it('cuts notes between characters', () => {
    expect(cutAt('abc', 3)).toBe('abc');
    expect(cutAt('ééééé', 8)).toBe('éé…');
    expect(Buffer.byteLength(cutAt('é'.repeat(1000), 1024))).toBeLessThanOrEqual(1024);
  });
});
