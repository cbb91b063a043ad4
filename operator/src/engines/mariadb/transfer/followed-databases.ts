/** The databases of one tail: where each of them is, and what of that is recorded. */
import type { Position } from '../../position.ts';
import type { DatabaseHere, FollowedDatabase } from '../../slot-transfer.ts';
import { type Gtid, type GtidList, mergeGtidLists, parseGtidList, toPosition } from '../gtid.ts';
import type { ProgressStep } from './move-progress.ts';

/** One database that is followed. */
interface Followed {
  readonly moveId: string;
  readonly database: string;
  readonly here: DatabaseHere | undefined;
  /** Everything of it up to here is applied, or was passed over. */
  position: GtidList;
  /** What the server has recorded; undefined until that was read or made. */
  recorded: Position | undefined;
}

/** The databases of one tail, by name. */
export class FollowedDatabases {
  readonly #followed = new Map<string, Followed>();

  constructor(databases: readonly FollowedDatabase[]) {
    databases.forEach((database) => this.add(database));
  }

  /** Follows one more; what is followed already stays as it is. */
  add({ moveId, database, here, after }: FollowedDatabase): void {
    if (this.#followed.get(database)?.moveId !== moveId) {
      const position = parseGtidList(after);
      this.#followed.set(database, { moveId, database, here, position, recorded: undefined });
    }
  }

  /** What databases are called here, and which rows they get, by their name at the source; of those that differ. */
  others(): ReadonlyMap<string, DatabaseHere> {
    return new Map(
      [...this.#followed.values()].flatMap(({ database, here }) =>
        here === undefined ? [] : [[database, here] as const],
      ),
    );
  }

  /** Follows a database no longer; its move. */
  remove(database: string): string | undefined {
    const moveId = this.#followed.get(database)?.moveId;
    this.#followed.delete(database);
    return moveId;
  }

  /** Names of the databases. */
  names(): readonly string[] {
    return [...this.#followed.keys()];
  }

  /** Whether a transaction's changes of a database are wanted: it is followed, and not past them. */
  wants(database: string, { domain, sequence }: Gtid): boolean {
    const followed = this.#followed.get(database);
    return followed !== undefined && (followed.position.get(domain)?.sequence ?? -1n) < sequence;
  }

  /** The latest position that no database is past: where a stream for all of them begins. */
  start(): GtidList {
    const [first, ...others] = [...this.#followed.values()].map(({ position }) => position);
    const least = new Map(first);
    for (const gtid of others.flatMap((position) => [...position.values()])) {
      const present = least.get(gtid.domain);
      if (present !== undefined && gtid.sequence < present.sequence) {
        least.set(gtid.domain, gtid);
      }
    }
    for (const domain of least.keys()) {
      if (others.some((position) => !position.has(domain))) {
        least.delete(domain);
      }
    }
    return least;
  }

  /** Whether some database is past a position. */
  isPast(position: GtidList): boolean {
    return [...this.#followed.values()].some(({ position: own }) =>
      [...own.values()].some(({ domain, sequence }) => (position.get(domain)?.sequence ?? -1n) < sequence),
    );
  }

  /** Takes over what the server has recorded of moves; those of whom it has nothing are returned. */
  takeRecorded(recorded: ReadonlyMap<string, Position>): readonly FollowedDatabase[] {
    const missing: FollowedDatabase[] = [];
    for (const followed of this.#followed.values()) {
      const position = recorded.get(followed.moveId);
      if (position === undefined) {
        const { moveId, database, here } = followed;
        const after = toPosition(followed.position);
        missing.push({ moveId, database: here?.database ?? database, after });
      } else {
        followed.recorded = position;
        followed.position = mergeGtidLists(followed.position, parseGtidList(position));
      }
    }
    return missing;
  }

  /**
   * The steps that record everything up to `reached`: for the databases named, or for all whose record is behind.
   */
  stepsTo(reached: GtidList, databases?: ReadonlySet<string>): readonly ProgressStep[] {
    return [...this.#followed.values()]
      .filter(({ database }) => databases === undefined || databases.has(database))
      .flatMap(({ moveId, position, recorded: from }) => {
        const to = toPosition(mergeGtidLists(position, reached));
        return from === undefined || from === to ? [] : [{ moveId, from, to }];
      });
  }

  /** Everything up to `reached` is applied; `steps` are recorded. Positions that changed, by move. */
  advance(reached: GtidList, steps: readonly ProgressStep[]): ReadonlyMap<string, Position> {
    const recorded = new Map(steps.map(({ moveId, to }) => [moveId, to]));
    const changed = new Map<string, Position>();
    for (const followed of this.#followed.values()) {
      followed.recorded = recorded.get(followed.moveId) ?? followed.recorded;
      const before = toPosition(followed.position);
      followed.position = mergeGtidLists(followed.position, reached);
      const after = toPosition(followed.position);
      if (after !== before) {
        changed.set(followed.moveId, after);
      }
    }
    return changed;
  }

  /** The position of a move's database; undefined for a move that is not followed. */
  position(moveId: string): Position | undefined {
    const followed = [...this.#followed.values()].find((each) => each.moveId === moveId);
    return followed === undefined ? undefined : toPosition(followed.position);
  }
}
