import { setTimeout as delay } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import type { ConnectFailure } from '../history/history.ts';
import type { ClientKind, Operation } from '../history/operation.ts';
import type { AddressSource } from './address-source.ts';
import { monotonicTime } from './monotonic-time.ts';
import { classifyFailure, isReadOnlyRefusal, nameOfError } from './outcome.ts';
import type { Session } from './session.ts';

/** What distinguishes one kind of operation from another, before the facts that all of them have. */
type Described<O> = O extends Operation ? Omit<O, keyof Operation & keyof Facts> : never;
interface Facts {
  process: unknown;
  via: unknown;
  member: unknown;
  start: unknown;
  end: unknown;
  outcome: unknown;
  error: unknown;
}

/** One operation that a client is about to do. */
export interface Attempt {
  /** Sends it and describes what was answered. */
  perform(session: Session): Promise<Described<Operation>>;
  /** Describes it when there was no answer. */
  readonly unanswered: Described<Operation>;
  /** Whether a failure came before anything could take effect, as in a transaction that was not yet committed. */
  hadNoEffect?(): boolean;
}

/** A client: a name, a pace, and what it does next. */
export interface Workload {
  readonly process: string;
  readonly pauseMilliseconds: number;
  next(): Attempt;
}

export interface WorkerOptions {
  readonly via: ClientKind;
  readonly source: AddressSource;
  readonly connect: (host: string, abandon: AbortSignal | undefined) => Promise<Session>;
  readonly record: (operation: Operation) => void;
  /** Hears of each connection that could not be had; it is tried again. */
  readonly onConnectFailure?: (failure: ConnectFailure) => void;
}

/** Whoever is refused again and again would otherwise take the processor that a promotion needs. */
const RECONNECT_MILLISECONDS = 25;
/** A TLS handshake costs both sides some milliseconds of processor: not more often than this after a refusal. */
const REFUSED_MILLISECONDS = 25;

/** Does one operation after the other until the signal fires, reconnecting wherever its source then leads. */
export async function runWorker(
  workload: Workload,
  options: WorkerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { via, source, connect, record, onConnectFailure } = options;
  let session: Session | undefined;
  let member: string | null = null;
  let host: string | undefined;
  while (!signal.aborted) {
    const address = source.current();
    if (address === undefined) {
      // As a router does: nothing is sent while no primary is recorded.
      await delay(1);
      continue;
    }
    if (session === undefined || session.closed || address.host !== host) {
      session?.close();
      session = undefined;
      try {
        session = await connect(address.host, address.outdated);
        host = address.host;
        // Behind a router every statement may lead to another server.
        member = via === 'router' ? null : (address.member ?? (await askMember(session)));
      } catch (error) {
        onConnectFailure?.({
          process: workload.process,
          via,
          at: monotonicTime(),
          error: nameOfError(error),
        });
        session?.close();
        session = undefined;
        await delay(RECONNECT_MILLISECONDS);
        continue;
      }
    }
    const attempt = workload.next();
    const start = monotonicTime();
    const facts = { process: workload.process, via, member, start };
    let pause = workload.pauseMilliseconds;
    try {
      const described = await attempt.perform(session);
      record({ ...facts, ...described, end: monotonicTime(), outcome: 'ok' });
    } catch (error) {
      const outcome = attempt.hadNoEffect?.() === true ? 'fail' : classifyFailure(error);
      const rest = { end: monotonicTime(), outcome, error: nameOfError(error) };
      record({ ...facts, ...attempt.unanswered, ...rest });
      // A Service may lead elsewhere by now; a server that the map names is about to open.
      if (isReadOnlyRefusal(error) && via === 'primaryService') {
        session.close();
        pause = Math.max(pause, REFUSED_MILLISECONDS);
      }
      if (outcome === 'indeterminate') {
        session.close();
      }
    }
    await delay(pause);
  }
  session?.close();
}

async function askMember(session: Session): Promise<string> {
  const rows = await session.query<RowDataPacket[]>('SELECT @@hostname AS name');
  return String(rows[0]?.['name']);
}
