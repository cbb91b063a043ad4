import { describe, expect, it } from '@jest/globals';
import {
  endsStatement,
  endStatement,
  EVENT_TYPE,
  eventType,
  formatIdentity,
  holdsRows,
  isIgnorable,
  readGroupStart,
  readStatement,
  readTableMap,
  tableId,
} from './binlog-event.ts';
import {
  formatEvent,
  gtidEvent,
  logEvent,
  queryEvent,
  rowsEvent,
  tableMapEvent,
} from './testing/log-events.ts';
import { RECORDED } from './testing/recorded-events.ts';

describe.each(RECORDED)('events that MariaDB $version has logged', ({ events }) => {
  it('tell the transaction, and what kind of a group it begins', () => {
    expect(readGroupStart(events.gtid)).toEqual({
      gtid: { domain: 0, server: 1, sequence: 8n },
      standalone: false,
      xa: null,
    });
    expect(readGroupStart(events.standaloneGtid)).toMatchObject({ standalone: true, xa: null });
    expect(readGroupStart(events.preparedGtid)).toMatchObject({ xa: { kind: 'prepared' } });
    expect(readGroupStart(events.completedGtid)).toMatchObject({
      standalone: true,
      xa: { kind: 'completed' },
    });
    expect(readGroupStart(events.completedGtid).xa?.id).toBe(readGroupStart(events.preparedGtid).xa?.id);
  });

  it('tell the table of rows', () => {
    expect(readTableMap(events.tableMap)).toEqual({ schema: 's1', table: 't' });
    expect(holdsRows(eventType(events.rows))).toBe(true);
    expect(holdsRows(eventType(events.compressedRows))).toBe(true);
    expect(tableId(events.rows)).toBe(tableId(events.tableMap));
    expect(endsStatement(events.rows)).toBe(true);
  });

  it('tell a statement, compressed or not', () => {
    expect(readStatement(events.query)).toEqual({ database: 's1', text: Buffer.from('SAVEPOINT `x`') });
    const { database, text } = readStatement(events.compressedQuery);
    expect(database).toBe('');
    expect(text.toString()).toMatch(/^create table s1\.w{60}\(a int comment 'z{900}'\)$/);
  });
});

describe('events', () => {
  it('end their statement when they are told to', () => {
    const rows = rowsEvent(300, false, 'row');
    expect([tableId(rows), endsStatement(rows)]).toEqual([300, false]);
    endStatement(rows);
    expect(endsStatement(rows)).toBe(true);
    expect(rows.equals(rowsEvent(300, true, 'row'))).toBe(true);
  });

  it('know a table by its number of six bytes', () => {
    const map = tableMapEvent(0, 'a', 'b');
    map.writeUIntLE(2 ** 40 + 5, 19, 6);
    expect(tableId(map)).toBe(2 ** 40 + 5);
  });

  it('are ignorable by a bit of their own', () => {
    expect(isIgnorable(logEvent(200, Buffer.alloc(0), { flags: 0x80 }))).toBe(true);
    expect(isIgnorable(gtidEvent(1))).toBe(false);
  });

  it('have a format that does not depend on when the file began', () => {
    expect(formatIdentity(formatEvent({ created: 5 }))).toBe(formatIdentity(formatEvent({ created: 9 })));
    expect(formatIdentity(formatEvent({ version: '11.8.6-MariaDB' }))).not.toBe(
      formatIdentity(formatEvent()),
    );
  });

  it('with a damaged compressed statement are refused', () => {
    const event = queryEvent('', 'CREATE TABLE t (a int)', { compressed: true });
    event.fill(0, event.length - 8);
    expect(eventType(event)).toBe(EVENT_TYPE.compressedQuery);
    expect(() => readStatement(event)).toThrow(expect.objectContaining({ code: 'UnreadableFiles' }));
  });
});
