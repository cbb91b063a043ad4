import { describe, expect, it } from '@jest/globals';
import { EngineError } from '../../engine-error.ts';
import type { Connection } from '../connection.ts';
import { ConnectionPool } from './connection-pool.ts';

/** A connection that can be closed, and nothing else. */
function aConnection(): Connection & { isClosed: boolean } {
  const { promise, resolve } = Promise.withResolvers<Error>();
  const connection = {
    id: 1,
    isClosed: false,
    ended: promise,
    query: async () => [],
    queryAll: async () => [],
    close() {
      connection.isClosed = true;
      resolve(new EngineError('Unreachable', 'closed'));
    },
  };
  return connection;
}

const { signal } = new AbortController();

function createPool(): {
  readonly control: Connection;
  readonly opened: ReturnType<typeof aConnection>[];
  readonly pool: ConnectionPool;
} {
  const control = aConnection();
  const opened: ReturnType<typeof aConnection>[] = [];
  const pool = new ConnectionPool(control, async () => {
    const connection = aConnection();
    opened.push(connection);
    return connection;
  });
  return { control, opened, pool };
}

describe('ConnectionPool', () => {
  it('gives everybody a connection of his own, and the same one to who comes later', async () => {
    const { opened, pool } = createPool();
    await pool.use(signal, async (outer) =>
      pool.use(signal, async (inner) => {
        expect(inner).not.toBe(outer);
      }),
    );
    await pool.use(signal, async () => {});
    expect(opened).toHaveLength(2);
  });

  it('never uses a connection again on which work has failed, or that was lost', async () => {
    const { opened, pool } = createPool();
    await expect(pool.use(signal, async () => Promise.reject(new Error('refused')))).rejects.toThrow(
      'refused',
    );
    await pool.use(signal, async (connection) => connection.close());
    await pool.use(signal, async () => {});
    expect(opened).toHaveLength(3);
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, true, false]);
  });

  it('ends with the session', async () => {
    const { control, opened, pool } = createPool();
    await pool.use(signal, async () => {});
    control.close();
    await control.ended;
    await expect(pool.use(signal, async () => {})).rejects.toMatchObject({ code: 'Unreachable' });
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true]);
  });
});
