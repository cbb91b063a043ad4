import type { ShardMapMove } from '../api/v1alpha1/index.ts';
import type { MoveHold } from './observe-move.ts';

/** What this process knows of a move beyond the map. All of it may be lost: then times count from the first sight. */
export interface RememberedMove {
  /** Since when it is in this phase of this attempt; monotonic milliseconds. */
  readonly since: number;
  /** When clients began to wait for this attempt; monotonic milliseconds; null where nobody here wrote that. */
  readonly switchedAt: number | null;
  /** When it was cut over, by this process; milliseconds since the epoch; null where it was not, or by another. */
  readonly flippedAt: number | null;
  /** How long clients waited then, in milliseconds. */
  readonly pauseMilliseconds: number | null;
  /** What was in the way of the last attempt. */
  readonly obstacle: string | null;
  /** Why it does not go on. */
  readonly hold: MoveHold | null;
}

/** Remembers moves while they are on a map. */
export class MoveMemory {
  readonly #moves = new Map<string, RememberedMove & { readonly phase: string }>();

  /** Takes notice of the moves on the map, and forgets all others. Times are monotonic milliseconds. */
  follow(moves: readonly ShardMapMove[], now: number): void {
    const present = new Set(moves.map(({ id }) => id));
    [...this.#moves.keys()].filter((id) => !present.has(id)).forEach((id) => this.#moves.delete(id));
    for (const move of moves) {
      const known = this.#moves.get(move.id);
      const phase = `${move.phase}/${move.attempt}`;
      if (known?.phase !== phase) {
        this.#moves.set(move.id, {
          flippedAt: null,
          pauseMilliseconds: null,
          obstacle: null,
          switchedAt: null,
          ...known,
          hold: null,
          phase,
          since: now,
        });
      }
    }
  }

  /** Undefined for a move that is not on the map. */
  get(id: string): RememberedMove | undefined {
    return this.#moves.get(id);
  }

  /** Notes something about a move on the map. */
  note(id: string, change: Partial<Omit<RememberedMove, 'since'>>): void {
    const known = this.#moves.get(id);
    if (known !== undefined) {
      this.#moves.set(id, { ...known, ...change });
    }
  }
}
