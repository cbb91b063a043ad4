import { describe, expect, it } from '@jest/globals';
import { INITIAL_VARIABLES, withVariables } from '../session/session-variables.ts';
import { COMMAND } from '../../wire/command-code.ts';
import type { Outcome } from './outcome.ts';
import type { ServerConnection } from './server-connection.ts';
import { RecordingSink } from './testing/recording-sink.ts';
import { type ScriptedServer, scriptedConnection } from './testing/scripted-server.ts';

const signal = new AbortController().signal;

/** Flags, iteration count, and no parameters. */
const BODY = Buffer.from([0, 1, 0, 0, 0]);
const TEXT = Buffer.from('SELECT a FROM t');

function execute(
  connection: ServerConnection,
  database: string,
  { sink = new RecordingSink(), isQualifiable = true } = {},
): Promise<Outcome> {
  const qualified = isQualifiable ? (): Buffer => Buffer.from(`SELECT a FROM ${database}.t`) : null;
  return connection.executeText(
    { text: TEXT, key: TEXT.toString('latin1'), qualified, body: BODY },
    sink,
    { database },
    signal,
  );
}

/** A command as its code and its text or the number that it names. */
async function next(server: ScriptedServer): Promise<readonly [string, string | number]> {
  const command = await server.command();
  switch (command[0]) {
    case COMMAND.statementPrepare:
      return ['prepare', command.subarray(1).toString()];
    case COMMAND.statementExecute:
      return ['execute', command.readUInt32LE(1)];
    case COMMAND.statementClose:
      return ['close', command.readUInt32LE(1)];
    default:
      return ['query', command.subarray(1).toString()];
  }
}

/** A connection that has prepared a statement in the database `a`, as number 5. */
async function begun(preparedStatements = 2): Promise<{
  readonly connection: ServerConnection;
  readonly server: ScriptedServer;
}> {
  const { connection, server } = scriptedConnection({ preparedStatements });
  const first = execute(connection, 'a');
  expect(await next(server)).toEqual(['query', 'USE `a`;']);
  expect(await next(server)).toEqual(['prepare', 'SELECT a FROM t']);
  server.ok();
  server.prepared(5);
  expect(await next(server)).toEqual(['execute', 5]);
  server.ok();
  await first;
  return { connection, server };
}

describe('executeText', () => {
  it('executes what is prepared, whatever the current database', async () => {
    const { connection, server } = await begun();
    const put = connection.put({ database: 'b' }, signal);
    await next(server);
    server.ok();
    await put;
    const sink = new RecordingSink();
    const again = execute(connection, 'a', { sink });
    expect(await next(server)).toEqual(['execute', 5]);
    server.columns('a');
    server.row('1');
    server.endRows();
    expect(await again).toMatchObject({ error: undefined, results: 1 });
  });

  it('prepares and executes in one packet, under the number that comes next', async () => {
    const { connection, server } = await begun();
    const elsewhere = execute(connection, 'b');
    expect(await next(server)).toEqual(['prepare', 'SELECT a FROM b.t']);
    expect(await next(server)).toEqual(['execute', 6]);
    server.prepared(6);
    server.ok({ affectedRows: 3n });
    expect(await elsewhere).toMatchObject({ completion: { affectedRows: 3n } });
    expect(connection.database).toBe('a');
    const again = execute(connection, 'b');
    expect(await next(server)).toEqual(['execute', 6]);
    server.ok();
    await again;
  });

  it('executes under the number that it got where that is another', async () => {
    const { connection, server } = await begun();
    const elsewhere = execute(connection, 'b');
    await next(server);
    expect(await next(server)).toEqual(['execute', 6]);
    server.prepared(9);
    server.error(1243, 'Unknown prepared statement handler');
    expect(await next(server)).toEqual(['execute', 9]);
    server.ok({ affectedRows: 3n });
    expect(await elsewhere).toMatchObject({ error: undefined, completion: { affectedRows: 3n } });
  });

  it('gives up a server that executes something else', async () => {
    const { connection, server } = await begun();
    const elsewhere = execute(connection, 'b');
    await next(server);
    await next(server);
    server.prepared(9);
    server.ok({ affectedRows: 3n });
    await expect(elsewhere).rejects.toMatchObject({ code: 'ProtocolViolation', execution: 'Answered' });
  });

  it('tells the sink that the server has refused to prepare it, and nothing else', async () => {
    const { connection, server } = await begun();
    const sink = new RecordingSink();
    const refused = execute(connection, 'b', { sink });
    await next(server);
    await next(server);
    server.error(1146, 'no such table');
    server.error(1243, 'Unknown prepared statement handler');
    expect(await refused).toMatchObject({ error: { errno: 1146 }, inPrelude: false });
    expect(JSON.stringify(sink)).not.toContain('1243');
    const again = execute(connection, 'a');
    expect(await next(server)).toEqual(['execute', 5]);
    server.ok();
    expect(await again).toMatchObject({ error: undefined });
  });

  it('selects the database before where the text cannot name it', async () => {
    const { connection, server } = await begun();
    const elsewhere = execute(connection, 'b', { isQualifiable: false });
    expect(await next(server)).toEqual(['query', 'USE `b`;']);
    expect(await next(server)).toEqual(['prepare', 'SELECT a FROM t']);
    server.ok();
    server.prepared(6);
    expect(await next(server)).toEqual(['execute', 6]);
    server.ok();
    expect(await elsewhere).toMatchObject({ error: undefined });
  });

  it('is not executed where the database cannot be selected', async () => {
    const { connection, server } = await begun();
    const sink = new RecordingSink();
    const elsewhere = execute(connection, 'b', { sink, isQualifiable: false });
    await next(server);
    await next(server);
    server.error(1049);
    server.prepared(6);
    expect(await elsewhere).toMatchObject({ error: { errno: 1049 }, inPrelude: true });
    expect(await next(server)).toEqual(['close', 6]);
  });

  it('sets variables before, in a request of their own', async () => {
    const { connection, server } = await begun();
    const variables = withVariables(INITIAL_VARIABLES, [['sql_mode', "''"]]);
    const statement = { text: TEXT, key: TEXT.toString('latin1'), qualified: null, body: BODY };
    const set = connection.executeText(statement, new RecordingSink(), { database: 'a', variables }, signal);
    expect((await next(server))[1]).toMatch(/^SET .*sql_mode/);
    expect(await next(server)).toEqual(['prepare', 'SELECT a FROM t']);
    server.ok();
    server.prepared(6);
    expect(await next(server)).toEqual(['execute', 6]);
    server.ok();
    await set;
  });

  it('closes the statement that had to go with the next command', async () => {
    const { connection, server } = await begun(1);
    const elsewhere = execute(connection, 'b');
    await next(server);
    await next(server);
    server.prepared(6);
    server.ok();
    await elsewhere;
    const back = execute(connection, 'a');
    expect(await next(server)).toEqual(['close', 5]);
    expect(await next(server)).toEqual(['prepare', 'SELECT a FROM t']);
    expect(await next(server)).toEqual(['execute', 7]);
    server.prepared(7);
    server.ok();
    await back;
  });
});
