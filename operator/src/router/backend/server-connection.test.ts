import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { INITIAL_VARIABLES, withVariables } from '../session/session-variables.ts';
import { SERVER_STATUS } from '../wire/server-status.ts';
import type { SessionChanges } from '../wire/session-changes.ts';
import { BackendError } from './backend-error.ts';
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

describe('the order of requests', () => {
  it('is that of the calls, one at a time', async () => {
    const { connection, server } = scriptedConnection();
    const sinks = [new RecordingSink(), new RecordingSink()];
    const outcomes = sinks.map((sink, index) =>
      connection.query(Buffer.from(`SELECT ${index}`), sink, {}, signal),
    );
    expect(await server.statement()).toBe('SELECT 0');
    let second = false;
    const next = server.statement().then((text) => {
      second = true;
      return text;
    });
    await tick();
    expect(second).toBe(false);
    server.ok();
    expect(await next).toBe('SELECT 1');
    server.error(1146);
    expect((await Promise.all(outcomes)).map(({ error }) => error?.errno)).toEqual([undefined, 1146]);
  });
});

describe('a connection that ends', () => {
  it('tells what was not sent, not answered and answered', async () => {
    const { connection, server } = scriptedConnection();
    const sent = connection.query(select, new RecordingSink(), {}, signal);
    const waiting = connection.query(select, new RecordingSink(), {}, signal);
    await server.statement();
    server.channel.end();
    await expect(sent).rejects.toMatchObject({ code: 'ConnectionLost', execution: 'Unanswered' });
    await expect(waiting).rejects.toMatchObject({ code: 'ConnectionLost', execution: 'NotSent' });
    await expect(connection.query(select, new RecordingSink(), {}, signal)).rejects.toMatchObject({
      code: 'ConnectionLost',
      execution: 'NotSent',
    });
    expect((await connection.ended).code).toBe('ConnectionLost');
  });

  it('in the middle of rows was answered', async () => {
    const { connection, server } = scriptedConnection();
    const sink = new RecordingSink();
    const outcome = connection.query(select, sink, {}, signal);
    await server.statement();
    server.columns('a');
    server.row('1');
    server.channel.end();
    await expect(outcome).rejects.toMatchObject({ code: 'ConnectionLost', execution: 'Answered' });
    expect(sink.rowPayloads).toHaveLength(1);
  });

  it('has the last words of its server', async () => {
    const { connection, server } = scriptedConnection();
    server.error(1927, 'Connection was killed');
    server.channel.end();
    expect(await connection.ended).toMatchObject({ code: 'ConnectionLost', serverError: { errno: 1927 } });
  });

  it('by nonsense is a violation of the protocol', async () => {
    const { connection, server } = scriptedConnection();
    server.ok();
    expect((await connection.ended).code).toBe('ProtocolViolation');
  });
});

describe('an abort', () => {
  it('takes back what was not sent, and leaves the connection alone', async () => {
    const { connection, server, killer } = scriptedConnection();
    const abort = new AbortController();
    const first = connection.query(select, new RecordingSink(), {}, signal);
    const second = connection.query(select, new RecordingSink(), {}, abort.signal);
    abort.abort(new Error('bye'));
    await expect(second).rejects.toMatchObject({ code: 'Aborted', execution: 'NotSent' });
    await server.statement();
    server.ok();
    await first;
    expect([connection.failure, killer.asked]).toEqual([undefined, []]);
  });

  it('of what was sent ends the connection and kills it at the server', async () => {
    const { connection, server, killer } = scriptedConnection();
    const abort = new AbortController();
    const outcome = connection.query(select, new RecordingSink(), {}, abort.signal);
    await server.statement();
    abort.abort(new Error('bye'));
    await expect(outcome).rejects.toMatchObject({ code: 'Aborted', execution: 'Unanswered' });
    expect(killer.asked).toEqual(['CONNECTION 7']);
  });

  it('of a former request does nothing', async () => {
    const { connection, server } = scriptedConnection();
    const abort = new AbortController();
    const first = connection.query(select, new RecordingSink(), {}, abort.signal);
    await server.statement();
    server.ok();
    await first;
    abort.abort(new Error('bye'));
    expect(connection.failure).toBeUndefined();
    await expect(connection.query(select, new RecordingSink(), {}, abort.signal)).rejects.toMatchObject({
      execution: 'NotSent',
    });
  });
});

describe('ServerConnection.cancel', () => {
  it('lets no statement begin before the kill is known to be over, and takes it up in its place', async () => {
    const { connection, server, killer } = scriptedConnection();
    const gate = Promise.withResolvers<void>();
    killer.gate = gate.promise;
    const first = connection.query(select, new RecordingSink(), {}, signal);
    await server.statement();
    const cancelled = connection.cancel(signal);
    const second = connection.query(Buffer.from('SELECT b'), new RecordingSink(), {}, signal);
    server.ok();
    await first;
    const next = server.statement();
    await tick();
    gate.resolve();
    await cancelled;
    expect(await next).toBe('DO 0');
    server.error(1317);
    expect(await server.statement()).toBe('SELECT b');
    server.ok();
    expect((await second).error).toBeUndefined();
    expect(killer.asked).toEqual(['QUERY 7']);
  });

  it('of nothing does nothing', async () => {
    const { connection, killer } = scriptedConnection();
    await connection.cancel(signal);
    expect(killer.asked).toEqual([]);
  });
});

describe('ServerConnection.reset', () => {
  it('forgets variables and prepared statements, and begins the session as after a login', async () => {
    const { connection, server } = scriptedConnection();
    connection.noteVariables(withVariables(INITIAL_VARIABLES, [['@a', '1']]));
    const done = connection.reset(signal);
    expect(await server.command()).toEqual(Buffer.of(0x1f));
    server.ok();
    expect(await server.statement()).toMatch(/^SET NAMES utf8mb4,/);
    server.ok({ changes: { systemVariables: new Map([['time_zone', 'SYSTEM']]) } });
    await done;
    expect([connection.variables, connection.isClean]).toEqual([INITIAL_VARIABLES, true]);
  });

  it('that the server refuses ends the connection', async () => {
    const { connection, server } = scriptedConnection();
    const done = connection.reset(signal);
    await server.command();
    server.error(1047, 'Unknown command');
    await expect(done).rejects.toBeInstanceOf(BackendError);
    expect(connection.failure).toBeDefined();
  });
});

describe('ServerConnection.destroy', () => {
  it('takes leave where nothing is under way', async () => {
    const { connection, server, killer } = scriptedConnection();
    const leave = server.command();
    connection.destroy(new BackendError('Retired', 'old'));
    expect(await leave).toEqual(Buffer.of(0x01));
    expect((await connection.ended).code).toBe('Retired');
    expect(killer.asked).toEqual([]);
  });

  it('asks a server that left its role for nothing', async () => {
    const { connection, server, killer } = scriptedConnection();
    const outcome = connection.query(select, new RecordingSink(), {}, signal);
    await server.statement();
    connection.destroy(new BackendError('Retired', 'it is the primary no more'));
    await expect(outcome).rejects.toMatchObject({ code: 'Retired', execution: 'Unanswered' });
    expect(killer.asked).toEqual([]);
  });
});
