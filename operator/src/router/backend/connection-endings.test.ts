import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { INITIAL_VARIABLES, withVariables } from '../session/session-variables.ts';
import { BackendError } from './backend-error.ts';
import { RecordingSink } from './testing/recording-sink.ts';
import { scriptedConnection } from './testing/scripted-server.ts';

const signal = new AbortController().signal;
const select = Buffer.from('SELECT a');

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
