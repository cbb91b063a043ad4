import type { ClientKind } from '../history/operation.ts';
import type { RouterAnswers } from '../checkers/router-answers.ts';
import type { Violation } from '../checkers/violation.ts';

/** Milliseconds of each part of a promotion, as its event tells. */
export type Phases = Readonly<Record<string, number>>;

/** A machine, and this repository on it. */
export interface Machine {
  /** Of this repository; with `+` after it where files differ from it. */
  readonly commit: string;
  readonly node: string;
  readonly kernel: string;
  readonly processors: number;
  readonly processor: string;
  readonly memoryGibibytes: number;
}

/** What the runs were made on and with. */
export interface Surroundings extends Machine {
  readonly mariadb: string;
  readonly kubernetes: string;
  /** The provider of the development cluster. */
  readonly provider: string;
  readonly kubeProxy: string;
}

/** What clients of routers saw. */
export interface RouterResult {
  readonly answers: RouterAnswers;
  /** Routers that the fault took away, with the connections of their clients. */
  readonly routersLost: number;
  /** Reads of any replica, and the furthest that one of them showed the past. */
  readonly eventual: { readonly count: number; readonly oldestMilliseconds: number };
}

/** One run of one fault: one line of a results file. */
export interface RunResult {
  /** Changes when lines of an older form can no longer be read. */
  readonly format: 1;
  /** RFC 3339. */
  readonly at: string;
  readonly fault: string;
  /** Seed of the whole sequence, and place of the run in it: together they repeat the run. */
  readonly seed: number;
  readonly index: number;
  /**
   * Longest time without an acknowledged append, for each kind of client that ran, in milliseconds. Null: none came any
   * more.
   */
  readonly gaps: Readonly<Partial<Record<ClientKind, number | null>>>;
  /** Promotions during the run. */
  readonly promotions: number;
  readonly phases: Phases;
  /** Note of the last event that told of a promotion or a switchover. */
  readonly note: string | null;
  /** Whether the leading operator was among what the fault took away. */
  readonly leaderLost: boolean;
  readonly acknowledged: {
    readonly appends: number;
    readonly transfers: number;
    readonly registerWrites: number;
  };
  readonly indeterminate: number;
  /** Reads that a deposed primary answered after its successor was open, and how long after. */
  readonly staleReads: { readonly count: number; readonly lastAfterMilliseconds: number };
  /** Reads that the Service led to a former primary, which answered as a replica. Not counted in the first runs. */
  readonly misledReads?: number;
  /** What clients of routers saw; absent in runs without such clients, or without routers, the first ones. */
  readonly router?: RouterResult;
  /** Operations on registers, and how the two checkers judged: `agreed`, `differed`, or `absent` without Porcupine. */
  readonly registers: {
    readonly operations: number;
    readonly secondVerdict: 'agreed' | 'differed' | 'absent';
  };
  /**
   * From the moment at which the fault begins to be undone until all members were seen to follow and to be equal, the
   * start of a node and two seconds of the harness's own included; null when that did not happen in time.
   */
  readonly convergedSeconds: number | null;
  readonly violations: readonly Violation[];
  readonly surroundings: Surroundings;
}
