import { describe, expect, it } from '@jest/globals';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { EngineError } from '../engine-error.ts';
import { closeWrites } from './close-writes.ts';
import { parseGtidList } from './gtid.ts';
import type { ServerAccess } from './server-access.ts';
import type { Deed, ServerFacts } from './server-facts.ts';

const { signal } = new AbortController();

/** A server that closes when the test says so, and gives up when it is told to. */
function aServer() {
  const clock = new FakeClock();
  const closing = Promise.withResolvers<ServerFacts>();
  const sent: string[] = [];
  const server = {
    clock,
    ownConnections: () => [12, 13],
    async factsAfter({ statements }: Deed) {
      sent.push(...statements.map(({ sql }) => sql));
      return closing.promise;
    },
    async beside(_what: string, sql: string) {
      sent.push(sql);
      closing.reject(new EngineError('ServerError', '1317 interrupted'));
      return [];
    },
  } as unknown as ServerAccess;
  return { server, clock, closing, sent };
}

describe('closeWrites', () => {
  it('is done when the server has closed', async () => {
    const { server, clock, closing, sent } = aServer();
    const closed = closeWrites(server, 500, signal);
    await settle();
    const end = parseGtidList('0-1-9');
    closing.resolve({
      slave: undefined,
      slavePosition: end,
      binaryLogPosition: end,
    } as unknown as ServerFacts);
    expect(await closed).toBe('0-1-9');
    await clock.advance(5000);
    expect(sent).toEqual(['SET GLOBAL read_only = ON']);
  });

  it('is taken back in time where a write does not end', async () => {
    const { server, clock, sent } = aServer();
    const closed = closeWrites(server, 500, signal);
    closed.catch(() => {});
    await clock.advance(499);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    await expect(closed).rejects.toMatchObject({ code: 'Timeout' });
    expect(sent.at(-1)).toBe('KILL QUERY 12');
  });

  it('fails as the server does', async () => {
    const { server, closing } = aServer();
    const closed = closeWrites(server, 500, signal);
    closed.catch(() => {});
    await settle();
    closing.reject(new EngineError('Unreachable', 'gone'));
    await expect(closed).rejects.toMatchObject({ code: 'Unreachable' });
  });
});
