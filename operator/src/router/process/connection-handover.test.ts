import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { OFFERS_AT_A_TIME } from './choose-worker.ts';
import { ConnectionHandover } from './connection-handover.ts';
import { FakeWorker } from './testing/fake-workers.ts';

function stage({ maxConnections = 100 } = {}) {
  const clock = new FakeClock();
  const refused = new Map<Socket, number>();
  const handover = new ConnectionHandover({
    maxConnections,
    clock,
    logger: silentLogger,
    refuse: (socket, { errno }) => void refused.set(socket, errno),
  });
  const arrive = (): Socket => {
    const socket = new Socket();
    handover.arrived(socket);
    return socket;
  };
  const worker = (index: number): FakeWorker => {
    const joined = new FakeWorker(index, handover);
    joined.ready();
    return joined;
  };
  return { clock, refused, handover, arrive, worker };
}

describe('a client', () => {
  it('is served by a worker, and closed here only then', () => {
    const { arrive, worker, clock } = stage();
    const one = worker(0);
    const client = arrive();
    one.receive();
    expect(client.destroyed).toBe(false);
    one.talk();
    expect(one.served).toEqual([client]);
    expect(client.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('is served by workers in turn', () => {
    const { arrive, worker } = stage();
    const workers = [worker(0), worker(1), worker(2)];
    const clients = Array.from({ length: 6 }, arrive);
    workers.forEach((each) => each.talk());
    expect(workers.map(({ served }) => served)).toEqual([
      [clients[0], clients[3]],
      [clients[1], clients[4]],
      [clients[2], clients[5]],
    ]);
  });

  it('waits for a worker that says that it can serve', () => {
    const { arrive, handover } = stage();
    const one = new FakeWorker(0, handover);
    const client = arrive();
    one.talk();
    expect(one.served).toEqual([]);
    one.ready();
    one.talk();
    expect(one.served).toEqual([client]);
  });

  it('is told after a while that nobody can serve it, once', async () => {
    const { arrive, clock, refused, worker } = stage();
    const client = arrive();
    await clock.advance(7999);
    expect(refused.size).toBe(0);
    await clock.advance(1);
    expect(refused.get(client)).toBe(2003);
    const late = worker(0);
    late.talk();
    expect(late.served).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('is refused when there are too many, those that wait included', () => {
    const { arrive, worker, refused } = stage({ maxConnections: 3 });
    const one = worker(0);
    arrive();
    one.talk();
    arrive();
    one.die();
    // What the dead one has served is gone with it.
    const waiting = [arrive(), arrive()];
    expect(refused.size).toBe(0);
    const further = arrive();
    expect([...refused]).toEqual([[further, 1040]]);
    const other = worker(1);
    other.talk();
    expect(other.served).toEqual(expect.arrayContaining(waiting));
    expect(other.served).toHaveLength(3);
  });

  it('is told to connect again when no more are let in, also one that was offered', () => {
    const { arrive, handover, refused, worker, clock } = stage();
    const one = worker(0);
    const client = arrive();
    one.receive();
    handover.close();
    expect(refused.get(client)).toBe(1053);
    one.talk();
    expect(one.served).toEqual([]);
    expect(one.handles.get(client)?.destroyed).toBe(true);
    expect(refused.get(arrive())).toBe(1053);
    expect(clock.pending).toBe(0);
  });
});

describe('a worker that dies', () => {
  it('before it has received a client loses nothing', () => {
    const { arrive, worker } = stage();
    const one = worker(0);
    const client = arrive();
    const other = worker(1);
    one.die();
    other.talk();
    expect(other.served).toEqual([client]);
  });

  it('after it has received a client, and before it is known to have taken it, loses nothing', () => {
    const { arrive, worker } = stage();
    const one = worker(0);
    const client = arrive();
    const other = worker(1);
    one.receive();
    one.die();
    other.talk();
    expect(one.served).toEqual([]);
    expect(other.served).toEqual([client]);
  });

  it('after it was told to serve a client takes it with it: its connection is closed here as well', () => {
    const { arrive, worker } = stage();
    const one = worker(0);
    const client = arrive();
    one.receive();
    one.answer();
    expect(client.destroyed).toBe(true);
    one.die();
    const other = worker(1);
    other.talk();
    expect(other.served).toEqual([]);
  });

  it('while it is the only one leaves its clients to the one that is started for it, the eldest first', () => {
    const { arrive, worker } = stage();
    const one = worker(0);
    const clients = Array.from({ length: OFFERS_AT_A_TIME + 2 }, arrive);
    one.die();
    const next = worker(0);
    next.talk();
    expect(next.served).toEqual(clients);
  });
});

describe('a worker that does not answer', () => {
  it('is passed over, and gives back what it takes too late', async () => {
    const { arrive, worker, clock } = stage();
    const slow = worker(0);
    const client = arrive();
    const other = worker(1);
    slow.receive();
    await clock.advance(1000);
    other.talk();
    expect(other.served).toEqual([client]);
    slow.talk();
    expect(slow.served).toEqual([]);
    expect(slow.handles.get(client)?.destroyed).toBe(true);
    const next = arrive();
    slow.talk();
    expect(slow.served).toEqual([next]);
  });

  it('is waited for when there is no other', async () => {
    const { arrive, worker, clock, refused } = stage();
    const slow = worker(0);
    const client = arrive();
    await clock.advance(5000);
    slow.talk();
    expect(slow.served).toEqual([client]);
    expect(refused.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('is offered no more than some at a time', () => {
    const { arrive, worker } = stage();
    const slow = worker(0);
    Array.from({ length: OFFERS_AT_A_TIME + 5 }, arrive);
    let received = 0;
    while (slow.receive()) received += 1;
    expect(received).toBe(OFFERS_AT_A_TIME);
  });
});

describe('a worker that has begun to end', () => {
  it('refuses, and its clients are given to others', async () => {
    const { arrive, worker } = stage();
    const one = worker(0);
    await one.clients.close();
    const client = arrive();
    const other = worker(1);
    one.talk();
    other.talk();
    expect(one.served).toEqual([]);
    expect(other.served).toEqual([client]);
    expect(one.handles.get(client)?.destroyed).toBe(true);
    const next = arrive();
    one.talk();
    other.talk();
    expect(other.served).toEqual([client, next]);
  });
});

it('serves every client exactly once or tells it why not, whatever happens in whatever order', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('arrive' as const) }),
    fc.record({ kind: fc.constantFrom('receive', 'answer', 'die'), index: fc.nat(2) }),
    fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.constantFrom(100, 1000, 4000) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, refused, arrive, worker } = stage();
      const all = [worker(0), worker(1), worker(2)];
      const living = [...all];
      const clients: Socket[] = [];
      for (const each of steps) {
        if (each.kind === 'arrive') {
          clients.push(arrive());
        } else if ('milliseconds' in each) {
          await clock.advance(each.milliseconds);
        } else {
          const one = living[each.index];
          if (each.kind === 'receive') one?.receive();
          else if (each.kind === 'answer') one?.answer();
          else {
            one?.die();
            const next = worker(each.index);
            living[each.index] = next;
            all.push(next);
          }
        }
      }
      while (living.map((one) => one.receive() || one.answer()).includes(true));
      // A client that was taken by a worker which died before it read so is closed, and nobody else's.
      for (const client of clients) {
        const servers = all.filter(({ served }) => served.includes(client)).length;
        expect(servers + Number(refused.has(client))).toBeLessThanOrEqual(1);
        expect(servers === 1 || refused.has(client) || client.destroyed).toBe(true);
        expect(client.destroyed && refused.has(client)).toBe(false);
      }
      expect(clock.pending).toBe(0);
    }),
  );
});
