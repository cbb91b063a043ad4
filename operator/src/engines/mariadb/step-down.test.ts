import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { EngineError } from '../engine-error.ts';
import { mariadbPositions, parseGtidList } from './gtid.ts';
import type { ServerAccess } from './server-access.ts';
import type { ServerFacts } from './server-facts.ts';
import { stepDown } from './step-down.ts';

const { signal } = new AbortController();
const END = mariadbPositions.parse('0-1-9');

interface Server {
  readOnly: boolean;
  end: string;
  waiting: number;
  isReplica: boolean;
  /** By number; how often each is still seen after it was told to end, or that it had ended before. */
  readonly sessions: Map<number, number | 'gone'>;
}

/** A closed primary whose own connection is 1, and what it was told to change. */
function aServer(change: Partial<Server> = {}) {
  const clock = new FakeClock();
  const sent: string[] = [];
  const state: Server = {
    readOnly: true,
    end: '0-1-9',
    waiting: 0,
    isReplica: false,
    sessions: new Map(),
    ...change,
  };
  const kill = (id: number): void => {
    sent.push(`KILL ${id}`);
    if (state.sessions.get(id) === 'gone') {
      throw new EngineError('ServerError', 'end sessions: 1094 Unknown thread id');
    }
    state.sessions.set(-id, state.sessions.get(id) as number);
  };
  const present = (): number[] => [
    1,
    ...[...state.sessions].flatMap(([id, times]) => {
      if (id > 0) {
        return state.sessions.has(-id) ? [] : [id];
      }
      state.sessions.set(id, Math.max(0, Number(times) - 1));
      return Number(times) > 0 ? [-id] : [];
    }),
  ];
  const server = {
    clock,
    ownConnections: () => [1],
    facts: async () =>
      ({
        readOnly: state.readOnly,
        slave: state.isReplica ? {} : undefined,
        slavePosition: new Map(),
        binaryLogPosition: parseGtidList(state.end),
        status: new Map([['Rpl_semi_sync_master_wait_sessions', String(state.waiting)]]),
      }) as unknown as ServerFacts,
    async run(_what: string, sql: string) {
      if (sql.startsWith('SELECT')) {
        return present().map((id) => ({ id }));
      }
      sent.push(sql);
      return [];
    },
    async runAll(_what: string, statements: readonly { readonly sql: string }[]) {
      statements.forEach(({ sql }) => kill(Number(sql.split(' ').at(-1))));
      return [];
    },
  } as unknown as ServerAccess;
  return { server, state, sent, clock };
}

const DROP = 'SET GLOBAL rpl_semi_sync_master_enabled = OFF';

describe('a closed primary', () => {
  it('ends all sessions but its own, and drops the rule only then', async () => {
    const { server, sent } = aServer({
      sessions: new Map([
        [7, 0],
        [8, 0],
      ]),
    });
    await stepDown(server, END, signal);
    expect(sent).toEqual(['KILL 7', 'KILL 8', DROP]);
  });

  it('takes no notice of sessions that have ended by themselves', async () => {
    const { server, state, sent } = aServer({
      sessions: new Map<number, number | 'gone'>([
        [7, 'gone'],
        [8, 0],
      ]),
    });
    const done = stepDown(server, END, signal);
    await Promise.resolve();
    state.sessions.set(-7, 0);
    await done;
    expect(sent.at(-1)).toBe(DROP);
    expect(sent).toContain('KILL 8');
  });

  it('waits until they are gone', async () => {
    const { server, sent, clock } = aServer({ sessions: new Map([[7, 2]]) });
    const done = stepDown(server, END, signal);
    await clock.advance(10);
    await done;
    expect(sent).toEqual(['KILL 7', DROP]);
  });

  it('keeps its rule where one does not go', async () => {
    const { server, sent, clock } = aServer({ sessions: new Map([[7, 1000]]) });
    const done = stepDown(server, END, signal);
    done.catch(() => {});
    await clock.advance(400);
    await expect(done).rejects.toMatchObject({ code: 'Timeout' });
    expect(sent).toEqual(['KILL 7']);
  });

  it.each<readonly [string, Partial<Server>]>([
    ['it is open', { readOnly: false }],
    ['it is a replica', { isReplica: true }],
    ['a commit waits', { waiting: 1 }],
    ['its log ends later', { end: '0-1-10' }],
    ['its log ends earlier', { end: '0-1-8' }],
  ])('refuses, and ends nobody, where %s', async (_, change) => {
    const { server, sent } = aServer({ ...change, sessions: new Map([[7, 0]]) });
    await expect(stepDown(server, END, signal)).rejects.toMatchObject({ code: 'Refused' });
    expect(sent).toEqual([]);
  });

  it('keeps its rule where something was written after all', async () => {
    const { server, state, sent } = aServer({ sessions: new Map([[7, 0]]) });
    const done = stepDown(server, END, signal);
    done.catch(() => {});
    await Promise.resolve();
    state.end = '0-1-10';
    await expect(done).rejects.toMatchObject({ code: 'Refused' });
    expect(sent).not.toContain(DROP);
  });
});
