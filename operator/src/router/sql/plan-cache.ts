import type { PlanKey } from './plan-key.ts';
import type { StatementShape } from './statement-shape.ts';

/** What is kept for a digest. */
export interface PlanEntry<Plan> {
  /** The statement with `?` for each literal, one space between tokens and reserved words in upper case. */
  readonly digest: string;
  readonly shape: StatementShape;
  /** What routing keeps with the shape; null until it is set, and again after `clearPlans`. */
  plan: Plan | null;
}

/** How much a cache keeps. */
export interface PlanCacheLimits {
  /** Most entries kept. The least recently used go first, roughly: half of the cache at a time can be forgotten. */
  readonly entries: number;
  /** Longest key kept, in bytes: large statements are read anew each time. */
  readonly keyBytes: number;
}

interface KeptEntry<Plan> {
  readonly key: Uint8Array;
  readonly hash: number;
  readonly entry: PlanEntry<Plan>;
}

/**
 * Entries by plan key. Two generations: what is found or added goes to the young one; when that holds half of the limit it becomes
 * the old one, and what was not asked for since is forgotten. So a look-up moves nothing while the entry is young.
 */
export class PlanCache<Plan> {
  readonly #limits: PlanCacheLimits;
  #young = new Map<number, KeptEntry<Plan>>();
  #old = new Map<number, KeptEntry<Plan>>();
  #hits = 0;
  #misses = 0;

  constructor(limits: PlanCacheLimits) {
    this.#limits = limits;
  }

  /** The entry kept for a key, or null. */
  find(key: PlanKey): PlanEntry<Plan> | null {
    const young = this.#young.get(key.hash);
    if (young !== undefined && key.equals(young.key)) {
      this.#hits++;
      return young.entry;
    }
    const old = this.#old.get(key.hash);
    if (old !== undefined && key.equals(old.key)) {
      this.#hits++;
      this.#old.delete(key.hash);
      this.#keep(old);
      return old.entry;
    }
    this.#misses++;
    return null;
  }

  /** Keeps an entry, unless its key is too long. Of two keys with one hash the later one is kept. */
  add(key: PlanKey, entry: PlanEntry<Plan>): void {
    if (key.length > this.#limits.keyBytes || this.#limits.entries < 1) return;
    this.#keep({ key: key.copy(), hash: key.hash, entry });
  }

  /** Forgets all plans but keeps the shapes: for a change of the map or of a table's definition. */
  clearPlans(): void {
    for (const kept of this.#young.values()) kept.entry.plan = null;
    for (const kept of this.#old.values()) kept.entry.plan = null;
  }

  /** Entries kept now, and look-ups so far. */
  statistics(): { readonly entries: number; readonly hits: number; readonly misses: number } {
    return { entries: this.#young.size + this.#old.size, hits: this.#hits, misses: this.#misses };
  }

  #keep(kept: KeptEntry<Plan>): void {
    if (this.#young.size >= Math.max(1, Math.floor(this.#limits.entries / 2))) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(kept.hash, kept);
  }
}
