import { describe, expect, it } from '@jest/globals';
import type { Member } from '../engines/member.ts';
import type { MemberState } from '../engines/member-state.ts';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { ServerSession } from './server-session.ts';
import { replicaState } from './testing/agent-states.ts';

const NEVER = new AbortController().signal;

async function connected() {
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
    clock: new FakeClock(),
    logger: silentLogger,
    onEnded: () => {},
  });
  await session.connect(7, NEVER);
  return { session, server };
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
