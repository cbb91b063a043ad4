import { describe, expect, it } from '@jest/globals';
import { createStatementKiller } from './kill-statement.ts';
import { scriptedConnection } from './testing/scripted-server.ts';

const signal = new AbortController().signal;

/** A killer whose connection has the server's number 7. */
function killer() {
  const { connection, server } = scriptedConnection();
  return {
    server,
    connection,
    killer: createStatementKiller(() => Promise.resolve(connection), 'shard-0-0'),
  };
}

describe('createStatementKiller', () => {
  it('kills over another connection, and closes that', async () => {
    const { server, connection, killer: statements } = killer();
    const killed = statements.killQuery(3, signal);
    expect(await server.statement()).toBe('KILL QUERY 3');
    server.ok();
    await killed;
    expect(connection.failure?.code).toBe('Retired');
  });

  it('does not mind that there is nothing left to kill', async () => {
    const { server, killer: statements } = killer();
    const killed = statements.killQuery(3, signal);
    await server.statement();
    server.error(1094, 'Unknown thread id: 3');
    await expect(killed).resolves.toBeUndefined();
  });

  it('tells that the server refused', async () => {
    const { server, killer: statements } = killer();
    const killed = statements.killQuery(3, signal);
    await server.statement();
    server.error(1095, 'You are not owner of thread 3');
    await expect(killed).rejects.toMatchObject({ serverError: { errno: 1095 } });
  });

  it('kills nobody else’s statement on a server that was restarted meanwhile', async () => {
    const { connection, killer: statements } = killer();
    await statements.killQuery(7, signal);
    expect(connection.failure?.code).toBe('Retired');
  });

  it('kills connections in the background', async () => {
    const { server, killer: statements } = killer();
    statements.killConnection(5);
    expect(await server.statement()).toBe('KILL CONNECTION 5');
  });
});
