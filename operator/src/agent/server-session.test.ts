import { describe, expect, it } from '@jest/globals';
import type { Member } from '../engines/member.ts';
import type { MemberState } from '../engines/member-state.ts';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { ServerSession } from './server-session.ts';
import { replicaState } from './testing/agent-states.ts';

const NEVER = new AbortController().signal;

async function connected() {
  const clock = new FakeClock();
  const server = {
    observe: (): Promise<unknown> => Promise.resolve({ ...replicaState().member, writable: true }),
  };
  const session = new ServerSession({
    member: () =>
      ({
        connect: async () => ({
          observe: () => server.observe(),
          ended: new Promise(() => {}),
          close: () => {},
        }),
      }) as unknown as Member,
    clock,
    logger: silentLogger,
    onEnded: () => {},
  });
  await session.connect(7, NEVER);
  return { session, server, clock };
}

describe('a server that this agent has closed for writes', () => {
  it('counts as closed at once', async () => {
    const { session } = await connected();
    await session.look(NEVER);
    expect(session.state()?.writable).toBe(true);
    session.noteClosed();
    expect(session.state()?.writable).toBe(false);
  });

  it('counts as closed after a look that began before', async () => {
    const { session, server } = await connected();
    const seen = Promise.withResolvers<Partial<MemberState>>();
    server.observe = () => seen.promise;
    const looking = session.look(NEVER);
    session.noteClosed();
    seen.resolve({ ...replicaState().member, writable: true });
    await looking;
    expect(session.state()?.writable).toBe(false);
  });

  it('counts as open again by the next look', async () => {
    const { session } = await connected();
    session.noteClosed();
    await session.look(NEVER);
    expect(session.state()?.writable).toBe(true);
  });
});

describe('a server that looks show nothing of', () => {
  it('is told of from the beginning of the first such look, until one shows something', async () => {
    const { session, server, clock } = await connected();
    await session.look(NEVER);
    await clock.advance(400);
    expect(session.unseenFor()).toBe(0);
    const waiting = Promise.withResolvers<never>();
    server.observe = () => waiting.promise;
    const looking = session.look(NEVER);
    await clock.advance(1500);
    waiting.reject(new Error('no answer within 1500 ms'));
    await looking;
    await clock.advance(100);
    server.observe = () => Promise.reject(new Error('nor now'));
    await session.look(NEVER);
    expect(session.unseenFor()).toBe(1600);
    server.observe = () => Promise.resolve(replicaState().member);
    await session.look(NEVER);
    expect(session.unseenFor()).toBe(0);
  });

  it('is not told of once there is no session with it', async () => {
    const { session, server, clock } = await connected();
    server.observe = () => Promise.reject(new Error('no answer'));
    await session.look(NEVER);
    await clock.advance(1000);
    session.close();
    expect(session.unseenFor()).toBe(0);
  });
});
