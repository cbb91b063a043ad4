import type { ClientKind, Operation } from './operation.ts';

/** A change of the shard in the ShardMap, when a watch told of it. */
export interface MapChange {
  readonly at: number;
  readonly epoch: number;
  readonly primary: string | null;
}

/** Whether a member takes writes, asked over a connection from outside. */
export interface WritableSample {
  readonly member: string;
  readonly start: number;
  readonly end: number;
  readonly writable: boolean;
}

/** A client could not connect, and tried again. */
export interface ConnectFailure {
  readonly process: string;
  readonly via: ClientKind;
  readonly at: number;
  readonly error: string;
}

/** Everything that was recorded during one run. */
export interface History {
  /** By start. */
  readonly operations: readonly Operation[];
  /** By time. */
  readonly mapChanges: readonly MapChange[];
  /** By start. */
  readonly samples: readonly WritableSample[];
  /** By time. */
  readonly connectFailures: readonly ConnectFailure[];
}

/** One line of a history file. */
export type HistoryEntry =
  | { readonly type: 'operation'; readonly operation: Operation }
  | { readonly type: 'map'; readonly change: MapChange }
  | { readonly type: 'sample'; readonly sample: WritableSample }
  | { readonly type: 'connectFailure'; readonly failure: ConnectFailure };

/** Puts the entries of several files in order. */
export function assembleHistory(entries: readonly HistoryEntry[]): History {
  const operations = entries.flatMap((entry) => (entry.type === 'operation' ? [entry.operation] : []));
  const mapChanges = entries.flatMap((entry) => (entry.type === 'map' ? [entry.change] : []));
  const samples = entries.flatMap((entry) => (entry.type === 'sample' ? [entry.sample] : []));
  const connectFailures = entries.flatMap((entry) =>
    entry.type === 'connectFailure' ? [entry.failure] : [],
  );
  return {
    operations: operations.toSorted((a, b) => a.start - b.start),
    mapChanges: mapChanges.toSorted((a, b) => a.at - b.at),
    samples: samples.toSorted((a, b) => a.start - b.start),
    connectFailures: connectFailures.toSorted((a, b) => a.at - b.at),
  };
}
