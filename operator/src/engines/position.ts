declare const positionBrand: unique symbol;

/**
 * How far a member's history reaches, in the engine's own notation (for MariaDB a GTID list). Opaque outside
 * the engine: only `PositionArithmetic` may look inside. Stored and shown as text.
 */
export type Position = string & { readonly [positionBrand]: true };

declare const lineageBrand: unique symbol;

/**
 * The newest change that a member holds of every member that ever wrote, in the engine's own notation. Tells which of
 * another member's own changes it lacks, which positions alone do not: after a promotion both go on counting.
 */
export type Lineage = string & { readonly [lineageBrand]: true };

/**
 * How two histories relate. `diverged`: each holds something the other lacks, or they hold different things
 * under one number; no amount of catching up makes them equal.
 */
export type PositionOrder = 'equal' | 'ahead' | 'behind' | 'diverged';

/** The arithmetic of one engine's positions. Pure. */
export interface PositionArithmetic {
  /** The position of a server that has written nothing. */
  readonly empty: Position;
  /** Reads a position from text; throws EngineError `InvalidPosition`. Equal positions yield equal text. */
  readonly parse: (text: string) => Position;
  /** How `left` relates to `right`. */
  readonly compare: (left: Position, right: Position) => PositionOrder;
  /** Whether everything in `needed` is in `held`: `held` is equal or ahead. */
  readonly covers: (held: Position, needed: Position) => boolean;
  /**
   * Whether `held` goes on from `needed` for certain: it covers it, and one member wrote the newest change of both. Members
   * number their changes once, but for what a promotion with loss has given up, so that this history passed through the
   * other's end, which `covers` does not tell.
   */
  readonly continues: (held: Position, needed: Position) => boolean;
}
