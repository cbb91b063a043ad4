/** The log of changes of another server, as it is written. */
import type { Clock } from '../../../runtime/clock.ts';
import { COMMAND } from '../../../wire/command-code.ts';
import { PayloadWriter } from '../../../wire/payload-writer.ts';
import { EngineError } from '../../engine-error.ts';
import { formatGtidList, type GtidList, parseGtidList } from '../gtid.ts';
import { ArrivalQueue, type BinlogStream } from './arrival-queue.ts';
import { type WireLogin, WireSession } from './wire-session.ts';

/** What to read, and how to get there. */
export interface BinlogStreamOptions {
  /** An account with REPLICATION SLAVE. Its session begins in a way of its own. */
  readonly login: WireLogin;
  /** Everything behind it is sent. */
  readonly after: GtidList;
  /** Of nobody else who reads from that server, or one cuts the other off. */
  readonly serverId: number;
  readonly clock: Clock;
}

/** A server that writes nothing says so this often; silence of three times as long means that it is gone. */
const HEARTBEAT_MILLISECONDS = 500;
const SILENCE_MILLISECONDS = 3 * HEARTBEAT_MILLISECONDS;
/** Before 11.4 a server reads a file of its log, of 256 MiB, from its beginning to find a position in it. */
const SEARCH_MILLISECONDS = 30_000;
/** A reader that is held up makes the server wait: so many seconds, instead of a minute. */
const SERVER_PATIENCE_SECONDS = 24 * 3600;
/** Position in a log file, which counts for nothing where a GTID is given, and may not be less. */
const FIRST_EVENT_AT = 4;

/**
 * Begins to read a server's log behind a position. EngineError `SourceLost` where the server cannot be reached or is behind
 * that position itself; what only the log shows, such as `PositionLost`, comes with the first arrivals.
 */
export async function openBinlogStream(
  { login, after, serverId, clock }: BinlogStreamOptions,
  signal: AbortSignal,
): Promise<BinlogStream> {
  const position = formatGtidList(after);
  const start = [
    `SET SESSION net_write_timeout = ${SERVER_PATIENCE_SECONDS}`,
    `@master_heartbeat_period = ${HEARTBEAT_MILLISECONDS * 1_000_000}`,
    // Says that we know checksums, without which a log that has them is not sent.
    '@master_binlog_checksum = @@global.binlog_checksum',
    '@mariadb_slave_capability = 4',
    `@slave_connect_state = '${position}'`,
    '@slave_gtid_strict_mode = 0',
    '@slave_gtid_ignore_duplicates = 0',
  ].join(', ');
  const session = await WireSession.open(
    { ...login, sessionStart: Buffer.from(start) },
    'SourceLost',
    signal,
  );
  try {
    const [row = []] = await session.select('read its position', 'SELECT @@global.gtid_binlog_pos', signal);
    requireReached(login.server.pod, parseGtidList(row[0] ?? ''), after);
  } catch (error) {
    session.close();
    throw error;
  }
  const command = new PayloadWriter(16)
    .uint8(COMMAND.binlogDump)
    .uint32(FIRST_EVENT_AT)
    .uint16(0)
    .uint32(serverId)
    .finish();
  return new ArrivalQueue(session.handOver(command), {
    server: login.server.pod,
    clock,
    silenceMilliseconds: SILENCE_MILLISECONDS,
    searchMilliseconds: SEARCH_MILLISECONDS,
  });
}

/** A server that is behind would say what one with another history says. */
function requireReached(server: string, held: GtidList, after: GtidList): void {
  for (const { domain, sequence } of after.values()) {
    if ((held.get(domain)?.sequence ?? 0n) < sequence) {
      throw new EngineError(
        'SourceLost',
        `${server} has only ${formatGtidList(held)}, and not yet ${formatGtidList(after)}`,
      );
    }
  }
}
