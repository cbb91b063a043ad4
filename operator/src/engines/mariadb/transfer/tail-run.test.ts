import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '../../../runtime/testing/fake-clock.ts';
import { EngineError } from '../../engine-error.ts';
import type { Position } from '../../position.ts';
import { parseGtidList } from '../gtid.ts';
import type { ReplayStep } from './event-filter.ts';
import { FollowedDatabases } from './followed-databases.ts';
import type { ProgressStep } from './move-progress.ts';
import { TailGate } from './tail-gate.ts';
import { TailRun } from './tail-run.ts';
import { EVENT_TYPE } from './binlog-event.ts';
import {
  commitEvent,
  contentOf,
  formatEvent,
  gtidEvent,
  logEvent,
  queryEvent,
  rowsEvent,
  tableMapEvent,
} from './testing/log-events.ts';

const signal = new AbortController().signal;
const END = new Error('the stream has ended');
const HEARTBEAT = logEvent(EVENT_TYPE.heartbeat, Buffer.alloc(4));

/** A server's tables: rows by database, and progress by move, as far as they are committed. */
class FakeServer {
  readonly rows = new Map<string, string[]>();
  readonly progress = new Map<string, Position>();
  /** Requests that are answered before one fails; what a failed commit came to is decided by `losesCommits`. */
  requestsLeft = Number.POSITIVE_INFINITY;
  losesCommits = false;
  commits = 0;
  #open: { database: string; content: string }[] = [];

  readonly session = {
    setFormat: (): Promise<void> => this.#request(),
    apply: async (steps: Iterable<ReplayStep>): Promise<void> => {
      for (const step of steps) {
        await this.#request();
        for (const { database, event } of step.kind === 'rows' ? step.rows : []) {
          this.#open.push({ database, content: contentOf(event) });
        }
      }
    },
    commit: async (progress: readonly ProgressStep[]): Promise<void> => {
      const fails = this.requestsLeft <= 0;
      if (!fails || !this.losesCommits) {
        for (const { moveId, from, to } of progress) {
          if (this.progress.get(moveId) !== from) {
            throw new Error(`progress of ${moveId} is not at ${from}`);
          }
          this.progress.set(moveId, to);
        }
        for (const { database, content } of this.#open) {
          this.rows.set(database, [...(this.rows.get(database) ?? []), content]);
        }
        this.#open = [];
        this.commits += 1;
      }
      await this.#request();
    },
    rollback: async (): Promise<void> => {
      this.#open = [];
      await this.#request();
    },
  };

  /** The connection ends: what is not committed is gone. */
  disconnect(): void {
    this.#open = [];
  }

  async #request(): Promise<void> {
    await Promise.resolve();
    this.requestsLeft -= 1;
    if (this.requestsLeft < 0) {
      throw new EngineError('Unreachable', 'killed');
    }
  }
}

interface World {
  readonly server: FakeServer;
  readonly clock: FakeClock;
  readonly gate: TailGate;
  readonly databases: FollowedDatabases;
  readonly told: string[];
  readonly lags: (number | null)[];
}

function makeWorld(after: Readonly<Record<string, string>>, server = new FakeServer()): World {
  const databases = new FollowedDatabases(
    Object.entries(after).map(([database, position]) => ({
      moveId: database,
      database,
      after: position as Position,
    })),
  );
  for (const { moveId, after: position } of databases.takeRecorded(server.progress)) {
    server.progress.set(moveId, position);
  }
  databases.takeRecorded(server.progress);
  return { server, databases, clock: new FakeClock(), gate: new TailGate(), told: [], lags: [] };
}

/** Runs over arrivals, with some time before each, until there are none left, or the server fails. */
async function run(world: World, arrivals: readonly (readonly Buffer[])[], milliseconds = 0): Promise<Error> {
  const { server, clock, gate, databases, told, lags } = world;
  const left = arrivals.map((events) => events.map((event) => Buffer.from(event)));
  const failure = await new TailRun({
    stream: {
      arrivals: async () => {
        await clock.advance(milliseconds);
        const next = left.shift();
        if (next === undefined) {
          throw END;
        }
        return next;
      },
    },
    session: server.session,
    databases,
    gate,
    clock,
    events: {
      onPosition: (moveId, position) => told.push(`${moveId} ${position}`),
      onLag: (lag) => lags.push(lag),
      onStopped: (moveId, error) => told.push(`${moveId} stopped: ${(error as EngineError).code}`),
    },
  })
    .run(signal)
    .catch((error: unknown) => error as Error);
  server.disconnect();
  return failure;
}

function transaction(sequence: number, database: string, ...contents: string[]): readonly Buffer[] {
  return [
    gtidEvent(sequence),
    tableMapEvent(1, database, 't'),
    ...contents.map((content, index) => rowsEvent(1, index === contents.length - 1, content)),
    commitEvent(),
  ];
}

describe('TailRun', () => {
  it('makes one transaction of all that arrived together', async () => {
    const world = makeWorld({ a: '0-11-1' });
    await run(world, [
      [
        formatEvent(),
        ...transaction(2, 'a', 'x'),
        ...transaction(3, 'other', 'y'),
        ...transaction(4, 'a', 'z'),
      ],
      transaction(5, 'a', 'w'),
    ]);
    expect(world.server.rows.get('a')).toEqual(['x', 'z', 'w']);
    expect(world.server.commits).toBe(2);
    expect(world.told).toEqual(['a 0-11-4', 'a 0-11-5']);
    expect(world.server.progress.get('a')).toBe('0-11-5');
  });

  it('passes over what a database has already', async () => {
    const world = makeWorld({ a: '0-11-3', b: '0-11-2' });
    await run(world, [
      [2, 3, 4].flatMap((sequence) => [
        ...transaction(sequence, 'a', `a${sequence}`),
        ...transaction(sequence, 'b', `b${sequence}`),
      ]),
    ]);
    expect(Object.fromEntries(world.server.rows)).toEqual({ a: ['a4'], b: ['b3', 'b4'] });
  });

  it('tells positions without rows at once, and records them when a second is over', async () => {
    const world = makeWorld({ a: '0-11-1' });
    await run(world, [transaction(2, 'other', 'x')]);
    expect(world.told).toEqual(['a 0-11-2']);
    expect(world.server.progress.get('a')).toBe('0-11-1');
    await run(world, [transaction(3, 'other', 'x'), [HEARTBEAT]], 600);
    expect(world.server.progress.get('a')).toBe('0-11-3');
  });

  it('applies a large transaction in parts, and commits it as one', async () => {
    const world = makeWorld({ a: '0-11-1' });
    const rows = Array.from({ length: 12 }, (_, index) => `${index}`.padEnd(1 << 20, 'x'));
    await run(world, [transaction(2, 'a', 'first'), transaction(3, 'a', ...rows)]);
    expect(world.server.rows.get('a')?.map((row) => row.slice(0, 5))).toEqual([
      'first',
      ...rows.map((row) => row.slice(0, 5)),
    ]);
    expect(world.server.commits).toBe(2);
  });

  it('undoes a large transaction that its source has undone', async () => {
    const world = makeWorld({ a: '0-11-1' });
    const rows = Array.from({ length: 12 }, (_, index) => `${index}`.padEnd(1 << 20, 'x'));
    const undone = [...transaction(2, 'a', ...rows).slice(0, -1), queryEvent('a', 'ROLLBACK')];
    await run(world, [undone, transaction(3, 'a', 'after')]);
    expect(world.server.rows.get('a')).toEqual(['after']);
  });

  it('stops a database that was changed, with what came before recorded, and goes on with others', async () => {
    const world = makeWorld({ a: '0-11-1', b: '0-11-1' });
    const change = [gtidEvent(3, { flags: 1 }), queryEvent('a', 'TRUNCATE t')];
    await run(world, [
      [...transaction(2, 'a', 'x'), ...change, ...transaction(4, 'a', 'y'), ...transaction(5, 'b', 'z')],
    ]);
    expect(Object.fromEntries(world.server.rows)).toEqual({ a: ['x'], b: ['z'] });
    expect(world.told).toEqual(['a 0-11-2', 'b 0-11-2', 'a stopped: DefinitionChanged', 'b 0-11-5']);
    expect(world.server.progress.get('a')).toBe('0-11-2');
  });

  it('ends when a database was changed of which rows are applied already', async () => {
    const world = makeWorld({ a: '0-11-1', b: '0-11-1' });
    const rows = Array.from({ length: 6 }, (_, index) => `${index}`.padEnd(1 << 20, 'x'));
    const events = [
      ...transaction(2, 'a', ...rows).slice(0, -1),
      queryEvent('a', 'INSERT INTO t VALUES (1)'),
      commitEvent(),
    ];
    const failure = await run(world, [events]);
    expect(failure.name).toBe('StoppedWithin');
    expect(world.server.rows.size).toBe(0);
    await run(world, [[...events, ...transaction(3, 'b', 'z')]]);
    expect(Object.fromEntries(world.server.rows)).toEqual({ b: ['z'] });
  });

  it('ends with the last database', async () => {
    const world = makeWorld({ a: '0-11-1' });
    const failure = await run(world, [[gtidEvent(2, { flags: 1 }), queryEvent('a', 'TRUNCATE t')]]);
    expect(failure.name).toBe('StoppedWithin');
    expect(world.told).toEqual(['a stopped: DefinitionChanged']);
  });

  it('stops between two transactions while it is held, and goes on up to a position', async () => {
    const world = makeWorld({ a: '0-11-1' });
    const hold = world.gate.hold(signal);
    const running = run(world, [
      [2, 3, 4].flatMap((sequence) => transaction(sequence, 'a', String(sequence))),
    ]);
    const release = await hold;
    expect(world.server.rows.size).toBe(0);
    await world.gate.advance(parseGtidList('0-11-3'), signal);
    expect(world.server.rows.get('a')).toEqual(['2', '3']);
    expect(world.databases.position('a')).toBe('0-11-3');
    release();
    expect(await running).toBe(END);
    expect(world.server.rows.get('a')).toEqual(['2', '3', '4']);
  });

  it('measures how old the newest change is', async () => {
    const world = makeWorld({ a: '0-11-1' });
    const seconds = Math.floor(world.clock.now() / 1000) - 5;
    await run(world, [[HEARTBEAT], [gtidEvent(2), commitEvent(seconds)]]);
    expect(world.lags[0]).toBeNull();
    expect(world.lags[1]).toBeGreaterThanOrEqual(4000);
    expect(world.lags[1]).toBeLessThanOrEqual(5000);
  });

  it('brings every change once, whatever is killed and whenever', async () => {
    const databases = ['a', 'b', 'other'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ database: fc.constantFrom(...databases), rows: fc.integer({ min: 1, max: 3 }) }),
          {
            minLength: 1,
            maxLength: 30,
          },
        ),
        fc.array(fc.record({ requests: fc.nat(20), losesCommits: fc.boolean() }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (transactions, kills, together) => {
          const events = transactions.map(({ database, rows }, index) =>
            transaction(index + 1, database, ...Array.from({ length: rows }, (_, row) => `${index}.${row}`)),
          );
          const server = new FakeServer();
          let last: Error | undefined;
          for (const kill of [...kills, { requests: Number.POSITIVE_INFINITY, losesCommits: false }]) {
            const world = makeWorld({ a: '', b: '0-11-1' }, server);
            server.requestsLeft = kill.requests;
            server.losesCommits = kill.losesCommits;
            // A source sends what is behind the position that it was asked for.
            const start = Number(world.databases.start().get(0)?.sequence ?? 0n);
            const rest = events.slice(start);
            const arrivals = rest.flatMap((_, index) =>
              index % together === 0 ? [rest.slice(index, index + together).flat()] : [],
            );
            last = await run(world, arrivals);
          }
          expect(last).toBe(END);
          for (const database of ['a', 'b']) {
            const expected = transactions.flatMap(({ database: own, rows }, index) =>
              own === database && (database !== 'b' || index > 0)
                ? Array.from({ length: rows }, (_, row) => `${index}.${row}`)
                : [],
            );
            expect(server.rows.get(database) ?? []).toEqual(expected);
          }
        },
      ),
    );
  });
});
