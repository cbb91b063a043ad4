/** Steps of replay as statements: rows travel in BINLOG, as the bytes that they were logged in. */
import { EngineError } from '../../engine-error.ts';
import { quoteName } from '../keyspace-roles.ts';
import { endsStatement, endStatement } from './binlog-event.ts';
import type { DatabaseEvent, ReplayStep } from './event-filter.ts';

/** One statement, and whose rows are in it. */
export interface ReplayStatement {
  readonly text: Buffer;
  readonly databases: ReadonlySet<string>;
}

/** How statements are cut. */
export interface StatementLimits {
  /** Bytes of events from which on a statement takes no more. */
  readonly bytes: number;
  /** Whether rows of different statements of the source stay apart, so that an error tells whose rows it was. */
  readonly apart: boolean;
}

const BEFORE = Buffer.from("BINLOG '");
const AFTER = Buffer.from("'");
/** Bytes that are encoded at once: a multiple of three, and far less than a string can hold. */
const PIECE_BYTES = 3 << 20;

/**
 * The statements that repeat `steps`, in order. Each BINLOG is whole in itself: the maps of its tables come with it, and its
 * last rows end their statement, whatever they said before. To change that, events are written to in place.
 */
export function* replayStatements(
  steps: Iterable<ReplayStep>,
  limits: StatementLimits,
): Generator<ReplayStatement, void, undefined> {
  let events: DatabaseEvent[] = [];
  let bytes = 0;
  const cut = (): ReplayStatement => {
    const statement = {
      text: binlogStatement(events.map(({ event }) => event)),
      databases: new Set(events.map(({ database }) => database)),
    };
    events = [];
    bytes = 0;
    return statement;
  };
  for (const step of steps) {
    if (step.kind !== 'rows') {
      if (bytes > 0) {
        yield cut();
      }
      yield { text: savepointStatement(step), databases: new Set() };
      continue;
    }
    let atStart = true;
    for (const [index, row] of step.rows.entries()) {
      if (atStart) {
        events.push(...step.maps);
        atStart = false;
      }
      events.push(row);
      bytes += row.event.length;
      const isLast = index === step.rows.length - 1;
      if (isLast || bytes >= limits.bytes) {
        closeStatement(row.event);
      }
      if (bytes >= limits.bytes || (isLast && limits.apart)) {
        yield cut();
        atStart = true;
      }
    }
  }
  if (bytes > 0) {
    yield cut();
  }
}

/** What teaches a session the format of the events that follow. */
export function formatStatement(formatDescription: Buffer): Buffer {
  return binlogStatement([formatDescription]);
}

function savepointStatement({ kind, name }: Extract<ReplayStep, { readonly name: string }>): Buffer {
  return Buffer.from(`${kind === 'savepoint' ? 'SAVEPOINT' : 'ROLLBACK TO SAVEPOINT'} ${quoteName(name)}`);
}

function closeStatement(rows: Buffer): void {
  if (!endsStatement(rows)) {
    endStatement(rows);
  }
}

function binlogStatement(events: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(events);
  const encodedLength = Math.ceil(bytes.length / 3) * 4;
  if (encodedLength > MOST_ENCODED_BYTES) {
    throw new EngineError('NotMovable', `rows of ${bytes.length} bytes fit into no statement`);
  }
  const text = Buffer.allocUnsafe(BEFORE.length + encodedLength + AFTER.length);
  let at = BEFORE.copy(text);
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    at += text.write(bytes.toString('base64', from, from + PIECE_BYTES), at, 'latin1');
  }
  AFTER.copy(text, at);
  return text;
}

/** A packet has a gibibyte at most; some of it is for the statement. */
const MOST_ENCODED_BYTES = 2 ** 30 - 1024;
