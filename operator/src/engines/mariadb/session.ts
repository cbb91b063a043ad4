/** A session with one run of the server: its connections, and the port's operations on them. */
import type { Clock } from '../../runtime/clock.ts';
import { errorMessage } from '../engine-error.ts';
import { known, unknown, type Measure } from '../measure.ts';
import type { TlsFiles } from '../member.ts';
import type { MemberSession } from '../member-session.ts';
import type { MemberState } from '../member-state.ts';
import type { StartProgram } from '../programs.ts';
import { endIdleClients } from './client-sessions.ts';
import { closeWrites } from './close-writes.ts';
import { openConnection, type Connection } from './connection.ts';
import { Reconnecting } from './reconnecting.ts';
import type { GtidList } from './gtid.ts';
import { HeartbeatWriter } from './heartbeat.ts';
import { BINARY_LOG_NAME, RELAY_LOG_NAME, type Layout } from './layout.ts';
import { listLogFiles, type LogFile } from './log-files.ts';
import { ensureAccounts } from './manage-accounts.ts';
import { ensureDatabases } from './manage-databases.ts';
import { ensureUsers } from './manage-users.ts';
import { readCarriedUsers } from './carried-users.ts';
import { receivedOf, toMemberState } from './observe.ts';
import { applyRetention } from './retention.ts';
import * as roles from './roles.ts';
import { salvage } from './salvage.ts';
import type { ServerAccess } from './server-access.ts';
import { readServerFacts } from './server-facts.ts';
import { stepDown } from './step-down.ts';
import { SourceSilence } from './source-silence.ts';
import { TransactionAge } from './transaction-age.ts';
import { RightsTurns } from './transfer/rights-turns.ts';
import { createSlotOperations } from './transfer/slot-operations.ts';

/** See Observing.observe. */
const OBSERVE_TIMEOUT_MILLISECONDS = 1500;

/** What a session needs besides the server. */
export interface SessionContext {
  readonly layout: Layout;
  readonly tls: TlsFiles;
  readonly startProgram: StartProgram;
  readonly clock: Clock;
  /** What the relay logs held when the server started. */
  readonly receivedBeforeStart: Measure<GtidList>;
}

/**
 * Opens a session. Each kind of work has a connection of its own, so that a request that waits for a replica or for the server's
 * writers holds up no observation and no heartbeat, and an observation that waits no probe.
 */
export async function openSession(
  context: SessionContext,
  password: string,
  signal: AbortSignal,
): Promise<MemberSession> {
  const { layout, tls, startProgram, clock, receivedBeforeStart } = context;
  const open = (signal: AbortSignal): Promise<Connection> => openConnection(layout.socket, password, signal);
  const control = await open(signal);
  const observer = new Reconnecting(control, open);
  const beat = new Reconnecting(control, open);
  const probe = new Reconnecting(control, open);
  // Before it is needed: a login asks more of a server than an answer does.
  probe.connection(signal).catch(() => {});
  const heartbeat = new HeartbeatWriter(beat, clock);
  const turns = new RightsTurns();
  const watches: Watches = { silence: new SourceSilence(clock), age: new TransactionAge(clock) };
  const server: ServerAccess = {
    clock,
    run: (what, sql, values, timeoutMilliseconds, signal) =>
      control.query(what, sql, values, timeoutMilliseconds, signal),
    runAll: (what, statements, timeoutMilliseconds, signal) =>
      control.queryAll(what, statements, timeoutMilliseconds, signal),
    async beside(what, sql, values, timeoutMilliseconds, signal) {
      const connection = await observer.connection(signal);
      return connection.query(what, sql, values, timeoutMilliseconds, signal);
    },
    facts: (signal) => readServerFacts(control, roles.STATEMENT_TIMEOUT_MILLISECONDS, signal),
    factsAfter: (deed, timeoutMilliseconds, signal) =>
      readServerFacts(control, timeoutMilliseconds, signal, deed),
    ownConnections: () => [control.id, ...observer.ids, ...beat.ids, ...probe.ids],
    received: (facts) => receivedOf(facts, receivedBeforeStart),
  };
  return {
    ended: control.ended,
    slots: createSlotOperations({ socketPath: layout.socket, password, tls, clock, turns, control, open }),
    close: () => control.close(),
    observe: async (signal) => observe(await observer.connection(signal), context, watches, signal),
    probe: async (signal) => {
      const connection = await probe.connection(signal);
      await connection.query('probe', 'DO 1', [], OBSERVE_TIMEOUT_MILLISECONDS, signal);
    },
    follow: (source, signal) => roles.follow(server, tls, source, signal),
    stopReceiving: (signal) => roles.stopReceiving(server, signal),
    awaitApplied: (position, timeout, signal) => roles.awaitApplied(server, position, timeout, signal),
    becomePrimary: (acknowledgement, signal) => roles.becomePrimary(server, acknowledgement, signal),
    openWrites: (epoch, signal) => roles.openWrites(server, epoch, signal),
    closeWrites: (timeout, signal) => closeWrites(server, timeout, signal),
    stepDown: (end, signal) => stepDown(server, end, signal),
    endIdleClients: (order, signal) => endIdleClients(server, order, signal),
    reloadCertificates: (signal) => roles.reloadCertificates(server, signal),
    salvage: (signal) => salvage(server, layout, startProgram, signal),
    setAcknowledgement: (rule, signal) => roles.setAcknowledgement(server, rule, signal),
    awaitAcknowledger: (timeout, signal) => roles.awaitAcknowledger(server, timeout, signal),
    ensureAccounts: (accounts, signal) => ensureAccounts(server, accounts, signal),
    ensureDatabases: (order, signal) => ensureDatabases(server, turns, order, signal),
    ensureUsers: (order, signal) => ensureUsers(server, order, signal),
    readCarriedUsers: (signal) => readCarriedUsers(server, signal),
    writeHeartbeat: (epoch, timeout, signal) => heartbeat.write(epoch, timeout, signal),
    applyRetention: (rule, signal) => applyRetention(server, layout.data, rule, signal),
  };
}

/** What is seen only by looking more than once. */
interface Watches {
  readonly silence: SourceSilence;
  readonly age: TransactionAge;
}

async function observe(
  connection: Connection,
  { layout, receivedBeforeStart }: SessionContext,
  { silence, age }: Watches,
  signal: AbortSignal,
): Promise<MemberState> {
  const facts = await readServerFacts(connection, OBSERVE_TIMEOUT_MILLISECONDS, signal);
  return toMemberState(facts, {
    sourceSilence: silence.measure(facts.slave),
    transactionAge: await age.measure(connection, !facts.readOnly, OBSERVE_TIMEOUT_MILLISECONDS, signal),
    receivedBeforeStart,
    binaryLogs: await measureFiles(layout, BINARY_LOG_NAME),
    relayLogs: await measureFiles(layout, RELAY_LOG_NAME),
  });
}

async function measureFiles(layout: Layout, logName: string): Promise<Measure<readonly LogFile[]>> {
  try {
    return known(await listLogFiles(layout.data, logName));
  } catch (error) {
    return unknown(`the ${logName} files cannot be read: ${errorMessage(error)}`);
  }
}
