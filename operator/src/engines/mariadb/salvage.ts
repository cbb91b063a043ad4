/**
 * Applying, after a restart, what a replica had received and not applied. To start replication instead would
 * discard it, and its primary, which told clients that it is safe, may be dead.
 */
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../engine-error.ts';
import { programEnd, type StartProgram } from '../programs.ts';
import type { Position } from '../position.ts';
import type { Row } from './connection.ts';
import { mariadbPositions, mergeGtidLists, toPosition, type GtidList } from './gtid.ts';
import { RELAY_LOG_NAME, type Layout } from './layout.ts';
import { listLogFiles } from './log-files.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import type { ServerFacts } from './server-facts.ts';
import { numberOf } from './slave-status.ts';

/** See Roles.salvage. */
export async function salvage(
  server: ServerAccess,
  layout: Layout,
  start: StartProgram,
  signal: AbortSignal,
): Promise<Position> {
  const before = await server.facts(signal);
  const held = heldOf(before);
  let failure: unknown;
  const received = server.received(before);
  if (received.kind === 'unknown') {
    throw new EngineError('Refused', `what was received is unknown: ${received.reason}`);
  }
  if (before.slave !== undefined && isAhead(received.value, held)) {
    if (before.slave.receiving.kind === 'running' || before.slave.applying.kind === 'running') {
      throw new EngineError('Refused', 'replication runs: what was received is being applied');
    }
    await withLargePackets(server, signal, () => replay(layout, start, held, signal)).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        // mariadb-binlog fails at the torn end that a killed server leaves; what is applied then decides.
        failure = error;
      },
    );
  }
  return adoptPosition(server, received.value, failure, signal);
}

/** What is in the tables: replicated, or salvaged by a run that ended before it could adopt the position. */
function heldOf({ slavePosition, binaryLogPosition }: ServerFacts): GtidList {
  return mergeGtidLists(slavePosition, binaryLogPosition);
}

function isAhead(left: GtidList, right: GtidList): boolean {
  return !mariadbPositions.covers(toPosition(right), toPosition(left));
}

/** As much as the protocol allows. */
const LARGEST_PACKET_BYTES = 1 << 30;

/**
 * Lets statements be as large as they may be: a row is replayed as text, which takes a third more than the packet
 * that it once came in and that was as large as the server's setting allowed.
 */
async function withLargePackets(
  server: ServerAccess,
  signal: AbortSignal,
  action: () => Promise<void>,
): Promise<void> {
  const setting = 'SET GLOBAL max_allowed_packet = ?';
  const run = (sql: string, values: readonly number[], signal: AbortSignal): Promise<readonly Row[]> =>
    server.run('allow large packets', sql, values, STATEMENT_TIMEOUT_MILLISECONDS, signal);
  const [row = {}] = await run('SELECT @@global.max_allowed_packet AS bytes', [], signal);
  await run(setting, [LARGEST_PACKET_BYTES], signal);
  try {
    await action();
  } finally {
    await run(setting, [numberOf(row, 'bytes')], new AbortController().signal);
  }
}

/** Feeds the relay logs after a position through the client, with their own GTIDs. */
async function replay(
  layout: Layout,
  start: StartProgram,
  after: GtidList,
  signal: AbortSignal,
): Promise<void> {
  const files = await listLogFiles(layout.data, RELAY_LOG_NAME);
  const readCall = {
    program: 'mariadb-binlog',
    arguments: [
      '--no-defaults',
      ...(after.size === 0 ? [] : [`--start-position=${toPosition(after)}`]),
      ...files.map(({ path }) => path),
    ],
  };
  const writeCall = {
    program: 'mariadb',
    arguments: [
      `--defaults-file=${layout.clientConfiguration}`,
      '--batch',
      '--binary-mode',
      `--max-allowed-packet=${LARGEST_PACKET_BYTES}`,
    ],
  };
  const reader = start(readCall);
  const writer = start(writeCall);
  reader.stdin.end();
  writer.stdout.resume();
  const scope = new AbortController();
  const stop = AbortSignal.any([signal, scope.signal]);
  const written = programEnd(writeCall, writer, stop);
  // A writer that fails ends the reader, or its full pipe would keep it for ever. A reader that fails ends the
  // writer's input only: what it has passed on until then is to be applied.
  written.catch((error: unknown) => scope.abort(error));
  const [read, , applied] = await Promise.allSettled([
    programEnd(readCall, reader, stop),
    pipeline(reader.stdout, writer.stdin),
    written,
  ]);
  for (const outcome of [applied, read]) {
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  }
}

/**
 * Checks that all is applied and makes replication go on behind it: the transactions went into the binary log, but
 * the position of a replica does not move by itself.
 */
async function adoptPosition(
  server: ServerAccess,
  received: GtidList,
  failure: unknown,
  signal: AbortSignal,
): Promise<Position> {
  const after = await server.facts(signal);
  const held = heldOf(after);
  if (isAhead(received, held)) {
    throw new EngineError(
      'ReceivedNotApplied',
      `received ${toPosition(received)}, and only ${toPosition(held)} could be applied`,
      { cause: failure },
    );
  }
  if (after.slave !== undefined && isAhead(after.binaryLogPosition, after.slavePosition)) {
    if (after.slave.receiving.kind !== 'running' && after.slave.applying.kind !== 'running') {
      await server.run(
        'adopt the salvaged position',
        'SET GLOBAL gtid_slave_pos = ?',
        [toPosition(held)],
        STATEMENT_TIMEOUT_MILLISECONDS,
        signal,
      );
    }
  }
  return toPosition(held);
}
