/** Lines of `docs/sql-support.md`, each of which is run by a test. */
import type { RefusedFeatureName } from '../../../operator/src/router/execution/refused-features.ts';

/** Something that works. */
export interface WorkingLine {
  /** What it is, for those who look for it. Markdown. */
  readonly what: string;
  /** Run in one session, one after the other; the page shows them. */
  readonly statements: readonly string[];
  /** Rows of the last statement, as texts; null where it has none, `some` where they depend on who asks. */
  readonly rows: readonly (readonly (string | null)[])[] | 'some' | null;
  /** Where it is not quite as on a single server, a sentence. */
  readonly note?: string;
}

/** Something that works, and is no statement: another scenario shows it. */
export interface ShownLine {
  readonly what: string;
  /** Where it is not quite as on a single server, one or more sentences. */
  readonly note?: string;
  /** Name of the scenario, without `.test.ts`. */
  readonly scenario: string;
}

/** Something that is refused. */
export interface RefusedLine {
  readonly what: string;
  /** The last one is refused. */
  readonly statements: readonly string[];
  /** Why and what to do: of {@link REFUSED_FEATURES}, or as routing says it. */
  readonly because: RefusedFeatureName | { readonly reason: string; readonly instead: string };
}

/** A part of the page. */
export interface SupportSection {
  readonly title: string;
  readonly works: readonly WorkingLine[];
  readonly shown?: readonly ShownLine[];
  readonly refused: readonly RefusedLine[];
}
