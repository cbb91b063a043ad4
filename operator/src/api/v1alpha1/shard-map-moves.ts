/**
 * `ShardMap.spec.moves` and `.moveLimits`: the journal of what moves between shards. Routers and agents act upon it and
 * nothing else, so that whoever is killed goes on from the map and the databases. `docs/rebalancing.md` describes a move.
 */
import { z } from 'zod';
import { MAX_SLOTS } from '../../core/keyspace/slot-set.ts';
import {
  celList,
  celString,
  choice,
  flag,
  integer,
  keyedList,
  rules,
  text,
  type ValidationRule,
} from './fields.ts';
import { MAX_MOVES } from './limits.ts';
import { rebalanceLimits } from './rebalance.ts';
import { MOVE_UNITS, type MoveUnit } from './shard-rebalance-plan.ts';

/**
 * How far a move is.
 * - `Copying`: `from` owns; the receiving shard copies, and follows.
 * - `Switching`: `from` owns and takes no statement; routers hold them.
 * - `Soaking`: `to` owns; `from` keeps its copy up to date, so that it can have the unit back.
 * - `Returning`: `to` owns and takes no statement; routers hold them.
 * - `Undoing`: `from` owns; the receiving shard removes what it has.
 * - `Finishing`: `to` owns; `from` removes what it has.
 */
export const MOVE_PHASES = ['Copying', 'Switching', 'Soaking', 'Returning', 'Undoing', 'Finishing'] as const;

/** What may follow each phase. After the last ones the move is taken off the map. */
export const NEXT_PHASES: Readonly<
  Record<(typeof MOVE_PHASES)[number], readonly (typeof MOVE_PHASES)[number][]>
> = {
  Copying: ['Switching', 'Undoing'],
  Switching: ['Soaking', 'Copying'],
  Soaking: ['Returning', 'Finishing'],
  Returning: ['Undoing', 'Soaking'],
  Undoing: [],
  Finishing: [],
};

/** Longest identity of a move, in characters. */
const MAX_MOVE_ID_LENGTH = 63;

/** Longest position, in characters: one entry for each of many former primaries. */
const MAX_POSITION_LENGTH = 4096;

const shardNumber = (description: string) => integer(0, 9999, description);

/** CEL that is true for the steps of {@link NEXT_PHASES}. */
const stepIsAllowed = [
  'self.phase == oldSelf.phase',
  ...MOVE_PHASES.filter((phase) => NEXT_PHASES[phase].length > 0).map(
    (phase) => `(oldSelf.phase == '${phase}' && self.phase in ${celList(NEXT_PHASES[phase])})`,
  ),
].join(' || ');

/** What one rule asks for, and what it says where it is not so. */
interface RulePart {
  readonly rule: string;
  readonly message: string;
}

/**
 * Several rules as one, which tells the message of the first that does not hold. The API server takes as long for each rule
 * of each entry as for what the rule does, and clients wait for writes of a map with many entries. `isFine`: CEL that is true
 * where none of them needs a look.
 */
function asOneRule(parts: readonly RulePart[], isFine?: string): ValidationRule {
  const all = parts.map(({ rule }) => `(${rule})`).join(' && ');
  return {
    rule: isFine === undefined ? all : `${isFine} || (${all})`,
    message: 'spec.moves[] has an entry that is none of a move, or that took a step of none: restore it',
    messageExpression: parts.reduceRight(
      (others, { rule, message }) => `!(${rule}) ? ${celString(message)} : ${others}`,
      "''",
    ),
  };
}

/** What must hold of every move. */
const ONE_MOVE_RULES: readonly RulePart[] = [
  {
    rule: "(self.from == self.to) == has(self.split) && (!has(self.split) || self.unit == 'Slot')",
    message: 'spec.moves[].to equals from: name another shard, unless a slot is split',
  },
  {
    rule: "(self.unit == 'Slot') == has(self.slot)",
    message: 'spec.moves[].slot goes with unit Slot: write it there, and nowhere else',
  },
  {
    rule: "!(self.phase in ['Soaking', 'Returning']) || self.unit == 'Reference' || has(self.openedAt)",
    message: 'spec.moves[].openedAt is missing: write the position of the new owner with the flip',
  },
  {
    rule: "self.unit != 'Reference' || self.phase != 'Returning'",
    message: 'spec.moves[].phase cannot be Returning for unit Reference: nothing has left its source',
  },
];

/** What must hold of a move and what it was before. */
const MOVE_CHANGE_RULES: readonly RulePart[] = [
  {
    rule:
      'self.keyspace == oldSelf.keyspace && self.unit == oldSelf.unit && has(self.slot) == has(oldSelf.slot) && ' +
      '(!has(self.slot) || self.slot == oldSelf.slot) && self.from == oldSelf.from && self.to == oldSelf.to && ' +
      'has(self.split) == has(oldSelf.split) && (!has(self.split) || self.split == oldSelf.split)',
    message: 'spec.moves[] became another move under the same id: give a new move a new id',
  },
  {
    rule: stepIsAllowed,
    message:
      'spec.moves[].phase took a step that a move does not take: Copying, Switching, Soaking, Finishing; back from ' +
      'Switching to Copying; from Copying to Undoing; from Soaking to Returning and on to Undoing or back',
  },
  {
    rule:
      'self.attempt >= oldSelf.attempt && (self.attempt > oldSelf.attempt || ' +
      "!((oldSelf.phase == 'Switching' && self.phase == 'Copying') || " +
      "(oldSelf.phase == 'Returning' && self.phase == 'Soaking')))",
    message: 'spec.moves[].attempt must grow when a switch is undone, and never goes back',
  },
  {
    rule: '!has(oldSelf.openedAt) || (has(self.openedAt) && self.openedAt == oldSelf.openedAt)',
    message: 'spec.moves[].openedAt cannot change: restore the former value',
  },
];

/** Longest first key of a part, in characters. */
const MAX_BOUND_LENGTH = 768;

const splitSchema = z
  .object({
    at: text(MAX_BOUND_LENGTH, 'First key of the upper part, as canonical text.'),
    lower: integer(0, MAX_SLOTS - 1, 'Number of the slot that the lower part becomes.'),
    upper: integer(0, MAX_SLOTS - 1, 'Number of the slot that the upper part becomes.'),
  })
  .meta({ description: 'What a slot is split into, on the shard that has it.' });

const moveSchema = z
  .object({
    id: text(MAX_MOVE_ID_LENGTH, 'Name of the move; never used again for another one.'),
    keyspace: text(64, 'Keyspace of what moves.'),
    unit: choice(
      MOVE_UNITS,
      'What moves: the database of a slot, that of the unsharded tables, or a copy of that of the reference tables.',
    ),
    slot: integer(0, MAX_SLOTS - 1, 'Number of the slot; of unit `Slot` only.').exactOptional(),
    from: shardNumber('Number of the shard that gives it.'),
    to: shardNumber('Number of the shard that receives it.'),
    split: splitSchema.exactOptional(),
    phase: choice(
      MOVE_PHASES,
      'How far it is. The owner is `from` in Copying, Switching and Undoing, and `to` in Soaking, Returning and Finishing.',
    ),
    attempt: integer(
      1,
      2 ** 31 - 1,
      'Number of the attempt to switch. Grows when one is undone, so that nothing left of it counts for the next.',
    ),
    openedAt: text(
      MAX_POSITION_LENGTH,
      'How far the new owner’s history reached when it became the owner.',
    ).exactOptional(),
  })
  .meta({
    description: 'A move.',
    ...rules(asOneRule(ONE_MOVE_RULES), {
      ...asOneRule(MOVE_CHANGE_RULES, 'self == oldSelf'),
      reason: 'FieldValueForbidden',
    }),
  });

/** The moves of a map. */
export const mapMovesSchema = keyedList(
  { maxItems: MAX_MOVES, keys: ['id'] },
  moveSchema,
  'What moves between shards, and how far it is.',
);

/** How fast moves may go. */
export const moveLimitsSchema = z
  .object({
    ...rebalanceLimits,
    // A map that a former version has written lacks it.
    maxRunningThreads: rebalanceLimits.maxRunningThreads.exactOptional(),
    paused: flag('Stops copying where it is. What was copied is kept up to date.'),
  })
  .meta({ description: 'How fast moves may go: `spec.rebalance` of the cluster as it is now.' });

/**
 * CEL with `body` inside, which may use IS_FLIP. Names are gathered in a list of one list: the API server cannot bound
 * the cost of going through a list that it does not find in the schema, but it can that of a look-up.
 */
const withFormerPhases = (body: string): string =>
  '!has(self.keyspaces) || !has(oldSelf.keyspaces) || ' +
  "[has(oldSelf.moves) ? oldSelf.moves.map(move, move.phase == 'Switching', move.id) : []].all(switching, " +
  "[has(oldSelf.moves) ? oldSelf.moves.map(move, move.phase == 'Returning', move.id) : []].all(returning, " +
  `${body}))`;

/** CEL: whether this write gives what moves to its other shard. */
const IS_FLIP =
  "((move.phase == 'Soaking' && move.id in switching) || (move.phase == 'Undoing' && move.id in returning))";

/** Keyspaces of which something of that unit changes its shard with this write. */
const flippedKeyspaces = (unit: MoveUnit): string =>
  `[has(self.moves) ? self.moves.map(move, move.unit == '${unit}' && ${IS_FLIP}, move.keyspace) : []]`;

/** What the API server checks of moves together with the rest of the map. */
export const MOVES_RULES: readonly ValidationRule[] = [
  {
    rule:
      '!has(self.moves) || [self.shards.map(shard, shard.number)].all(numbers, ' +
      'self.moves.all(move, move.from in numbers && move.to in numbers))',
    message: 'spec.moves[] names a shard that spec.shards does not have: add the shard first',
    fieldPath: '.moves',
  },
  {
    rule:
      '!has(self.moves) || [has(self.keyspaces) ? self.keyspaces.map(keyspace, keyspace.name) : []].all(names, ' +
      'self.moves.all(move, move.keyspace in names))',
    message: 'spec.moves[] names a keyspace that spec.keyspaces does not have: correct the name',
    fieldPath: '.moves',
  },
  {
    rule:
      '!has(self.moves) || [has(oldSelf.moves) ? oldSelf.moves.map(move, move.id) : []].all(former, ' +
      "self.moves.all(move, move.phase == 'Copying' || move.id in former))",
    message: 'spec.moves[] has a new move that does not begin with Copying: begin there',
    fieldPath: '.moves',
    reason: 'FieldValueForbidden',
  },
  // What a move moves cannot change: only new ones are compared with all others, since clients wait for some of these writes.
  {
    rule:
      '!has(self.moves) || [has(oldSelf.moves) ? oldSelf.moves.map(move, move.id) : []].all(former, ' +
      'self.moves.all(move, move.id in former || self.moves.exists_one(other, ' +
      'other.keyspace == move.keyspace && other.unit == move.unit && ' +
      '(!has(move.slot) || (has(other.slot) && other.slot == move.slot)) && ' +
      "(move.unit != 'Reference' || other.to == move.to))))",
    message: 'spec.moves[] moves the same thing twice: let the first move end',
    fieldPath: '.moves',
    reason: 'FieldValueForbidden',
  },
  {
    rule:
      '!has(oldSelf.moves) || [has(self.moves) ? self.moves.map(move, move.id) : []].all(present, ' +
      "oldSelf.moves.all(move, move.phase in ['Undoing', 'Finishing'] || move.id in present))",
    message:
      'spec.moves[] lost a move that has not ended, and with it where its rows are: let it end by Undoing or Finishing',
    fieldPath: '.moves',
    reason: 'FieldValueForbidden',
  },
  {
    rule: withFormerPhases(
      `${flippedKeyspaces('Slot')}.all(flipped, self.keyspaces.all(keyspace, oldSelf.keyspaces.all(former, ` +
        'former.name != keyspace.name || ' +
        '(has(keyspace.ranges) && has(former.ranges) && size(keyspace.ranges) != size(former.ranges)) || ' +
        '(keyspace.slotsByShard != former.slotsByShard) == (keyspace.name in flipped))))',
    ),
    message:
      'spec.keyspaces[].slotsByShard changes with the flip of a move of that keyspace, in one write, and by nothing else: ' +
      'write both together',
    fieldPath: '.keyspaces',
    reason: 'FieldValueForbidden',
  },
  {
    rule: withFormerPhases(
      `${flippedKeyspaces('Unsharded')}.all(flipped, self.keyspaces.all(keyspace, oldSelf.keyspaces.all(former, ` +
        'former.name != keyspace.name || keyspace.homeShard == former.homeShard || keyspace.name in flipped)))',
    ),
    message:
      'spec.keyspaces[].homeShard changes with the flip of a move of unit Unsharded, and by nothing else, since unsharded ' +
      'tables would no longer be found: restore the former value',
    fieldPath: '.keyspaces',
    reason: 'FieldValueForbidden',
  },
  {
    rule: withFormerPhases(
      `(!has(self.moves) || self.moves.all(move, !${IS_FLIP} || move.unit == 'Slot' || ` +
        'self.keyspaces.exists(keyspace, keyspace.name == move.keyspace && ' +
        "(move.unit == 'Unsharded' ? keyspace.homeShard == (move.phase == 'Soaking' ? move.to : move.from) : " +
        '(has(keyspace.referenceShards) && move.to in keyspace.referenceShards)))))',
    ),
    message:
      'spec.moves[] flips without its keyspace: write homeShard, or the shard in referenceShards, with it',
    fieldPath: '.moves',
    reason: 'FieldValueForbidden',
  },
];

/** One move of the map. */
export type ShardMapMove = z.output<typeof moveSchema>;
/** How fast moves may go. */
export type MoveLimits = z.output<typeof moveLimitsSchema>;
/** How far a move is. */
export type MovePhase = ShardMapMove['phase'];

/** Number of the shard that owns what moves: it has the rights, and routers send statements there. */
export function ownerOfMove({ phase, from, to }: Pick<ShardMapMove, 'phase' | 'from' | 'to'>): number {
  return phase === 'Soaking' || phase === 'Returning' || phase === 'Finishing' ? to : from;
}
