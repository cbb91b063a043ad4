/** Changing the role of a running server. The hazards named here lost acknowledged rows when they were ignored. */
import type { Acknowledgement } from '../boot.ts';
import { EngineError } from '../engine-error.ts';
import type { TlsFiles } from '../member.ts';
import type { HeldPositions, Source } from '../member-session.ts';
import type { Position } from '../position.ts';
import { compareGtidLists, mariadbPositions, toPosition, type GtidList } from './gtid.ts';
import { appliedOf } from './observe.ts';
import { OWN_SCHEMA } from './own-schema.ts';
import type { ServerAccess } from './server-access.ts';
import type { ServerFacts } from './server-facts.ts';
import { numberOf, type SlaveStatus } from './slave-status.ts';

/** For statements that only wait for the server itself. */
export const STATEMENT_TIMEOUT_MILLISECONDS = 10_000;
/** Stopping to receive logs in to the source to end its side: see slave_net_timeout in the owned settings. */
const STOP_RECEIVING_TIMEOUT_MILLISECONDS = 65_000;
/** How long one wait for an applied position lasts before the signal is looked at again. */
const WAIT_SLICE_MILLISECONDS = 250;
/** Clients wait meanwhile; one such query takes a fraction of a millisecond. */
const ACKNOWLEDGER_POLL_MILLISECONDS = 4;
/** Seconds between the source's signs of life; below slave_net_timeout, or an idle connection would be cut. */
const SOURCE_HEARTBEAT_SECONDS = 0.2;

/** See Roles.follow. */
export async function follow(
  server: ServerAccess,
  tls: TlsFiles,
  source: Source,
  signal: AbortSignal,
): Promise<void> {
  const facts = await server.facts(signal);
  if (!facts.readOnly) {
    throw new EngineError('Refused', 'the server takes writes; a replica must not');
  }
  if (facts.slave !== undefined && followsAlready(facts.slave, source)) {
    return;
  }
  // The first START with both threads stopped discards what was received and not applied: never begin with that
  // outstanding. First the receiver alone stops, so that what is received is final when it is looked at; not even
  // that where nobody applies, for what is received now would stay outstanding.
  const isReceiving = facts.slave !== undefined && facts.slave.receiving.kind !== 'stopped';
  if (!isReceiving || facts.slave.applying.kind !== 'running') {
    requireAllAppliedIn(facts, server);
  }
  if (isReceiving) {
    await stopThread(server, 'IO_THREAD', signal);
  }
  const stopped = isReceiving ? await requireAllApplied(server, signal) : facts;
  if (stopped.slave !== undefined && stopped.slave.applying.kind !== 'stopped') {
    await stopThread(server, 'SQL_THREAD', signal);
  }
  if (stopped.semiSyncMaster) {
    // A primary turned round would ask for acknowledgements of what it applies, and apply nothing any more.
    await setAcknowledgement(server, 'none', signal);
  }
  await changeSource(server, tls, source, stopped, signal).catch(async (error: unknown) => {
    if (!(error instanceof EngineError) || error.code !== 'ServerError') {
      throw error;
    }
    // A server that was killed in the middle of RESET SLAVE ALL looks for a relay log that is gone, and refuses every new
    // source (1201) until it has forgotten the former one. Everything that was received is applied.
    await server.run(
      'forget the former source',
      'RESET SLAVE ALL',
      [],
      STATEMENT_TIMEOUT_MILLISECONDS,
      signal,
    );
    await changeSource(server, tls, source, stopped, signal);
  });
  await server.run('start following', 'START SLAVE', [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
}

function followsAlready(slave: SlaveStatus, { host, port, user }: Source): boolean {
  return (
    slave.source.host === host &&
    slave.source.port === port &&
    slave.user === user &&
    slave.usesGtid &&
    slave.receiving.kind === 'running' &&
    slave.applying.kind === 'running'
  );
}

async function changeSource(
  server: ServerAccess,
  tls: TlsFiles,
  source: Source,
  facts: ServerFacts,
  signal: AbortSignal,
): Promise<void> {
  // A server that wrote as a primary starts behind its own transactions, not behind the last one it received.
  const order = compareGtidLists(facts.slavePosition, facts.binaryLogPosition);
  const demote = order === 'behind' || order === 'diverged';
  await server.run(
    'set the source',
    `CHANGE MASTER TO MASTER_HOST = ?, MASTER_PORT = ?, MASTER_USER = ?, MASTER_PASSWORD = ?,
       MASTER_USE_GTID = slave_pos, ${demote ? 'MASTER_DEMOTE_TO_SLAVE = 1,' : ''}
       MASTER_SSL = 1, MASTER_SSL_CA = ?, MASTER_SSL_CERT = ?, MASTER_SSL_KEY = ?, MASTER_SSL_VERIFY_SERVER_CERT = 1,
       MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = ${SOURCE_HEARTBEAT_SECONDS}`,
    [source.host, source.port, source.user, source.password, tls.authority, tls.certificate, tls.key],
    STATEMENT_TIMEOUT_MILLISECONDS,
    signal,
  );
}

async function stopThread(
  server: ServerAccess,
  thread: 'IO_THREAD' | 'SQL_THREAD',
  signal: AbortSignal,
): Promise<void> {
  const timeout =
    thread === 'IO_THREAD' ? STOP_RECEIVING_TIMEOUT_MILLISECONDS : STATEMENT_TIMEOUT_MILLISECONDS;
  await server.run(`stop the ${thread}`, `STOP SLAVE ${thread}`, [], timeout, signal);
}

/** Reads the positions again and throws `ReceivedNotApplied` unless everything received is applied. */
async function requireAllApplied(server: ServerAccess, signal: AbortSignal): Promise<ServerFacts> {
  const facts = await server.facts(signal);
  requireAllAppliedIn(facts, server);
  return facts;
}

function requireAllAppliedIn(facts: ServerFacts, server: ServerAccess): void {
  const received = server.received(facts);
  if (received.kind === 'unknown') {
    throw new EngineError('Refused', `what was received is unknown: ${received.reason}`);
  }
  const applied = appliedOf(facts);
  if (!covers(applied, received.value)) {
    throw new EngineError(
      'ReceivedNotApplied',
      `received ${toPosition(received.value)}, applied ${toPosition(applied)} only`,
    );
  }
}

function covers(held: GtidList, needed: GtidList): boolean {
  return mariadbPositions.covers(toPosition(held), toPosition(needed));
}

/** See Roles.stopReceiving. */
export async function stopReceiving(server: ServerAccess, signal: AbortSignal): Promise<HeldPositions> {
  // Clients wait: the server is looked at once, afterwards. One that follows nobody has nothing to stop, and says so.
  await stopThread(server, 'IO_THREAD', signal);
  const after = await server.facts(signal);
  if (!after.readOnly) {
    throw new EngineError('Refused', 'the server takes writes: what it has is not final');
  }
  const received = server.received(after);
  if (received.kind === 'unknown') {
    throw new EngineError('Refused', `what was received is unknown: ${received.reason}`);
  }
  return { received: toPosition(received.value), applied: toPosition(appliedOf(after)) };
}

/** See Roles.awaitApplied. */
export async function awaitApplied(
  server: ServerAccess,
  position: Position,
  timeoutMilliseconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = server.clock.monotonic() + timeoutMilliseconds;
  for (;;) {
    const facts = await server.facts(signal);
    if (mariadbPositions.covers(toPosition(appliedOf(facts)), position)) {
      return true;
    }
    const left = deadline - server.clock.monotonic();
    if (left <= 0 || facts.slave?.applying.kind !== 'running') {
      return false;
    }
    const slice = Math.min(left, WAIT_SLICE_MILLISECONDS);
    await server.run(
      'wait until a position is applied',
      'SELECT MASTER_GTID_WAIT(?, ?)',
      [position, slice / 1000],
      STATEMENT_TIMEOUT_MILLISECONDS,
      signal,
    );
  }
}

/** See Roles.becomePrimary. */
export async function becomePrimary(
  server: ServerAccess,
  acknowledgement: Acknowledgement,
  signal: AbortSignal,
): Promise<void> {
  const before = await server.facts(signal);
  if (before.slave !== undefined) {
    if (before.slave.receiving.kind !== 'stopped' && before.slave.receiving.kind !== 'failed') {
      throw new EngineError('Refused', 'it still receives: what it has is not final');
    }
    requireAllAppliedIn(before, server);
    await stopThread(server, 'SQL_THREAD', signal);
    await server.run('end following', 'RESET SLAVE ALL', [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
  }
  if (acknowledgement === 'oneReplica') {
    // Only now: on a running replica this blocks applying.
    const sql = 'SET GLOBAL rpl_semi_sync_master_enabled = ON';
    await server.run('require acknowledgements', sql, [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
  }
}

/** See Roles.openWrites. */
export async function openWrites(server: ServerAccess, epoch: number, signal: AbortSignal): Promise<void> {
  const facts = await server.facts(signal);
  if (facts.slave !== undefined) {
    throw new EngineError('Refused', 'a replica must not take writes');
  }
  if ((facts.epoch ?? 0) > epoch) {
    throw new EngineError(
      'Refused',
      `epoch ${facts.epoch} is recorded already, which is later than ${epoch}`,
    );
  }
  if (facts.semiSyncMaster && facts.status.get('Rpl_semi_sync_master_clients') === '0') {
    throw new EngineError('Refused', 'commits wait for a replica, and none is connected');
  }
  if (facts.epoch !== epoch) {
    await server.run(
      'record the epoch',
      `INSERT INTO ${OWN_SCHEMA}.epoch (id, epoch, recorded_at) VALUES (1, ?, UTC_TIMESTAMP(6))
       ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), recorded_at = VALUES(recorded_at)`,
      [epoch],
      STATEMENT_TIMEOUT_MILLISECONDS,
      signal,
    );
  }
  await server.run(
    'open for writes',
    'SET GLOBAL read_only = OFF',
    [],
    STATEMENT_TIMEOUT_MILLISECONDS,
    signal,
  );
}

/** See Acknowledging.setAcknowledgement. */
export async function setAcknowledgement(
  server: ServerAccess,
  rule: Acknowledgement,
  signal: AbortSignal,
): Promise<void> {
  const facts = await server.facts(signal);
  if (rule === 'oneReplica' && facts.slave !== undefined) {
    throw new EngineError('Refused', 'a replica that asks for acknowledgements stops applying');
  }
  if (rule === 'none' && facts.semiSyncMaster) {
    // Switching off answers OK to every commit that waits, though no replica has it.
    if (!facts.readOnly || facts.status.get('Rpl_semi_sync_master_wait_sessions') !== '0') {
      throw new EngineError('Refused', 'a commit may be waiting: close the server for writes first');
    }
  }
  const sql = `SET GLOBAL rpl_semi_sync_master_enabled = ${rule === 'oneReplica' ? 'ON' : 'OFF'}`;
  await server.run('set the acknowledgement rule', sql, [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
}

/** See Acknowledging.awaitAcknowledger. */
export async function awaitAcknowledger(
  server: ServerAccess,
  timeoutMilliseconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = server.clock.monotonic() + timeoutMilliseconds;
  // A pattern keeps the server from working out the figures of everything else.
  const sql = "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_clients'";
  for (;;) {
    const [row = {}] = await server.run(
      'count replicas that acknowledge',
      sql,
      [],
      STATEMENT_TIMEOUT_MILLISECONDS,
      signal,
    );
    if (numberOf(row, 'Value') > 0) {
      return true;
    }
    if (server.clock.monotonic() >= deadline) {
      return false;
    }
    await server.clock.sleep(ACKNOWLEDGER_POLL_MILLISECONDS, signal);
  }
}

/** See Upkeep.reloadCertificates. */
export async function reloadCertificates(server: ServerAccess, signal: AbortSignal): Promise<void> {
  await server.run('reload certificates', 'FLUSH LOCAL SSL', [], STATEMENT_TIMEOUT_MILLISECONDS, signal);
}
