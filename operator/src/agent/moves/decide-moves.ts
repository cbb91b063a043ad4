/** What the open primary of a shard works on for its moves. Pure. */
import { isSwitching } from '../../core/switching.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { otherShard } from './map-moves.ts';
import type { MovePiece } from './split-pieces.ts';

/** Work that goes on until it is done, or is no longer wanted. */
export type MoveTask =
  /** Take over a database as it is now. */
  | { readonly kind: 'copy'; readonly move: MovePiece }
  /** Apply what changes in these databases of one other shard, in one stream. */
  | { readonly kind: 'follow'; readonly source: number; readonly moves: readonly MovePiece[] }
  /** Compare a database with its source. */
  | { readonly kind: 'verify'; readonly move: MovePiece }
  /** Take the rights on a database away, for this attempt. */
  | { readonly kind: 'fence'; readonly move: MovePiece }
  /** Give them back, or for the first time. */
  | { readonly kind: 'grant'; readonly move: MovePiece }
  /** Remove the database and every trace of the move. */
  | { readonly kind: 'drop'; readonly move: MovePiece };

/** What this agent knows of a move since it has its session with the server. */
export interface MoveFacts {
  /** Whether a complete copy is here, and it is recorded how far it is; null while that is not known. */
  readonly hasCopy: boolean | null;
  readonly isVerified: boolean;
  /** What is here differs from the source, or cannot be followed any further. */
  readonly isSpoilt: boolean;
  /** Attempt for which a fence stands here, as far as this agent put it up; null for none. */
  readonly fencedAttempt: number | null;
  /** Attempt for which somebody was in the way of the fence; null for none. */
  readonly blockedAttempt: number | null;
  /** This shard owns it, and has not yet given the rights since it last had none to give. */
  readonly lacksRights: boolean;
  readonly isCleaned: boolean;
}

/** What is decided from. */
export interface MovesSituation {
  /** Number of this shard. */
  readonly shard: number;
  /** The moves that it has a part in, in the order of the map. */
  readonly moves: readonly MovePiece[];
  readonly facts: (id: string) => MoveFacts;
  /** What runs now. */
  readonly running: readonly MoveTask[];
}

/** Everything that is to run now, whether or not it runs already. */
export function decideMoves(situation: MovesSituation): readonly MoveTask[] {
  const single = situation.moves.flatMap((move) => decideMove(situation, move));
  return [...withoutSecondBulk(situation, single), ...decideFollowing(situation)];
}

/** Names a task: two of one name are the same work. */
export function nameOfTask(task: MoveTask): string {
  switch (task.kind) {
    case 'follow':
      return `follow ${task.source} ${task.moves.map(({ id }) => id).join(' ')}`;
    case 'fence':
      return `fence ${task.move.id} ${task.move.attempt}`;
    case 'copy':
    case 'verify':
    case 'grant':
    case 'drop':
      return `${task.kind} ${task.move.id}`;
    default:
      return assertNever(task);
  }
}

/** The moves that a task works on. */
export function movesOfTask(task: MoveTask): readonly MovePiece[] {
  return task.kind === 'follow' ? task.moves : [task.move];
}

/** Everything but following. */
function decideMove({ shard, facts }: MovesSituation, move: MovePiece): MoveTask[] {
  const known = facts(move.id);
  const isReceiver = move.to === shard;
  switch (move.phase) {
    case 'Copying':
      return isReceiver ? decideCopying(move, known) : grantIfLacking(move, known);
    case 'Switching':
      return isReceiver ? [] : fenceUnlessFenced(move, known);
    case 'Soaking':
      return isReceiver || move.unit === 'Reference' ? grantIfLacking(move, known) : [];
    case 'Returning':
      return isReceiver ? fenceUnlessFenced(move, known) : [];
    case 'Undoing':
      return isReceiver ? dropUnlessClean(move, known) : grantIfLacking(move, known);
    case 'Finishing':
      return isReceiver || move.unit === 'Reference'
        ? grantIfLacking(move, known)
        : dropUnlessClean(move, known);
    default:
      return assertNever(move.phase);
  }
}

/** A copy that differs from its source stays as it is: somebody has to look at it, or undo the move. */
function decideCopying(move: MovePiece, { hasCopy, isVerified, isSpoilt }: MoveFacts): MoveTask[] {
  if (hasCopy === null || isSpoilt) {
    return [];
  }
  if (!hasCopy) {
    return [{ kind: 'copy', move }];
  }
  return isVerified ? [] : [{ kind: 'verify', move }];
}

function fenceUnlessFenced(move: MovePiece, { fencedAttempt, blockedAttempt }: MoveFacts): MoveTask[] {
  const isDone = fencedAttempt === move.attempt || blockedAttempt === move.attempt;
  return isDone ? [] : [{ kind: 'fence', move }];
}

function grantIfLacking(move: MovePiece, { lacksRights }: MoveFacts): MoveTask[] {
  return lacksRights ? [{ kind: 'grant', move }] : [];
}

function dropUnlessClean(move: MovePiece, { isCleaned }: MoveFacts): MoveTask[] {
  return isCleaned ? [] : [{ kind: 'drop', move }];
}

/** One shard is copied from, or compared with, once at a time: whatever runs goes on, then the first on the map. */
function withoutSecondBulk(
  { shard, running }: MovesSituation,
  tasks: readonly MoveTask[],
): readonly MoveTask[] {
  const names = new Set(running.map((task) => nameOfTask(task)));
  const taken = new Map<number, string>();
  const bulk = tasks.filter((task) => task.kind === 'copy' || task.kind === 'verify');
  for (const task of bulk.toSorted((a, b) => runningFirst(names, a) - runningFirst(names, b))) {
    const source = otherShard(task.move, shard);
    taken.set(source, taken.get(source) ?? nameOfTask(task));
  }
  return tasks.filter(
    (task) =>
      (task.kind !== 'copy' && task.kind !== 'verify') ||
      taken.get(otherShard(task.move, shard)) === nameOfTask(task),
  );
}

function runningFirst(names: ReadonlySet<string>, task: MoveTask): number {
  return names.has(nameOfTask(task)) ? 0 : 1;
}

/**
 * One stream for each other shard. Another move joins it by beginning it anew, which takes a moment that nobody has while
 * one of its moves is being switched: it waits.
 */
function decideFollowing(situation: MovesSituation): readonly MoveTask[] {
  const { shard, moves, running } = situation;
  const followed = moves.filter((move) => isFollowed(situation, move));
  const sources = [...new Set(followed.map((move) => otherShard(move, shard)))];
  return sources.map((source) => {
    const group = followed.filter((move) => otherShard(move, shard) === source);
    const someSwitch = group.some(isSwitching);
    const present = running.find((task) => task.kind === 'follow' && task.source === source);
    const staying = present === undefined ? [] : movesOfTask(present).map(({ id }) => id);
    const remaining = group.filter(({ id }) => staying.includes(id));
    return {
      kind: 'follow',
      source,
      moves: someSwitch && remaining.length > 0 ? remaining : group,
    };
  });
}

function isFollowed({ shard, facts }: MovesSituation, move: MovePiece): boolean {
  const { hasCopy, isSpoilt } = facts(move.id);
  switch (move.phase) {
    case 'Copying':
    case 'Switching':
      return move.to === shard && hasCopy === true && !isSpoilt;
    case 'Soaking':
    case 'Returning':
      return (
        move.from === shard &&
        move.unit !== 'Reference' &&
        move.returns !== false &&
        hasCopy !== null &&
        !isSpoilt
      );
    case 'Undoing':
    case 'Finishing':
      return false;
    default:
      return assertNever(move.phase);
  }
}
