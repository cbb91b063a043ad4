import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endsStatement, EVENT_TYPE, eventType, holdsRows, readTableMap, tableId } from './binlog-event.ts';
import { EventFilter, type FinishedGroup, type ReplayStep } from './event-filter.ts';
import { type ReplayStatement, replayStatements } from './replay-statements.ts';
import {
  commitEvent,
  contentOf,
  gtidEvent,
  logEvent,
  queryEvent,
  rowsEvent,
  tableMapEvent,
  xaGtidEvent,
} from './testing/log-events.ts';

const FOLLOWED = ['app_s0001', 'app_s0002'];

function filterOf(databases: readonly string[] = FOLLOWED): EventFilter {
  return new EventFilter(
    () => databases,
    (database) => databases.includes(database),
  );
}

function takeAll(filter: EventFilter, events: readonly Buffer[]): readonly FinishedGroup[] {
  return events.map((event) => filter.take(event)).filter((group) => group !== undefined);
}

/** What rows the steps hold, by database. */
function contents(steps: readonly ReplayStep[]): readonly string[] {
  return steps.flatMap((step) =>
    step.kind === 'rows'
      ? step.rows.map(({ database, event }) => `${database}: ${contentOf(event)}`)
      : [step.kind],
  );
}

/** The events within BINLOG statements, decoded. */
function binlogEvents(text: Buffer): readonly Buffer[] {
  const bytes = Buffer.from(text.subarray("BINLOG '".length, -1).toString('latin1'), 'base64');
  const events: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at + 9)) {
    events.push(bytes.subarray(at, at + bytes.readUInt32LE(at + 9)));
  }
  return events;
}

/** What a server would make of a statement; throws where it would lose rows, or keep tables open. */
function rowsWithin({ text, databases }: ReplayStatement): readonly string[] {
  const rows: string[] = [];
  const maps = new Map<number, string>();
  let isOpen = false;
  for (const event of binlogEvents(text)) {
    if (eventType(event) === EVENT_TYPE.tableMap && !isOpen) {
      maps.set(tableId(event), readTableMap(event).schema);
      continue;
    }
    const database = maps.get(tableId(event));
    if (!holdsRows(eventType(event)) || database === undefined || !databases.has(database)) {
      throw new Error('rows without a map, or a map behind rows');
    }
    rows.push(`${database}: ${contentOf(event)}`);
    isOpen = !endsStatement(event);
    if (!isOpen) {
      maps.clear();
    }
  }
  if (isOpen) {
    throw new Error('the last rows do not end their statement');
  }
  return rows;
}

describe('EventFilter', () => {
  it('hands out the rows of followed databases, in order, and nothing of others', () => {
    const [group] = takeAll(filterOf(), [
      gtidEvent(7),
      tableMapEvent(1, 'app_s0001', 't'),
      tableMapEvent(2, 'other', 't'),
      rowsEvent(1, false, 'a'),
      rowsEvent(2, false, 'b'),
      rowsEvent(1, true, 'c'),
      tableMapEvent(2, 'other', 't'),
      rowsEvent(2, true, 'd'),
      commitEvent(),
    ]);
    expect(group).toMatchObject({ commits: true, gtid: { sequence: 7n, server: 11 } });
    expect(contents(group?.steps ?? [])).toEqual(['app_s0001: a', 'app_s0001: c']);
  });

  it('ends a statement whose last rows were of another database', () => {
    const [group] = takeAll(filterOf(), [
      gtidEvent(7),
      tableMapEvent(1, 'app_s0001', 't'),
      tableMapEvent(2, 'other', 't'),
      rowsEvent(1, false, 'a'),
      rowsEvent(2, true, 'b'),
      commitEvent(),
    ]);
    const [statement] = replayStatements(group?.steps ?? [], { bytes: 1000, apart: false });
    const events = binlogEvents(statement?.text ?? Buffer.alloc(0));
    expect(events.map(eventType)).toEqual([EVENT_TYPE.tableMap, EVENT_TYPE.writeRows]);
    expect(endsStatement(events[1] ?? Buffer.alloc(0))).toBe(true);
  });

  it('asks for each transaction whether it is wanted', () => {
    const filter = new EventFilter(
      () => FOLLOWED,
      (database, { sequence }) => database === 'app_s0001' && sequence > 5n,
    );
    const groups = [5, 6].flatMap((sequence) =>
      takeAll(filter, [
        gtidEvent(sequence),
        tableMapEvent(1, 'app_s0001', 't'),
        rowsEvent(1, true, 'a'),
        commitEvent(),
      ]),
    );
    expect(groups.map(({ steps }) => steps.length)).toEqual([0, 1]);
  });

  it('keeps savepoints, and what was undone behind them', () => {
    const [group] = takeAll(filterOf(), [
      gtidEvent(7),
      tableMapEvent(1, 'app_s0001', 't'),
      rowsEvent(1, true, 'a'),
      queryEvent('app_s0001', 'SAVEPOINT `x`'),
      tableMapEvent(1, 'app_s0001', 't'),
      rowsEvent(1, true, 'b'),
      queryEvent('app_s0001', 'ROLLBACK TO `X`'),
      commitEvent(),
    ]);
    const texts = [...replayStatements(group?.steps ?? [], { bytes: 1000, apart: false })].map(({ text }) =>
      text.toString('latin1').replace(/^BINLOG.*/, 'rows'),
    );
    expect(texts).toEqual(['rows', 'SAVEPOINT `x`', 'rows', 'ROLLBACK TO SAVEPOINT `x`']);
  });

  it('tells a group that was undone', () => {
    const [group] = takeAll(filterOf(), [
      gtidEvent(7),
      tableMapEvent(1, 'app_s0001', 't'),
      rowsEvent(1, true, 'a'),
      queryEvent('app_s0001', 'ROLLBACK'),
    ]);
    expect(group?.commits).toBe(false);
  });

  it.each([
    [
      'a definition',
      [gtidEvent(7, { flags: 1 }), queryEvent('app_s0001', 'ALTER TABLE t ADD b INT')],
      'ALTER TABLE',
    ],
    [
      'a definition from elsewhere',
      [gtidEvent(7, { flags: 1 }), queryEvent('', 'DROP TABLE app_s0001.t', { compressed: true })],
      'DROP TABLE',
    ],
    [
      'rows that were logged as a statement',
      [gtidEvent(7), queryEvent('app_s0001', 'UPDATE t SET a = 1'), commitEvent()],
      'UPDATE T',
    ],
    [
      'a table with its rows',
      [
        gtidEvent(7),
        queryEvent('app_s0001', 'CREATE TABLE `c` (a INT)'),
        tableMapEvent(1, 'app_s0001', 'c'),
        rowsEvent(1, true, 'a'),
        commitEvent(),
      ],
      'CREATE TABLE',
    ],
    [
      'a prepared XA transaction',
      [
        xaGtidEvent(7, 0x40, 1),
        tableMapEvent(1, 'app_s0001', 't'),
        rowsEvent(1, true, 'a'),
        queryEvent('', "XA END X'01',X'',1"),
        logEvent(EVENT_TYPE.xaPrepare, Buffer.alloc(10)),
      ],
      'XA PREPARE',
    ],
  ])('tells of %s, and hands out nothing of that database', (_what, events, words) => {
    const [group] = takeAll(filterOf(), events);
    expect([...(group?.changed ?? [])]).toEqual([['app_s0001', words]]);
    expect(group?.steps).toEqual([]);
  });

  it('goes on with the other databases of a transaction in which one was changed', () => {
    const [group] = takeAll(filterOf(), [
      gtidEvent(7),
      tableMapEvent(1, 'app_s0001', 't'),
      tableMapEvent(2, 'app_s0002', 't'),
      rowsEvent(1, false, 'a'),
      rowsEvent(2, true, 'b'),
      queryEvent('app_s0001', 'UPDATE t SET a = 1'),
      tableMapEvent(1, 'app_s0001', 't'),
      rowsEvent(1, true, 'c'),
      commitEvent(),
    ]);
    expect([...(group?.changed.keys() ?? [])]).toEqual(['app_s0001']);
    expect(contents(group?.steps ?? [])).toEqual(['app_s0002: b']);
  });

  it('stops everything when an XA transaction commits that nobody has seen being prepared', () => {
    const commit = [xaGtidEvent(9, 0x81, 1), queryEvent('', "XA COMMIT X'01',X'',1")];
    const prepare = [
      xaGtidEvent(8, 0x40, 1),
      tableMapEvent(1, 'other', 't'),
      rowsEvent(1, true, 'a'),
      logEvent(EVENT_TYPE.xaPrepare, Buffer.alloc(10)),
    ];
    expect([...(takeAll(filterOf(), commit)[0]?.changed.keys() ?? [])]).toEqual(FOLLOWED);
    expect(takeAll(filterOf(), [...prepare, ...commit]).map(({ changed }) => changed.size)).toEqual([0, 0]);
    const rollback = [xaGtidEvent(9, 0x81, 1), queryEvent('', "XA ROLLBACK X'01',X'',1")];
    expect(takeAll(filterOf(), rollback)[0]?.changed.size).toBe(0);
  });

  it('refuses what it does not know, unless that may be left out', () => {
    const unknown = (flags: number) => [
      gtidEvent(7),
      logEvent(180, Buffer.alloc(4), { flags }),
      commitEvent(),
    ];
    expect(takeAll(filterOf(), unknown(0x80))).toHaveLength(1);
    expect(() => takeAll(filterOf(), unknown(0))).toThrow(
      expect.objectContaining({ code: 'UnreadableFiles' }),
    );
    const incident = [gtidEvent(7), logEvent(EVENT_TYPE.incident, Buffer.alloc(4))];
    expect(() => takeAll(filterOf(), incident)).toThrow(expect.objectContaining({ code: 'PositionLost' }));
  });

  it('forgets a group that a crash of its server has cut off', () => {
    const filter = filterOf();
    const groups = takeAll(filter, [
      gtidEvent(7),
      tableMapEvent(1, 'app_s0001', 't'),
      rowsEvent(1, false, 'lost'),
      gtidEvent(7),
      tableMapEvent(1, 'app_s0001', 't'),
      rowsEvent(1, true, 'a'),
      commitEvent(),
    ]);
    expect(groups.flatMap(({ steps }) => contents(steps))).toEqual(['app_s0001: a']);
  });

  /** One statement of a source: tables it maps, and the order in which their rows come. */
  const statement = fc.record({
    tables: fc.uniqueArray(fc.constantFrom('app_s0001', 'app_s0002', 'other', 'app_s0003'), { minLength: 1 }),
    rows: fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
    late: fc.boolean(),
  });

  it('makes statements that are whole in themselves, whatever is cut and left out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(statement, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (transactions, bytes, takeEvery, apart) => {
          let number = 0;
          const expected: string[] = [];
          const events: Buffer[] = [];
          for (const [index, statements] of transactions.entries()) {
            events.push(gtidEvent(index + 1));
            for (const { tables, rows, late } of statements) {
              const maps = tables.map((database, id) => tableMapEvent(id + 1, database, 't'));
              events.push(...maps.slice(0, late ? -1 : undefined));
              for (const [at, choice] of rows.entries()) {
                if (late && at === rows.length - 1) {
                  events.push(...maps.slice(-1));
                }
                const known = late && at < rows.length - 1 ? tables.length - 1 : tables.length;
                const id = known === 0 ? 0 : choice % known;
                number += 1;
                events.push(rowsEvent(id + 1, at === rows.length - 1, `row ${number}`));
                const database = tables[id] as string;
                if (FOLLOWED.includes(database) && (known > 0 || !late)) {
                  expected.push(`${database}: row ${number}`);
                }
              }
            }
            events.push(commitEvent());
          }

          const filter = filterOf();
          const steps: ReplayStep[] = [];
          for (const [index, event] of events.entries()) {
            steps.push(...(filter.take(event)?.steps ?? []));
            if (index % takeEvery === 0) {
              steps.push(...filter.takeSteps());
            }
          }
          const replayed = [...replayStatements(steps, { bytes, apart })].flatMap(rowsWithin);
          expect(replayed).toEqual(expected);
        },
      ),
    );
  });
});
