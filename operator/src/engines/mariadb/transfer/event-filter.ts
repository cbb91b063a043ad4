/** From the events of a log to what has to be done for the databases that are followed. Pure. */
import { EngineError } from '../../engine-error.ts';
import type { Gtid } from '../gtid.ts';
import {
  endsStatement,
  EVENT_TYPE,
  eventType,
  type GroupStart,
  holdsRows,
  isIgnorable,
  type MappedTable,
  readGroupStart,
  readStatement,
  readTableMap,
  tableId,
} from './binlog-event.ts';
import { mayConcern, readMeaning } from './logged-statement.ts';
import type { PartEvents } from './part-events.ts';

/** An event, and the database that it is about. */
export interface DatabaseEvent {
  readonly database: string;
  readonly event: Buffer;
}

/** What a group does to followed databases, in order. */
export type ReplayStep =
  /** Rows of one statement, behind the maps of all their tables. The last rows need not say that the statement ends. */
  | {
      readonly kind: 'rows';
      readonly maps: readonly DatabaseEvent[];
      readonly rows: readonly DatabaseEvent[];
    }
  /** Name of a savepoint, to be quoted. */
  | { readonly kind: 'savepoint' | 'undoTo'; readonly name: string };

/** A group of events that has ended: a transaction, or a statement with one of its own. */
export interface FinishedGroup {
  readonly gtid: Gtid;
  /** What was not handed out by `takeSteps` before. */
  readonly steps: readonly ReplayStep[];
  /** False: none of it happened, nor what was handed out before. */
  readonly commits: boolean;
  /** Databases that something was done to which cannot be repeated, and what, in a few words. None of the steps is theirs. */
  readonly changed: ReadonlyMap<string, string>;
}

/** Tells whether changes of a database are wanted, of a transaction. */
export type IsFollowed = (database: string, gtid: Gtid) => boolean;

/** What makes the events of a database those of another; undefined where they are repeated as they are. */
export type PartOf = (database: string) => PartEvents | undefined;

/** The group that has begun and not ended. */
interface OpenGroup extends GroupStart {
  readonly changed: Map<string, string>;
  steps: ReplayStep[];
}

/**
 * Takes the events of one stream in their order. What it keeps is bounded by its caller, who takes the steps of a group
 * that grows long before its end.
 */
export class EventFilter {
  readonly #databases: () => readonly string[];
  readonly #isFollowed: IsFollowed;
  readonly #partOf: PartOf;
  #group: OpenGroup | undefined;
  /** Followed tables that the statement has mapped, by their number. */
  #maps = new Map<number, DatabaseEvent>();
  #rows: DatabaseEvent[] = [];
  #bytes = 0;
  /** XA transactions that were prepared without changing a followed database, and are not completed. */
  readonly #harmlessXa = new Set<string>();

  /** `databases`: all that are followed at the moment; `isFollowed` narrows them down for one transaction. */
  constructor(databases: () => readonly string[], isFollowed: IsFollowed, partOf: PartOf = () => undefined) {
    this.#databases = databases;
    this.#isFollowed = isFollowed;
    this.#partOf = partOf;
  }

  /** The group that has begun and not ended. */
  get open(): Gtid | undefined {
    return this.#group?.gtid;
  }

  /** Bytes of the steps of that group, as far as they were not taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes the next event, and returns the group that ends with it. EngineError `PositionLost` when the source itself says
   * that changes are missing, `UnreadableFiles` for what is not known here.
   */
  take(event: Buffer): FinishedGroup | undefined {
    const type = eventType(event);
    if (type === EVENT_TYPE.tableMap) {
      this.#map(event);
    } else if (holdsRows(type)) {
      this.#takeRows(event);
    } else {
      return this.#takeOther(type, event);
    }
    return undefined;
  }

  /** Takes what has been gathered of the open group, which goes on. */
  takeSteps(): readonly ReplayStep[] {
    this.#endStep();
    const { steps = [] } = this.#group ?? {};
    if (this.#group !== undefined) {
      this.#group.steps = [];
    }
    this.#bytes = 0;
    return steps;
  }

  #takeOther(type: number, event: Buffer): FinishedGroup | undefined {
    switch (type) {
      case EVENT_TYPE.gtid:
        this.#begin(readGroupStart(event));
        return undefined;
      case EVENT_TYPE.query:
      case EVENT_TYPE.compressedQuery:
        return this.#takeStatement(event);
      case EVENT_TYPE.transactionId:
        return this.#end(true);
      case EVENT_TYPE.xaPrepare:
        return this.#endPrepared();
      case EVENT_TYPE.incident:
        throw new EngineError('PositionLost', 'the source says that changes are missing from its log');
      case EVENT_TYPE.startEncryption:
        throw new EngineError(
          'UnreadableFiles',
          'the log of the source is encrypted, and it does not decrypt what it sends',
        );
      case EVENT_TYPE.rotate:
      case EVENT_TYPE.formatDescription:
      case EVENT_TYPE.heartbeat:
      case EVENT_TYPE.annotateRows:
      case EVENT_TYPE.binlogCheckpoint:
      case EVENT_TYPE.gtidList:
        return undefined;
      default:
        if (!isIgnorable(event)) {
          throw new EngineError(
            'UnreadableFiles',
            `the log of the source has an event of type ${type}, which is not known`,
          );
        }
        return undefined;
    }
  }

  #begin(start: GroupStart): void {
    // A group that was cut off by a crash of its server has no end, and did not happen.
    this.#group = { ...start, changed: new Map(), steps: [] };
    this.#forgetStatement();
    this.#bytes = 0;
  }

  #map(event: Buffer): void {
    const { schema }: MappedTable = readTableMap(event);
    if (!this.#wants(schema)) {
      return;
    }
    if (this.#rows.length > 0) {
      // Tables are opened at the first rows: later ones take a statement of their own.
      this.#endStep();
    }
    const map = this.#partOf(schema)?.map(event) ?? event;
    this.#maps.set(tableId(event), { database: schema, event: map });
    this.#bytes += map.length;
  }

  #takeRows(event: Buffer): void {
    const table = this.#maps.get(tableId(event));
    if (table !== undefined) {
      const part = this.#partOf(table.database);
      const rows = part === undefined ? event : part.rows(event);
      if (rows === 'KeyChanged') {
        this.#group?.changed.set(table.database, 'an update of a key');
      } else if (rows !== null) {
        this.#rows.push({ database: table.database, event: rows });
        this.#bytes += rows.length;
      }
    }
    if (endsStatement(event)) {
      this.#endStep();
      this.#maps.clear();
    }
  }

  /** Rows up to here, behind all maps of the statement, which are kept for rows that may follow. */
  #endStep(): void {
    if (this.#rows.length > 0) {
      this.#group?.steps.push({ kind: 'rows', maps: [...this.#maps.values()], rows: this.#rows });
      this.#rows = [];
    }
  }

  #takeStatement(event: Buffer): FinishedGroup | undefined {
    const group = this.#group;
    if (group === undefined) {
      return undefined;
    }
    const statement = readStatement(event);
    const meaning = readMeaning(statement);
    if (group.xa?.kind === 'completed') {
      return this.#endCompleted(meaning.kind === 'end');
    }
    switch (meaning.kind) {
      case 'end':
      case 'undo':
        return this.#end(meaning.kind === 'end');
      case 'savepoint':
      case 'undoTo':
        group.steps.push(meaning);
        break;
      case 'other':
        for (const database of this.#databases()) {
          if (this.#wants(database) && mayConcern(statement, database)) {
            group.changed.set(database, meaning.words);
          }
        }
        break;
      default:
        break;
    }
    return group.standalone ? this.#end(true) : undefined;
  }

  #endPrepared(): FinishedGroup | undefined {
    const group = this.#group;
    if (group?.xa?.kind !== 'prepared') {
      return this.#end(true);
    }
    this.#endStep();
    const touched = new Set(
      group.steps.flatMap((step) => (step.kind === 'rows' ? step.rows : [])).map(({ database }) => database),
    );
    touched.forEach((database) => group.changed.set(database, 'XA PREPARE'));
    if (group.changed.size === 0) {
      this.#harmlessXa.add(group.xa.id);
    }
    return this.#end(true);
  }

  /** Rows of a transaction that was prepared before the stream began are in no copy, and do not come again. */
  #endCompleted(commits: boolean): FinishedGroup | undefined {
    const group = this.#group;
    const id = group?.xa?.id ?? '';
    if (!this.#harmlessXa.delete(id) && commits) {
      this.#databases()
        .filter((database) => this.#wants(database))
        .forEach((database) => group?.changed.set(database, 'XA COMMIT'));
    }
    return this.#end(true);
  }

  #end(commits: boolean): FinishedGroup | undefined {
    this.#endStep();
    const group = this.#group;
    this.#group = undefined;
    this.#forgetStatement();
    this.#bytes = 0;
    if (group === undefined) {
      return undefined;
    }
    const { gtid, changed, steps } = group;
    return { gtid, changed, commits, steps: changed.size === 0 ? steps : withoutDatabases(steps, changed) };
  }

  #wants(database: string): boolean {
    const group = this.#group;
    return group !== undefined && !group.changed.has(database) && this.#isFollowed(database, group.gtid);
  }

  #forgetStatement(): void {
    this.#maps.clear();
    this.#rows = [];
  }
}

function withoutDatabases(
  steps: readonly ReplayStep[],
  left: ReadonlyMap<string, string>,
): readonly ReplayStep[] {
  const stays = ({ database }: DatabaseEvent): boolean => !left.has(database);
  return steps
    .map((step) =>
      step.kind === 'rows' ? { ...step, maps: step.maps.filter(stays), rows: step.rows.filter(stays) } : step,
    )
    .filter((step) => step.kind !== 'rows' || step.rows.length > 0);
}
