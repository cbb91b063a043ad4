import { describe, expect, it } from '@jest/globals';
import { type ServerSession, unsettledStatements } from './server-sessions.ts';

function aSession(change: Partial<ServerSession>): ServerSession {
  return {
    id: 5,
    user: 'app',
    host: '10.0.0.1',
    database: '',
    statement: '100',
    isIdle: false,
    state: 'starting',
    ...change,
  };
}

function unsettled(
  sessions: readonly ServerSession[],
  before?: ReturnType<typeof unsettledStatements>,
): readonly string[] {
  return [...unsettledStatements(sessions, before).keys()];
}

describe('unsettledStatements', () => {
  it.each([
    'starting',
    'Opening tables',
    'Waiting for table metadata lock',
    'checking permissions',
    'something new',
    '',
  ])('counts a statement that is %j: it may have been checked and hold nothing yet', (state) => {
    expect(unsettled([aSession({ state })])).toEqual(['5 100']);
  });

  it.each(['Sending data', 'Updating', 'Commit', 'Waiting for semi-sync ACK from slave'])(
    'leaves out one that is %j: the lock on its tables has waited for it',
    (state) => {
      expect(unsettled([aSession({ state })])).toEqual([]);
    },
  );

  it('leaves idle sessions out', () => {
    expect(unsettled([aSession({ isIdle: true, state: '' })])).toEqual([]);
  });

  it('forgets what is over, and what began later', () => {
    const before = unsettledStatements([aSession({}), aSession({ id: 6, statement: '101' })]);
    const now = [aSession({ statement: '102' }), aSession({ id: 6, statement: '101' }), aSession({ id: 7 })];
    expect(unsettled(now, before)).toEqual(['6 101']);
  });

  it('takes a login that goes on for the same, and another one for another', () => {
    const login = aSession({ statement: '0', state: 'login' });
    const before = unsettledStatements([login]);
    expect(unsettled([login, { ...login, id: 9 }], before)).toEqual(['5 0']);
  });
});
