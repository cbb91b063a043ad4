import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { INITIAL_VARIABLES, withVariables } from '../session/session-variables.ts';
import { SERVER_STATUS } from '../../wire/server-status.ts';
import type { SessionChanges } from '../../wire/session-changes.ts';
import { RecordingSink } from './testing/recording-sink.ts';
import { scriptedConnection } from './testing/scripted-server.ts';

const signal = new AbortController().signal;
const select = Buffer.from('SELECT a');

describe('ServerConnection.query', () => {
  it('hands rows on as they came, and tells how the answer ended', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    const outcome = connection.query(select, sink, {}, signal);
    expect(await server.statement()).toBe('SELECT a');
    server.columns('a', 'b');
    server.row('1', null);
    server.row('two', 'zwei');
    server.endRows({ warnings: 3 });
    expect(await outcome).toMatchObject({ error: undefined, results: 1, completion: { warnings: 3 } });
    expect(sink.events).toEqual(['columns 2', 'rows 2', 'end']);
    expect(sink.rowPayloads.map((row) => row.toString('hex'))).toEqual(['0131fb', '0374776f047a776569']);
  });

  it('reads results until the last', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    const outcome = connection.query(select, sink, {}, signal);
    await server.statement();
    const more = SERVER_STATUS.moreResults | SERVER_STATUS.autocommit;
    server.ok({ status: more });
    server.columns('a');
    server.endRows({ status: more });
    server.ok({ affectedRows: 5n });
    expect(await outcome).toMatchObject({ results: 3, completion: { affectedRows: 5n } });
    expect(sink.events).toEqual(['ok', 'columns 1', 'end', 'ok']);
  });

  it('tells an error in the middle of rows', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    const outcome = connection.query(select, sink, {}, signal);
    await server.statement();
    server.columns('a');
    server.row('1');
    server.error(1317, 'interrupted');
    expect(await outcome).toMatchObject({ error: { errno: 1317 }, inPrelude: false, completion: undefined });
    expect(sink.events).toEqual(['columns 1', 'rows 1', 'error 1317']);
    expect(connection.failure).toBeUndefined();
  });

  it('takes a row that begins with the bytes of an end or an error for what it is', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    const outcome = connection.query(select, sink, {}, signal);
    await server.statement();
    server.columns('a');
    // A value of 16 MiB and more: its length begins with 0xFE, and its row's first frame is full.
    const long = 'x'.repeat(1 << 24);
    server.row(long);
    server.row('short');
    server.endRows();
    await outcome;
    expect(sink.events.filter((event) => event.startsWith('rows')).length).toBeGreaterThan(0);
    expect(sink.rowPayloads).toHaveLength(3);
    expect(Buffer.concat(sink.rowPayloads).length).toBe(9 + long.length + 6);
  });

  it('reads no further when the sink has enough, until it has room again', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    sink.room = 1;
    const outcome = connection.query(select, sink, {}, signal);
    await server.statement();
    server.columns('a');
    server.row('1');
    await tick();
    await tick();
    expect(sink.rowPayloads).toHaveLength(1);
    server.row('2');
    server.endRows();
    await tick();
    await tick();
    expect(sink.rowPayloads).toHaveLength(1);
    sink.room = Infinity;
    sink.drain?.();
    await outcome;
    expect(sink.rowPayloads).toHaveLength(2);
  });

  it('gives the connection up when the sink fails, and says that the statement was executed', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    sink.columns = () => {
      throw new Error('the client is gone');
    };
    const outcome = connection.query(select, sink, {}, signal);
    await server.statement();
    server.columns('a');
    await expect(outcome).rejects.toMatchObject({ code: 'Aborted', execution: 'Answered' });
    expect(connection.failure?.code).toBe('Aborted');
  });

  it('sends a file that the server asks for, and the empty packet behind it', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    sink.file = (async function* file() {
      yield await Promise.resolve(Buffer.from('1,2\n'));
      yield Buffer.from('3,4\n');
    })();
    const outcome = connection.query(Buffer.from('LOAD DATA LOCAL'), sink, {}, signal);
    await server.statement();
    server.channel.send(Buffer.from('\u{fb}data.csv', 'latin1'));
    const pieces = [await server.command(), await server.command(), await server.command()];
    expect(pieces.map(String)).toEqual(['1,2\n', '3,4\n', '']);
    server.ok({ affectedRows: 2n });
    expect(await outcome).toMatchObject({ completion: { affectedRows: 2n } });
    expect(sink.events).toEqual(['file data.csv', 'ok']);
  });

  it('ends the connection when the file breaks off, so that the server does not keep half of it', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    sink.file = (async function* file() {
      yield await Promise.resolve(Buffer.from('1,2\n'));
      throw new Error('the client is gone');
    })();
    const outcome = connection.query(Buffer.from('LOAD DATA LOCAL'), sink, {}, signal);
    await server.statement();
    server.channel.send(Buffer.from('\u{fb}data.csv', 'latin1'));
    await expect(outcome).rejects.toMatchObject({ code: 'Aborted', execution: 'Answered' });
  });
});

describe('the prelude', () => {
  it('travels in the packet of the statement, and its results are nobody else’s', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    const variables = withVariables(INITIAL_VARIABLES, [['sql_mode', "''"]]);
    const outcome = connection.query(
      select,
      sink,
      { database: 'app_s0001', variables, first: ['START TRANSACTION'] },
      signal,
    );
    expect(await server.statement()).toBe(
      "SET SESSION sql_mode='';USE `app_s0001`;START TRANSACTION;SELECT a",
    );
    const more = SERVER_STATUS.moreResults;
    server.ok({ status: more, changes: { systemVariables: new Map([['sql_mode', '']]) } });
    server.ok({ status: more, changes: { schema: 'app_s0001' } });
    server.ok({ status: more | SERVER_STATUS.inTransaction });
    server.ok({ status: SERVER_STATUS.inTransaction, affectedRows: 1n });
    expect(await outcome).toMatchObject({ results: 1, changes: [], inPrelude: false });
    expect(sink.events).toEqual(['ok']);
    expect(connection.database).toBe('app_s0001');
    expect(connection.variables).toBe(variables);
    expect(connection.isClean).toBe(false);
  });

  it('is not sent again for what is so already', async () => {
    const { connection, server } = scriptedConnection();
    const first = connection.put({ database: 'app_s0001' }, signal);
    expect(await server.statement()).toBe('USE `app_s0001`;');
    server.ok();
    await first;
    void connection.query(select, new RecordingSink(), { database: 'app_s0001' }, signal);
    expect(await server.statement()).toBe('SELECT a');
  });

  it('that fails is an outcome of its own: the statement was not executed', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    const outcome = connection.query(select, sink, { database: 'gone' }, signal);
    await server.statement();
    server.error(1049, 'Unknown database');
    expect(await outcome).toMatchObject({ error: { errno: 1049 }, inPrelude: true, results: 0 });
    expect(sink.events).toEqual([]);
    expect(connection.database).toBeNull();
    expect(connection.isClean).toBe(true);
  });

  it('whose variables failed leaves a connection that must be reset', async () => {
    const { connection, server } = scriptedConnection();
    const variables = withVariables(INITIAL_VARIABLES, [['time_zone', "'Nowhere'"]]);
    const outcome = connection.query(select, new RecordingSink(), { variables }, signal);
    await server.statement();
    server.error(1298, 'Unknown or incorrect time zone');
    await outcome;
    expect(connection.isClean).toBe(false);
    const again = connection.query(select, new RecordingSink(), { variables: INITIAL_VARIABLES }, signal);
    expect(await server.statement()).toBe('SELECT a');
    server.ok();
    await again;
    expect(connection.isClean).toBe(false);
  });

  it('that ends the answer before the statement breaks the connection', async () => {
    const { connection, server } = scriptedConnection();
    const outcome = connection.query(
      select,
      new RecordingSink(),
      { database: 'app', first: ['BEGIN'] },
      signal,
    );
    await server.statement();
    server.ok();
    await expect(outcome).rejects.toMatchObject({ code: 'ProtocolViolation', execution: 'Answered' });
  });
});

describe('what the server reports of the session', () => {
  it('is followed: database, transaction', async () => {
    const { connection, server } = scriptedConnection();
    const outcome = connection.query(Buffer.from('USE b'), new RecordingSink(), {}, signal);
    await server.statement();
    server.ok({ status: SERVER_STATUS.inTransaction, changes: { schema: 'b' } });
    await outcome;
    expect([connection.database, connection.isClean]).toEqual(['b', false]);
  });

  it('makes variables unaccounted for until they are noted', async () => {
    const { connection, server } = scriptedConnection();
    const outcome = connection.query(Buffer.from('SET unique_checks=0'), new RecordingSink(), {}, signal);
    await server.statement();
    server.ok({ changes: { systemVariables: new Map([['foreign_key_checks', 'OFF']]) } });
    await outcome;
    expect(connection.isClean).toBe(false);
    expect(connection.variables.key).toBe('');
    const state = withVariables(INITIAL_VARIABLES, [['unique_checks', '0']]);
    connection.noteVariables(state);
    expect([connection.isClean, connection.variables]).toEqual([true, state]);
  });

  it.each([
    ['locked tables', { transactionState: '_______L' }, { transactionState: '________' }],
    [
      'what the next transaction is to be like',
      { transactionCharacteristics: 'SET TRANSACTION READ ONLY;' },
      { transactionCharacteristics: '' },
    ],
  ])('tells of %s, which nobody else may get', async (_case, before, after) => {
    const { connection, server } = scriptedConnection();
    const run = async (changes: SessionChanges): Promise<boolean> => {
      const outcome = connection.query(select, new RecordingSink(), {}, signal);
      await server.statement();
      server.ok({ changes });
      await outcome;
      return connection.isClean;
    };
    expect([await run(before), await run(after)]).toEqual([false, true]);
  });

  it('has the position of the last commit, which is no change of variables', async () => {
    const { connection, server } = scriptedConnection();
    const outcome = connection.query(Buffer.from('INSERT'), new RecordingSink(), {}, signal);
    await server.statement();
    server.ok({ changes: { systemVariables: new Map([['last_gtid', '0-1-7']]) } });
    expect((await outcome).lastGtid).toBe('0-1-7');
    expect(connection.isClean).toBe(true);
  });
});
