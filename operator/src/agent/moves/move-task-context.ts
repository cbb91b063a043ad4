import type { MoveLimits, ShardMapMove, ShardMapShard } from '../../api/v1alpha1/index.ts';
import { errorMessage } from '../../engines/engine-error.ts';
import type { Source } from '../../engines/source.ts';
import type { SlotOperations } from '../../engines/slot-operations.ts';
import type { Tail } from '../../engines/slot-transfer.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { MoveReason } from '../protocol/move-report.ts';
import type { SourceUse } from './choose-source.ts';
import type { MoveError, MoveRecord } from './move-record.ts';

/** A member to receive from. */
export interface ChosenSource {
  readonly pod: string;
  readonly source: Source;
  /** Whether none could serve better; otherwise the choice is worth another look after a while. */
  readonly isBest: boolean;
}

/** What tasks work with. */
export interface MoveTaskContext {
  readonly slots: SlotOperations;
  readonly record: (id: string) => MoveRecord | undefined;
  /** Revision of the map that a task acts by. */
  readonly revision: () => number;
  readonly limits: () => MoveLimits | null;
  /** Chooses a member of another shard, by what its members say now. Rejects where there is none. */
  readonly chooseSource: (shard: number, use: SourceUse, signal: AbortSignal) => Promise<ChosenSource>;
  /** Has a member avoided for a while. */
  readonly avoid: (pod: string) => void;
  /** Why rows may not be read from a member now; null when they may. */
  readonly hold: (shard: number, pod: string) => MoveReason | null;
  /** Whether the map, read now, still has the move in this phase and this member as the primary. */
  readonly confirm: (move: ShardMapMove, signal: AbortSignal) => Promise<boolean>;
  /** The tail that follows a move; null for none. */
  readonly tailOf: (id: string) => Tail | null;
  readonly setTail: (source: ShardMapShard['number'], tail: Tail | null) => void;
  /** Something that a report says has changed; at once where clients wait for it. */
  readonly changed: (id: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An error as a report says it. */
export function asMoveError(error: unknown): MoveError {
  const code: unknown = (error as { readonly code?: unknown } | null | undefined)?.code;
  return { code: typeof code === 'string' ? code : 'Failed', message: errorMessage(error) };
}
