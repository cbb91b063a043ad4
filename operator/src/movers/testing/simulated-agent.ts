/** A shard's primary and its agent, as far as moves are concerned: what is in its databases outlasts both. */
import type { MoveReport } from '../../agent/protocol/move-report.ts';
import type { ShardMap, ShardMapMove } from '../../api/v1alpha1/index.ts';
import type { Position } from '../../engines/position.ts';

/** What a server has of a slot. */
export interface SimulatedDatabase {
  /** Number of writes that are in it. */
  writes: number;
  isGranted: boolean;
  /** The attempt it is fenced for, the map's revision then, and the position of the fence. */
  fence: { readonly attempt: number; readonly revision: number; readonly position: number } | null;
}

/** How far a pulled database follows. */
interface Progress {
  /** Position in the history of the other shard. */
  position: number;
}

/** An agent looks at the other side every so many steps: changes take a while to arrive. */
const PULL_STEPS = 4;

export class SimulatedAgent {
  readonly shard: number;
  /** Length of the server's own history. */
  history = 0;
  readonly databases = new Map<number, SimulatedDatabase>();
  readonly #progress = new Map<string, Progress>();
  /** What this agent process remembers: copies it has compared. */
  readonly #verified = new Set<string>();
  #steps = 0;
  /** The map as the agent last read it. */
  map: ShardMap | undefined;
  isAlive = true;
  /** It hears nothing new of the map. */
  isBehind = false;
  /** Copies that it makes turn out to differ from their source. */
  isCorrupting = false;
  /** A session that does not leave: fences fail while it is there. */
  isSessionInTheWay = false;

  constructor(shard: number) {
    this.shard = shard;
  }

  /** A new process, of the same or another server of the shard: what is stored stays. */
  restart(): void {
    this.#verified.clear();
    this.map = undefined;
  }

  /** A client's write; false where the server refuses it. */
  write(slot: number): boolean {
    const database = this.databases.get(slot);
    if (database === undefined || !database.isGranted || !this.isAlive) {
      return false;
    }
    database.writes += 1;
    this.history += 1;
    return true;
  }

  /** Does what the map asks for; `peer` gives the other shard's agent. */
  step(peer: (shard: number) => SimulatedAgent | undefined): void {
    if (!this.isAlive || this.map === undefined) {
      return;
    }
    this.#steps += 1;
    for (const move of this.map.spec.moves ?? []) {
      if (move.to === this.shard) {
        this.#receive(move, this.map.spec.revision, peer(move.from));
      } else if (move.from === this.shard) {
        this.#give(move, this.map.spec.revision, peer(move.to));
      }
    }
  }

  /** What it says of every move. */
  reports(epoch: number): MoveReport[] {
    return (this.map?.spec.moves ?? []).flatMap((move) =>
      move.to === this.shard || move.from === this.shard ? [this.#report(move, epoch)] : [],
    );
  }

  #receive(move: ShardMapMove, revision: number, source: SimulatedAgent | undefined): void {
    const slot = move.slot ?? -1;
    switch (move.phase) {
      case 'Copying':
      case 'Switching':
        this.#pull(move.id, slot, source);
        break;
      case 'Soaking':
        this.#grant(slot, revision);
        break;
      case 'Returning':
        this.#fence(slot, move.attempt, revision);
        break;
      case 'Undoing':
        this.#drop(move.id, slot);
        break;
      case 'Finishing':
        this.#grant(slot, revision);
        break;
      default:
    }
  }

  #give(move: ShardMapMove, revision: number, target: SimulatedAgent | undefined): void {
    const slot = move.slot ?? -1;
    switch (move.phase) {
      case 'Copying':
      case 'Undoing':
        this.#grant(slot, revision);
        break;
      case 'Switching':
        this.#fence(slot, move.attempt, revision);
        break;
      case 'Soaking':
      case 'Returning':
        this.#pull(move.id, slot, target);
        break;
      case 'Finishing':
        this.#drop(move.id, slot);
        break;
      default:
    }
  }

  /** One look at the other side, now and then: everything it has now. */
  #pull(id: string, slot: number, source: SimulatedAgent | undefined): void {
    const original = source?.databases.get(slot);
    if (source === undefined || original === undefined || !source.isAlive || this.#steps % PULL_STEPS > 0) {
      return;
    }
    const copy = this.databases.get(slot) ?? { writes: 0, isGranted: false, fence: null };
    copy.writes = original.writes;
    this.databases.set(slot, copy);
    this.#progress.set(id, { position: source.history });
    this.#verified.add(id);
    this.history += 1;
  }

  #fence(slot: number, attempt: number, revision: number): void {
    const database = this.databases.get(slot);
    if (database === undefined || this.isSessionInTheWay || database.fence?.attempt === attempt) {
      return;
    }
    this.history += 1;
    database.isGranted = false;
    database.fence = { attempt, revision, position: this.history };
  }

  #grant(slot: number, revision: number): void {
    const database = this.databases.get(slot);
    if (database === undefined || (database.fence !== null && database.fence.revision >= revision)) {
      return;
    }
    database.isGranted = true;
    database.fence = null;
  }

  #drop(id: string, slot: number): void {
    this.databases.delete(slot);
    this.#progress.delete(id);
    this.#verified.delete(id);
  }

  #report(move: ShardMapMove, epoch: number): MoveReport {
    const slot = move.slot ?? -1;
    const database = this.databases.get(slot);
    const fence = database?.fence ?? null;
    const progress = this.#progress.get(move.id);
    const position = progress === undefined ? null : at(progress.position);
    const isFailed = move.to === this.shard && this.isCorrupting && move.phase === 'Copying';
    return {
      id: move.id,
      role: move.to === this.shard ? 'receiving' : 'giving',
      stage: isFailed ? 'Failed' : this.#stageOf(move, database),
      epoch,
      attempt: move.attempt,
      rowsCopied: database?.writes ?? 0,
      rowsTotal: null,
      bytesCopied: 0,
      bytesTotal: null,
      rowsPerSecond: 0,
      bytesPerSecond: 0,
      lagMilliseconds: progress === undefined ? null : 0,
      position,
      ownPosition: at(this.history),
      verified: this.#verified.has(move.id) && position !== null ? { position, tables: 1, rows: 1 } : null,
      fenced: fence === null ? null : { attempt: fence.attempt, position: at(fence.position) },
      held: null,
      error: isFailed
        ? { code: 'VerificationFailed', message: 'Row 7 of t differs.' }
        : this.isSessionInTheWay && move.from === this.shard && move.phase === 'Switching'
          ? { code: 'SessionInTheWay', message: 'Session 42 of app does not leave.' }
          : null,
    };
  }

  #stageOf(move: ShardMapMove, database: SimulatedDatabase | undefined): MoveReport['stage'] {
    const pulls =
      move.to === this.shard
        ? move.phase === 'Copying' || move.phase === 'Switching'
        : move.phase === 'Soaking' || move.phase === 'Returning';
    if (pulls) {
      return this.#verified.has(move.id) ? 'Following' : 'Copying';
    }
    if (move.phase === 'Switching' || move.phase === 'Returning') {
      return database?.fence?.attempt === move.attempt ? 'Fenced' : 'Waiting';
    }
    const drops = move.to === this.shard ? move.phase === 'Undoing' : move.phase === 'Finishing';
    if (drops) {
      return database === undefined ? 'Cleaned' : 'Waiting';
    }
    return database?.isGranted === true ? 'Serving' : 'Waiting';
  }
}

function at(sequence: number): Position {
  return `0-1-${sequence}` as Position;
}
