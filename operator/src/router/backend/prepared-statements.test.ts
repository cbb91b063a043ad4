import { describe, expect, it } from '@jest/globals';
import { COMMAND } from '../../wire/command-code.ts';
import { SERVER_STATUS } from '../../wire/server-status.ts';
import { RecordingSink } from './testing/recording-sink.ts';
import { type ScriptedServer, scriptedConnection } from './testing/scripted-server.ts';
import { BackendError } from './backend-error.ts';
import type { ServerConnection } from './server-connection.ts';
import { StatementAllowance } from './statement-allowance.ts';

const signal = new AbortController().signal;

async function prepare(
  connection: ServerConnection,
  server: ScriptedServer,
  text: string,
  id: number,
): Promise<void> {
  const prepared = connection.prepare(Buffer.from(text), {}, signal);
  const command = await server.command();
  expect([command[0], command.subarray(1).toString()]).toEqual([COMMAND.statementPrepare, text]);
  server.prepared(id);
  expect(await prepared).toMatchObject({ kind: 'prepared', statement: { id } });
}

const closed = (command: Buffer): readonly number[] => [command[0] ?? -1, command.readUInt32LE(1)];

/** Flags, iteration count, and no parameters. */
const PLAIN = Buffer.from([0, 1, 0, 0, 0]);
const WITH_CURSOR = Buffer.from([1, 1, 0, 0, 0]);

describe('prepared statements', () => {
  it('are prepared once, and again in another database', async () => {
    const { connection, server } = scriptedConnection();
    await prepare(connection, server, 'SELECT 1', 1);
    expect(await connection.prepare(Buffer.from('SELECT 1'), {}, signal)).toMatchObject({
      statement: { id: 1 },
    });
    const elsewhere = connection.prepare(Buffer.from('SELECT 1'), { database: 'b' }, signal);
    expect(await server.statement()).toBe('USE `b`;');
    expect((await server.command())[0]).toBe(COMMAND.statementPrepare);
    server.channel.beginCommand();
    server.ok();
    server.channel.beginCommand();
    server.prepared(2);
    expect(await elsewhere).toMatchObject({ statement: { id: 2 } });
  });

  it('do not change the database of the connection when they are known', async () => {
    const { connection, server } = scriptedConnection();
    const first = connection.prepare(Buffer.from('SELECT 1'), { database: 'a' }, signal);
    await server.command();
    await server.command();
    server.ok();
    server.prepared(1);
    await first;
    const moved = connection.put({ database: 'b' }, signal);
    await server.command();
    server.ok();
    await moved;
    expect(await connection.prepare(Buffer.from('SELECT 1'), { database: 'a' }, signal)).toMatchObject({
      statement: { id: 1 },
    });
    expect(connection.database).toBe('b');
  });

  it('prepared in the wrong database, because the right one is not there, are closed', async () => {
    const { connection, server } = scriptedConnection();
    const refused = connection.prepare(Buffer.from('SELECT 1'), { database: 'gone' }, signal);
    await server.command();
    await server.command();
    server.error(1049);
    server.prepared(1);
    expect(await refused).toMatchObject({
      kind: 'refused',
      outcome: { inPrelude: true, error: { errno: 1049 } },
    });
    expect(closed(await server.command())).toEqual([COMMAND.statementClose, 1]);
  });

  it('tell what the server refuses', async () => {
    const { connection, server } = scriptedConnection();
    const refused = connection.prepare(Buffer.from('SELEC'), {}, signal);
    await server.command();
    server.error(1064, 'syntax');
    expect(await refused).toMatchObject({
      kind: 'refused',
      outcome: { inPrelude: false, error: { errno: 1064 } },
    });
  });

  it('that were not used for the longest time are closed for others', async () => {
    const { connection, server } = scriptedConnection({ preparedStatements: 2 });
    await prepare(connection, server, 'SELECT 1', 1);
    await prepare(connection, server, 'SELECT 2', 2);
    await connection.prepare(Buffer.from('SELECT 1'), {}, signal);
    await prepare(connection, server, 'SELECT 3', 3);
    expect(closed(await server.command())).toEqual([COMMAND.statementClose, 2]);
  });

  it('are kept beyond that as long as the connections to a server have some left together', async () => {
    const sharedStatements = new StatementAllowance(1);
    const one = scriptedConnection({ preparedStatements: 1, sharedStatements });
    const other = scriptedConnection({ preparedStatements: 1, sharedStatements });
    await prepare(one.connection, one.server, 'SELECT 1', 1);
    await prepare(one.connection, one.server, 'SELECT 2', 2);
    await prepare(other.connection, other.server, 'SELECT 1', 1);
    await prepare(other.connection, other.server, 'SELECT 2', 2);
    expect(closed(await other.server.command())).toEqual([COMMAND.statementClose, 1]);
    one.connection.closeStatement(1);
    expect(closed(await one.server.command())).toEqual([COMMAND.statementClose, 1]);
    await prepare(other.connection, other.server, 'SELECT 3', 3);
    expect(sharedStatements.take()).toBe(false);
  });

  it.each<[string, (one: ReturnType<typeof scriptedConnection>) => Promise<unknown>]>([
    [
      'the end',
      ({ connection }) => (connection.destroy(new BackendError('Retired', 'over')), connection.ended),
    ],
    [
      'a reset',
      async ({ connection, server }) => {
        const reset = connection.reset(signal);
        await server.command();
        server.ok();
        await server.command();
        server.ok();
        await reset;
      },
    ],
  ])('leave others room again after %s of their connection', async (_what, end) => {
    const sharedStatements = new StatementAllowance(1);
    const one = scriptedConnection({ preparedStatements: 1, sharedStatements });
    await prepare(one.connection, one.server, 'SELECT 1', 1);
    await prepare(one.connection, one.server, 'SELECT 2', 2);
    expect(sharedStatements.take()).toBe(false);
    await end(one);
    expect(sharedStatements.take()).toBe(true);
  });

  it('with a cursor stay, and are fetched from without columns', async () => {
    const { connection, server } = scriptedConnection({ preparedStatements: 1 });
    await prepare(connection, server, 'SELECT 1', 1);
    const opened = connection.execute(1, WITH_CURSOR, new RecordingSink(), signal);
    expect((await server.command())[0]).toBe(COMMAND.statementExecute);
    server.columns('a');
    server.endRows({ status: SERVER_STATUS.cursorExists });
    expect((await opened).completion?.status).toBe(SERVER_STATUS.cursorExists);
    await prepare(connection, server, 'SELECT 2', 2);
    const sink = new RecordingSink();
    const fetched = connection.fetch(1, 10, sink, signal);
    const command = await server.command();
    expect([command[0], command.readUInt32LE(1), command.readUInt32LE(5)]).toEqual([
      COMMAND.statementFetch,
      1,
      10,
    ]);
    server.row('1');
    server.endRows({ status: SERVER_STATUS.lastRowSent });
    await fetched;
    expect(sink.events).toEqual(['rows 1', 'end']);
    const reset = connection.resetStatement(1, signal);
    await server.command();
    server.ok();
    await reset;
    await prepare(connection, server, 'SELECT 3', 3);
    expect(closed(await server.command())).toEqual([COMMAND.statementClose, 1]);
    expect(closed(await server.command())).toEqual([COMMAND.statementClose, 2]);
  });

  it('take long data, and give it up with their execution', async () => {
    const { connection, server } = scriptedConnection({ preparedStatements: 1 });
    await prepare(connection, server, 'INSERT INTO t VALUES (?)', 1);
    connection.sendLongData(1, 3, Buffer.from('abc'));
    const data = await server.command();
    expect([data[0], data.readUInt32LE(1), data.readUInt16LE(5), data.subarray(7).toString()]).toEqual([
      COMMAND.statementSendLongData,
      1,
      3,
      'abc',
    ]);
    const executed = connection.execute(1, PLAIN, new RecordingSink(), signal);
    expect([...(await server.command())]).toEqual([COMMAND.statementExecute, 1, 0, 0, 0, ...PLAIN]);
    server.ok();
    await executed;
  });
});
