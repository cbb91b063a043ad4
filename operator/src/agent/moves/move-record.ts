/** What this agent knows of one move since it has its session with the server as the open primary. */
import { isSwitching } from '../../core/switching.ts';
import { ownerOfMove, type ShardMapMove } from '../../api/v1alpha1/index.ts';
import type { Position } from '../../engines/position.ts';
import type { CopyProgress } from '../../engines/slot-transfer.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { MoveReason, MoveReport } from '../protocol/move-report.ts';
import { createTransferRate, type TransferRate } from '../transfer-rate.ts';
import type { MoveFacts } from './decide-moves.ts';

/** Why something went wrong, as a report says it. */
export type MoveError = NonNullable<MoveReport['error']>;

/** One move. Its fields are what tasks have found out; nothing of them outlasts the session. */
export class MoveRecord {
  readonly #shard: number;
  readonly #clock: Clock;
  #move: ShardMapMove;
  /** Null until it is known what the database records. */
  hasCopy: boolean | null;
  /** How much of the other shard's history is applied here. */
  position: Position | null = null;
  /** End of this server's own history, read after `position` was reached. */
  ownPosition: { readonly of: Position; readonly end: Position } | null = null;
  lagMilliseconds: number | null = null;
  progress: CopyProgress | null = null;
  rows: TransferRate;
  bytes: TransferRate;
  verified: MoveReport['verified'] = null;
  fenced: MoveReport['fenced'] = null;
  /** Who was in the way of the fence of that attempt. */
  blocked: { readonly attempt: number; readonly message: string } | null = null;
  /** Why what is here is no use: it differs, or cannot be followed. */
  spoilt: MoveError | null = null;
  lacksRights: boolean;
  isCleaned = false;
  held: MoveReason | null = null;
  error: MoveError | null = null;
  /** How often in a row its changes could not be applied. */
  stops = 0;

  constructor(shard: number, move: ShardMapMove, hasCopy: boolean | null, clock: Clock) {
    this.#shard = shard;
    this.#clock = clock;
    this.#move = move;
    this.hasCopy = hasCopy;
    // What was so before this session is seen to by the upkeep of all databases.
    this.lacksRights = !hasRights(move, shard);
    this.rows = createTransferRate(clock);
    this.bytes = createTransferRate(clock);
  }

  get move(): ShardMapMove {
    return this.#move;
  }

  /** Takes over what the map now says of it. */
  note(move: ShardMapMove): void {
    if (move.phase !== this.#move.phase || move.attempt !== this.#move.attempt) {
      this.held = null;
      this.error = null;
    }
    this.#move = move;
    this.lacksRights ||= !hasRights(move, this.#shard);
  }

  /** What was copied is no use any more: another copy is made once the move may copy. */
  forgetCopy(): void {
    this.hasCopy = false;
    this.position = null;
    this.ownPosition = null;
    this.lagMilliseconds = null;
    this.progress = null;
    this.verified = null;
    this.stops = 0;
  }

  /** A copy begins. */
  beginCopy(): void {
    this.forgetCopy();
    this.spoilt = null;
    this.rows = createTransferRate(this.#clock);
    this.bytes = createTransferRate(this.#clock);
  }

  /** Takes over how far the copy is. */
  noteProgress(progress: CopyProgress): void {
    this.rows.add(progress.rows - this.rows.bytes());
    this.bytes.add(progress.bytes - this.bytes.bytes());
    this.progress = progress;
    this.held = progress.paused;
  }

  /** Whether users are to have rights that they have not been given yet. */
  get awaitsRights(): boolean {
    return this.lacksRights && hasRights(this.#move, this.#shard);
  }

  /** What decisions rest on. */
  facts(): MoveFacts {
    return {
      hasCopy: this.hasCopy,
      isVerified: this.verified !== null,
      isSpoilt: this.spoilt !== null,
      fencedAttempt: this.fenced?.attempt ?? null,
      blockedAttempt: this.blocked?.attempt ?? null,
      lacksRights: this.lacksRights,
      isCleaned: this.isCleaned,
    };
  }
}

/** Whether users have rights on what moves, on shard `number`. */
function hasRights(move: ShardMapMove, number: number): boolean {
  const keeps = move.unit === 'Reference' && move.from === number;
  return !isSwitching(move) && (keeps || ownerOfMove(move) === number);
}
