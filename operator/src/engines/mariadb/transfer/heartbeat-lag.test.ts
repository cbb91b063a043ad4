import { describe, expect, it } from '@jest/globals';
import { EVENT_TYPE } from './binlog-event.ts';
import { HeartbeatWatch } from './heartbeat-lag.ts';
import { commitEvent, rowsEvent, tableMapEvent } from './testing/log-events.ts';
import { RECORDED } from './testing/recorded-events.ts';

/** Three columns TINYINT, BIGINT, DATETIME(6), one byte about them, and which may be NULL. */
const COLUMNS = Buffer.from([3, 1, 8, 18, 1, 6, 0]);

/** A row as it is logged: which columns are NULL, 1, 5, and the time. */
function row(datetime: string): Buffer {
  return Buffer.concat([Buffer.from([0xf8, 1, 5, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(datetime, 'hex')]);
}

/** 2026-11-23 05:46:07.250001 */
const TIME = '99bb6e5b8703d091';

describe('HeartbeatWatch', () => {
  it.each(RECORDED)('reads the time of a heartbeat of MariaDB $version to the microsecond', ({ events }) => {
    const watch = new HeartbeatWatch();
    expect(watch.take(events.heartbeatMap)).toBeUndefined();
    expect(watch.take(events.heartbeatRows)).toBe(Date.UTC(2026, 10, 23, 5, 46, 7, 250) + 0.001);
  });

  it('knows of other rows only the second in which their transaction ended', () => {
    const watch = new HeartbeatWatch();
    watch.take(tableMapEvent(9, 'app', 'heartbeat', COLUMNS));
    expect(watch.take(rowsEvent(9, true, row(TIME), EVENT_TYPE.updateRows))).toBeUndefined();
    expect(watch.take(commitEvent(1000))).toBe(1_001_000);
  });

  it('does not take a heartbeat of another shape for one', () => {
    const watch = new HeartbeatWatch();
    watch.take(tableMapEvent(9, 'shardwright', 'heartbeat', Buffer.from([2, 1, 8, 0, 0])));
    expect(watch.take(rowsEvent(9, true, row(TIME), EVENT_TYPE.updateRows))).toBeUndefined();
  });
});
