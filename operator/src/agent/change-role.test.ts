import { describe, expect, it } from '@jest/globals';
import { EngineError } from '../engines/engine-error.ts';
import type { MemberSession } from '../engines/member-session.ts';
import type { Position } from '../engines/position.ts';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { followSource, openWrites, promote } from './change-role.ts';
import { aFollowing, aMember } from './testing/observations.ts';

const signal = new AbortController().signal;
const source = { host: 'new', port: 3306, user: 'replication', password: 'x' };
const order = { epoch: 4, acknowledgement: 'oneReplica' } as const;
const current = async (): Promise<boolean> => true;

/** A replica that has received more than it applied until `awaitApplied` says so. */
function aSession(change: Partial<MemberSession> = {}) {
  const calls: string[] = [];
  const record = (name: string) => async (): Promise<void> => void calls.push(name);
  const session = {
    follow: record('follow'),
    stopReceiving: async () => {
      calls.push('stopReceiving');
      return { received: '0-1-9' as Position, applied: '0-1-7' as Position };
    },
    awaitApplied: async () => true,
    observe: async () => aMember({ role: { kind: 'replica', following: aFollowing() } }),
    becomePrimary: record('becomePrimary'),
    awaitAcknowledger: async (milliseconds: number) => {
      calls.push(`awaitAcknowledger ${milliseconds}`);
      return true;
    },
    openWrites: record('openWrites'),
    ...change,
  } as unknown as MemberSession;
  return { session, calls };
}

const contextOf = (session: MemberSession, isCurrent: () => Promise<boolean>) => ({
  session,
  isCurrent,
  clock: new FakeClock(),
  logger: silentLogger,
});

const notApplied = async (): Promise<void> => {
  throw new EngineError('ReceivedNotApplied', 'received more');
};
const applyingStopped: Partial<MemberSession> = {
  awaitApplied: async () => false,
  observe: async () =>
    aMember({ role: { kind: 'replica', following: aFollowing({ applying: { kind: 'stopped' } }) } }),
};

describe('promote', () => {
  it('opens the server once all is applied and somebody acknowledges', async () => {
    const { session, calls } = aSession();
    await expect(promote(contextOf(session, current), order, signal)).resolves.toBe('done');
    expect(calls).toEqual(['stopReceiving', 'becomePrimary', 'awaitAcknowledger 300', 'openWrites']);
  });

  it('goes on later while something is being applied', async () => {
    const { session, calls } = aSession({ awaitApplied: async () => false });
    await expect(promote(contextOf(session, current), order, signal)).resolves.toBe('again');
    expect(calls).toEqual(['stopReceiving']);
  });

  it('fails where nothing is being applied', async () => {
    const { session, calls } = aSession(applyingStopped);
    await expect(promote(contextOf(session, current), order, signal)).rejects.toMatchObject({
      code: 'ReceivedNotApplied',
    });
    expect(calls).toEqual(['stopReceiving']);
  });

  it('leaves the server closed while nobody acknowledges', async () => {
    const { session, calls } = aSession({ awaitAcknowledger: async () => false });
    await expect(promote(contextOf(session, current), order, signal)).resolves.toBe('done');
    expect(calls).toEqual(['stopReceiving', 'becomePrimary']);
  });

  it('leaves the server closed when the map has moved on', async () => {
    const { session, calls } = aSession();
    await expect(
      promote(
        contextOf(session, async () => false),
        order,
        signal,
      ),
    ).resolves.toBe('done');
    expect(calls).toEqual(['stopReceiving', 'becomePrimary', 'awaitAcknowledger 300']);
  });

  it('waits for nobody where commits need nobody', async () => {
    const { session, calls } = aSession({ awaitAcknowledger: async () => false });
    await promote(contextOf(session, current), { epoch: 4, acknowledgement: 'none' }, signal);
    expect(calls).toEqual(['stopReceiving', 'becomePrimary', 'openWrites']);
  });
});

describe('openWrites', () => {
  it.each([
    ['at once', {}, 'done', ['openWrites']],
    ['once a replica acknowledges', { awaitsReplica: true }, 'done', ['awaitAcknowledger 300', 'openWrites']],
  ] as const)('opens %s', async (_, change, outcome, expected) => {
    const { session, calls } = aSession();
    await expect(openWrites(session, { epoch: 4, ...change }, signal)).resolves.toBe(outcome);
    expect(calls).toEqual(expected);
  });

  it('goes on later while none does', async () => {
    const { session, calls } = aSession({ awaitAcknowledger: async () => false });
    await expect(openWrites(session, { epoch: 4, awaitsReplica: true }, signal)).resolves.toBe('again');
    expect(calls).toEqual([]);
  });
});

describe('followSource', () => {
  it('follows at once where all is applied', async () => {
    const { session, calls } = aSession();
    await expect(followSource(session, source, signal)).resolves.toBe('done');
    expect(calls).toEqual(['follow']);
  });

  it('waits for what is not applied, and goes on later', async () => {
    const { session, calls } = aSession({ follow: notApplied });
    await expect(followSource(session, source, signal)).resolves.toBe('again');
    expect(calls).toEqual(['stopReceiving']);
  });

  it.each([
    ['nothing is being applied', { ...applyingStopped, follow: notApplied }, 'ReceivedNotApplied'],
    [
      'the server refuses',
      {
        follow: async () => {
          throw new EngineError('Refused', 'it takes writes');
        },
      },
      'Refused',
    ],
  ] as const)('fails where %s', async (_name, change, code) => {
    await expect(followSource(aSession(change).session, source, signal)).rejects.toMatchObject({ code });
  });
});
