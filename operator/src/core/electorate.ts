/** What an election is decided from, whichever engine it is about. */

/** How far histories reach; see the engine port. */
export interface ElectionArithmetic<Position> {
  readonly compare: (left: Position, right: Position) => 'equal' | 'ahead' | 'behind' | 'diverged';
  /** Whether everything in `needed` is in `held`. */
  readonly covers: (held: Position, needed: Position) => boolean;
  /** Whether `held` covers `needed`, and certainly passed through its end. */
  readonly continues: (held: Position, needed: Position) => boolean;
}

/** One member of the shard. */
export interface ElectionMember<Position> {
  readonly pod: string;
  /** Its number within the shard; decides between equals. */
  readonly ordinal: number;
  /** Everything in its possession, and final: it receives no more. Null while unknown. */
  readonly received: Position | null;
  /** What of that is applied; null while unknown. */
  readonly applied: Position | null;
  /** Whether it can take over: its agent answers and its volume is complete. */
  readonly isEligible: boolean;
  /** Whether it could not apply what it had received when it last ran: then nobody else may do. */
  readonly isDoubtful: boolean;
  readonly isRunning: boolean;
  readonly isTerminating: boolean;
}

/** What an election is decided from. */
export interface ElectionInput<Position> {
  /** All members on record, the former primary among them. */
  readonly members: readonly ElectionMember<Position>[];
  /** Members whose acknowledgement counted. */
  readonly ackers: readonly string[];
  /** Who was primary; null where that is not known. */
  readonly former: string | null;
  /** Everything in the former primary's possession, once it is dead; null while unknown. */
  readonly formerEnd: Position | null;
  readonly policy: 'NoDataLoss' | 'Availability';
  /** Pod that a person decided for, should there be no way without loss. */
  readonly chosen: string | null;
  /** Pod to take among equals. */
  readonly preferred: string | null;
}
