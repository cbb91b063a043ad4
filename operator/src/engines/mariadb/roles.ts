/** Changing the role of a running server. The hazards named here lost acknowledged rows when they were ignored. */
import type { Acknowledgement } from '../boot.ts';
import { EngineError } from '../engine-error.ts';
import type { TlsFiles } from '../member.ts';
import type { HeldPositions } from '../member-session.ts';
import type { Source } from '../source.ts';
import type { Position } from '../position.ts';
import { compareGtidLists, mariadbPositions, toPosition, type GtidList } from './gtid.ts';
import { appliedOf } from './observe.ts';
import { OWN_SCHEMA } from './own-schema.ts';
import type { Statement } from './connection.ts';
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
  const stopped = isReceiving ? await stopReceiver(server, signal) : facts;
  requireAllAppliedIn(stopped, server);
  if (stopped.semiSyncMaster) {
    // A primary turned round would ask for acknowledgements of what it applies, and apply nothing any more.
    await setAcknowledgement(server, 'none', signal);
  }
  const isApplying = stopped.slave !== undefined && stopped.slave.applying.kind !== 'stopped';
  const begin = [changeSource(tls, source, stopped), { sql: 'START SLAVE' }];
  const run = (statements: readonly Statement[]): Promise<unknown> =>
    server.runAll('follow the source', statements, STATEMENT_TIMEOUT_MILLISECONDS, signal);
  try {
    await run([...(isApplying ? [{ sql: 'STOP SLAVE SQL_THREAD' }] : []), ...begin]);
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'ServerError') {
      throw error;
    }
    // A server that was killed in the middle of RESET SLAVE ALL looks for a relay log that is gone, and refuses every new
    // source (1201) until it has forgotten the former one. Everything that was received is applied, unless it is another
    // error and the server follows after all; then it refuses to forget.
    requireAllAppliedIn(await server.facts(signal), server);
    await run([{ sql: 'RESET SLAVE ALL' }, ...begin]);
  }
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

function changeSource(tls: TlsFiles, source: Source, facts: ServerFacts): Statement {
  // A server that wrote as a primary starts behind its own transactions, not behind the last one it received.
  const order = compareGtidLists(facts.slavePosition, facts.binaryLogPosition);
  const demote = order === 'behind' || order === 'diverged';
  return {
    sql: `CHANGE MASTER TO MASTER_HOST = ?, MASTER_PORT = ?, MASTER_USER = ?, MASTER_PASSWORD = ?,
       MASTER_USE_GTID = slave_pos, ${demote ? 'MASTER_DEMOTE_TO_SLAVE = 1,' : ''}
       MASTER_SSL = 1, MASTER_SSL_CA = ?, MASTER_SSL_CERT = ?, MASTER_SSL_KEY = ?, MASTER_SSL_VERIFY_SERVER_CERT = 1,
       MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = ${SOURCE_HEARTBEAT_SECONDS}`,
    values: [source.host, source.port, source.user, source.password, tls.authority, tls.certificate, tls.key],
  };
}

/** Stops to receive, and looks. Clients wait for both. */
async function stopReceiver(server: ServerAccess, signal: AbortSignal): Promise<ServerFacts> {
  return server.factsAfter(
    { what: 'stop the IO_THREAD', statements: [{ sql: 'STOP SLAVE IO_THREAD' }] },
    STOP_RECEIVING_TIMEOUT_MILLISECONDS,
    signal,
  );
}

/** Throws `ReceivedNotApplied` unless everything received is applied. */
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
  // The server is looked at once, afterwards. One that follows nobody has nothing to stop, and says so.
  const after = await stopReceiver(server, signal);
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
  let facts = await server.facts(signal);
  while (!mariadbPositions.covers(toPosition(appliedOf(facts)), position)) {
    const left = deadline - server.clock.monotonic();
    if (left <= 0 || facts.slave?.applying.kind !== 'running') {
      return false;
    }
    const seconds = Math.min(left, WAIT_SLICE_MILLISECONDS) / 1000;
    const wait = { sql: 'SELECT MASTER_GTID_WAIT(?, ?)', values: [position, seconds] };
    facts = await server.factsAfter(
      { what: 'wait until a position is applied', statements: [wait] },
      STATEMENT_TIMEOUT_MILLISECONDS,
      signal,
    );
  }
  return true;
}

/** See Roles.becomePrimary. */
export async function becomePrimary(
  server: ServerAccess,
  acknowledgement: Acknowledgement,
  signal: AbortSignal,
): Promise<void> {
  const before = await server.facts(signal);
  const statements: Statement[] = [];
  if (before.slave !== undefined) {
    if (before.slave.receiving.kind !== 'stopped' && before.slave.receiving.kind !== 'failed') {
      throw new EngineError('Refused', 'it still receives: what it has is not final');
    }
    requireAllAppliedIn(before, server);
    statements.push({ sql: 'STOP SLAVE SQL_THREAD' }, { sql: 'RESET SLAVE ALL' });
  }
  if (acknowledgement === 'oneReplica') {
    // Only now: on a running replica this blocks applying.
    statements.push({ sql: 'SET GLOBAL rpl_semi_sync_master_enabled = ON' });
  }
  if (statements.length > 0) {
    await server.runAll('end following', statements, STATEMENT_TIMEOUT_MILLISECONDS, signal);
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
  const record = {
    sql: `INSERT INTO ${OWN_SCHEMA}.epoch (id, epoch, recorded_at) VALUES (1, ?, UTC_TIMESTAMP(6))
       ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), recorded_at = VALUES(recorded_at)`,
    values: [epoch],
  };
  await server.runAll(
    'open for writes',
    [...(facts.epoch === epoch ? [] : [record]), { sql: 'SET GLOBAL read_only = OFF' }],
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
