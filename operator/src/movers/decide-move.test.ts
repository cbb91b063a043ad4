import { describe, expect, it } from '@jest/globals';
import type { MovePhase } from '../api/v1alpha1/index.ts';
import { aMove } from '../api/v1alpha1/testing/moves.ts';
import { mariadbPositions } from '../engines/mariadb/gtid.ts';
import { decideMove } from './decide-move.ts';
import type { MoveObservation, MoveWish } from './observe-move.ts';
import { observeSide } from './observe-move.ts';
import {
  aFence,
  aFollower,
  aMap,
  anObservation,
  aReport,
  aServer,
  aSide,
  at,
} from './testing/move-observations.ts';

const decide = (observation: MoveObservation) => decideMove(observation, mariadbPositions);
const TROUBLE = { reason: 'PrimaryUnavailable', message: 'demo-shard-0 has no primary at the moment.' };
const PAUSE: MoveWish = { kind: 'hold', reason: 'Paused', message: 'It is paused.' };
const LONG = { phaseMilliseconds: 10_000 };

type Row = [string, MoveObservation, ReturnType<typeof decide>];
const WAIT = { kind: 'wait' } as const;

function held(reason: string) {
  return { kind: 'hold', reason, message: expect.any(String) as unknown as string } as const;
}

function undone(kind: 'undoSwitch' | 'undoReturn', because: RegExp) {
  return { kind, because: expect.stringMatching(because) as unknown as string };
}

const ready = { from: aServer(), to: aFollower(50) };

const COPYING: Row[] = [
  ['begins when nobody has said anything yet', anObservation('Copying', {}), WAIT],
  ['and nobody says anything for long', anObservation('Copying', {}, LONG), held('AgentSilent')],
  ['copies', anObservation('Copying', { ...ready, to: aReport({ stage: 'Copying' }) }), WAIT],
  ['catches up', anObservation('Copying', { ...ready, to: aReport({ stage: 'CatchingUp' }) }), WAIT],
  ['compares', anObservation('Copying', { ...ready, to: aReport({ stage: 'Verifying' }) }), WAIT],
  [
    'follows and was not compared',
    anObservation('Copying', { ...ready, to: aFollower(50, { verified: null }) }),
    WAIT,
  ],
  [
    'follows far behind',
    anObservation('Copying', { ...ready, to: aFollower(50, { lagMilliseconds: 900 }) }),
    WAIT,
  ],
  [
    'follows nobody knows how far behind',
    anObservation('Copying', { ...ready, to: aFollower(50, { lagMilliseconds: null }) }),
    WAIT,
  ],
  ['follows closely', anObservation('Copying', ready), { kind: 'switch' }],
  [
    'follows, by the word of an agent that has read another attempt',
    anObservation('Copying', ready, { move: aMove('Copying', { attempt: 2 }), phaseMilliseconds: 1500 }),
    WAIT,
  ],
  [
    'follows, and the giving agent has said nothing',
    anObservation('Copying', { ...ready, from: null }),
    WAIT,
  ],
  [
    'follows, and the giving agent says nothing for long',
    anObservation('Copying', { ...ready, from: null }, LONG),
    held('AgentSilent'),
  ],
  ['while another switches', anObservation('Copying', ready, { isAnotherSwitching: true }), WAIT],
  ['and is paused', anObservation('Copying', ready, { wish: PAUSE }), held('Paused')],
  [
    'and the agent holds it',
    anObservation('Copying', {
      ...ready,
      to: aReport({ stage: 'Copying', held: { reason: 'ReplicaLagging', message: 'A replica lags.' } }),
    }),
    { kind: 'hold', reason: 'ReplicaLagging', message: 'A replica lags.' },
  ],
  [
    'and the agent gave it up',
    anObservation('Copying', {
      ...ready,
      to: aReport({ stage: 'Failed', error: { code: 'VerificationFailed', message: 'Row 7 differs.' } }),
    }),
    { kind: 'hold', reason: 'VerificationFailed', message: 'Row 7 differs.' },
  ],
  [
    'and the source has no primary',
    anObservation('Copying', ready, { from: aSide(0, null, { trouble: TROUBLE }) }),
    { kind: 'hold', ...TROUBLE },
  ],
  [
    'and the target is in trouble',
    anObservation('Copying', ready, { to: aSide(2, aFollower(50), { trouble: TROUBLE }) }),
    { kind: 'hold', ...TROUBLE },
  ],
  ['and is cancelled', anObservation('Copying', ready, { wish: { kind: 'cancel' } }), { kind: 'undo' }],
  ['and is rolled back', anObservation('Copying', {}, { wish: { kind: 'rollback' } }), { kind: 'undo' }],
  [
    'and was undone a moment ago',
    anObservation(
      'Copying',
      { from: aServer({ attempt: 3 }), to: aFollower(50, { attempt: 3 }) },
      { move: aMove('Copying', { attempt: 3 }), phaseMilliseconds: 1900 },
    ),
    WAIT,
  ],
  [
    'and was undone long enough ago',
    anObservation(
      'Copying',
      { from: aServer({ attempt: 3 }), to: aFollower(50, { attempt: 3 }) },
      { move: aMove('Copying', { attempt: 3 }), phaseMilliseconds: 2000 },
    ),
    { kind: 'switch' },
  ],
  [
    'and was undone five times',
    anObservation(
      'Copying',
      { from: aServer({ attempt: 6 }), to: aFollower(50, { attempt: 6 }) },
      { move: aMove('Copying', { attempt: 6 }), obstacle: 'Session 42 stays.' },
    ),
    {
      kind: 'hold',
      reason: 'SessionInTheWay',
      message: expect.stringContaining('Session 42 stays.') as unknown as string,
    },
  ],
];

const fenced = { from: aFence(60), to: aFollower(60) };

const SWITCHING: Row[] = [
  [
    'is fenced, and the target has everything',
    anObservation('Switching', fenced),
    { kind: 'flip', openedAt: at(1000) },
  ],
  [
    'and the target has more',
    anObservation('Switching', { ...fenced, to: aFollower(75) }),
    { kind: 'flip', openedAt: at(1000) },
  ],
  [
    'is fenced, and the target lacks the last change',
    anObservation('Switching', { ...fenced, to: aFollower(59) }),
    WAIT,
  ],
  ['is not fenced yet', anObservation('Switching', { ...fenced, from: aReport({ role: 'giving' }) }), WAIT],
  ['the giving agent is silent', anObservation('Switching', { ...fenced, from: null }), WAIT],
  ['the taking agent is silent', anObservation('Switching', { ...fenced, to: null }), WAIT],
  [
    'nobody compared the copy',
    anObservation('Switching', { ...fenced, to: aFollower(60, { verified: null }) }),
    WAIT,
  ],
  [
    'nobody knows how far the target is itself',
    anObservation('Switching', { ...fenced, to: aFollower(60, { ownPosition: null }) }),
    WAIT,
  ],
  [
    'nobody knows how far the target follows',
    anObservation('Switching', { ...fenced, to: aFollower(60, { position: null }) }),
    WAIT,
  ],
  [
    'the target follows no more',
    anObservation('Switching', { ...fenced, to: aFollower(60, { stage: 'CatchingUp' }) }),
    WAIT,
  ],
  [
    'the fence is of a former attempt',
    anObservation(
      'Switching',
      {
        from: aFence(60, { attempt: 2, fenced: { attempt: 1, position: at(60) } }),
        to: aFollower(60, { attempt: 2 }),
      },
      { move: aMove('Switching', { attempt: 2 }) },
    ),
    WAIT,
  ],
  [
    'the word of the giving agent is of a former attempt',
    anObservation(
      'Switching',
      { from: aFence(60), to: aFollower(60, { attempt: 2 }) },
      {
        move: aMove('Switching', { attempt: 2 }),
      },
    ),
    WAIT,
  ],
  [
    'the word of the taking agent is of a former attempt',
    anObservation(
      'Switching',
      { from: aFence(60, { attempt: 2 }), to: aFollower(60) },
      {
        move: aMove('Switching', { attempt: 2 }),
      },
    ),
    WAIT,
  ],
  [
    'a session is in the way',
    anObservation('Switching', {
      ...fenced,
      from: aReport({ role: 'giving', error: { code: 'SessionInTheWay', message: 'Session 42 stays.' } }),
    }),
    undone('undoSwitch', /Session 42 stays/),
  ],
  [
    'the budget is over, and the fence is not there',
    anObservation('Switching', { ...fenced, from: aReport({ role: 'giving' }) }, { phaseMilliseconds: 1000 }),
    undone('undoSwitch', /demo-shard-0 did not get its sessions out/),
  ],
  [
    'the budget is over, and the giving agent is silent',
    anObservation('Switching', { ...fenced, from: null }, { phaseMilliseconds: 1000 }),
    undone('undoSwitch', /primary of demo-shard-0 did not answer/),
  ],
  [
    'the budget is over, and the taking agent is silent',
    anObservation('Switching', { ...fenced, to: null }, { phaseMilliseconds: 1000 }),
    undone('undoSwitch', /primary of demo-shard-2 did not answer/),
  ],
  [
    'the budget is over, and the target did not catch up',
    anObservation('Switching', { ...fenced, to: aFollower(59) }, { phaseMilliseconds: 1000 }),
    undone('undoSwitch', /demo-shard-2 did not catch up/),
  ],
  [
    'the budget is over, and all is there at last',
    anObservation('Switching', fenced, { phaseMilliseconds: 1000 }),
    { kind: 'flip', openedAt: at(1000) },
  ],
  [
    'the source loses its primary',
    anObservation('Switching', fenced, { from: aSide(0, null, { trouble: TROUBLE }) }),
    undone('undoSwitch', /has no primary/),
  ],
  [
    'the target is in trouble',
    anObservation('Switching', fenced, { to: aSide(2, aFollower(60), { trouble: TROUBLE }) }),
    undone('undoSwitch', /has no primary/),
  ],
  [
    'it is paused meanwhile',
    anObservation('Switching', fenced, { wish: PAUSE }),
    { kind: 'flip', openedAt: at(1000) },
  ],
  [
    'it is cancelled',
    anObservation('Switching', fenced, { wish: { kind: 'cancel' } }),
    undone('undoSwitch', /cancelled/),
  ],
];

const soaking = { from: aFollower(70), to: aServer({ role: 'receiving' }) };

const SOAKING: Row[] = [
  ['has time left', anObservation('Soaking', soaking, { soakMilliseconds: 1 }), WAIT],
  ['has no time left', anObservation('Soaking', soaking), { kind: 'finish' }],
  ['and the new owner does not serve yet', anObservation('Soaking', { ...soaking, to: aReport() }), WAIT],
  [
    'and the new owner is silent',
    anObservation('Soaking', { ...soaking, to: null }, LONG),
    held('AgentSilent'),
  ],
  [
    'and the new owner is in trouble',
    anObservation('Soaking', soaking, { to: aSide(2, aServer(), { trouble: TROUBLE }) }),
    { kind: 'hold', ...TROUBLE },
  ],
  [
    'and it cannot be rolled back any more',
    anObservation('Soaking', { ...soaking, from: aReport({ role: 'giving', stage: 'Failed' }) }),
    { kind: 'finish' },
  ],
  ['and is paused', anObservation('Soaking', soaking, { wish: PAUSE }), held('Paused')],
  [
    'and is cancelled',
    anObservation('Soaking', soaking, { wish: { kind: 'cancel' }, soakMilliseconds: 1 }),
    WAIT,
  ],
  [
    'and is to be rolled back',
    anObservation('Soaking', soaking, { wish: { kind: 'rollback' } }),
    { kind: 'return' },
  ],
  [
    'is to be rolled back, and the former owner is behind',
    anObservation(
      'Soaking',
      { ...soaking, from: aFollower(70, { lagMilliseconds: 5000 }) },
      { wish: { kind: 'rollback' } },
    ),
    WAIT,
  ],
  [
    'is to be rolled back, and the former owner cannot follow',
    anObservation(
      'Soaking',
      {
        ...soaking,
        from: aReport({
          stage: 'Failed',
          error: { code: 'DefinitionChanged', message: 'A column was added.' },
        }),
      },
      { wish: { kind: 'rollback' } },
    ),
    held('DefinitionChanged'),
  ],
  [
    'is to be rolled back, while another switches',
    anObservation('Soaking', soaking, { wish: { kind: 'rollback' }, isAnotherSwitching: true }),
    WAIT,
  ],
  [
    'is to be rolled back, and a shard is in trouble',
    anObservation('Soaking', soaking, {
      wish: { kind: 'rollback' },
      from: aSide(0, null, { trouble: TROUBLE }),
    }),
    { kind: 'hold', ...TROUBLE },
  ],
  [
    'is a copy of reference tables',
    anObservation('Soaking', soaking, {
      move: aMove('Soaking', { unit: 'Reference' }),
      soakMilliseconds: 1000,
    }),
    { kind: 'finish' },
  ],
];

const returning = { from: aFollower(60, { role: 'giving' }), to: aFence(60, { role: 'receiving' }) };

const RETURNING: Row[] = [
  [
    'is fenced, and the former owner has everything',
    anObservation('Returning', returning),
    { kind: 'flipBack' },
  ],
  [
    'the former owner lacks something',
    anObservation('Returning', { ...returning, from: aFollower(59) }),
    WAIT,
  ],
  ['is not fenced yet', anObservation('Returning', { ...returning, to: aReport() }), WAIT],
  [
    'somebody is in the way',
    anObservation('Returning', {
      ...returning,
      to: aReport({ error: { code: 'TransactionInTheWay', message: 'App 7.' } }),
    }),
    undone('undoReturn', /App 7/),
  ],
  [
    'the budget is over',
    anObservation('Returning', { ...returning, from: aFollower(59) }, { phaseMilliseconds: 1000 }),
    undone('undoReturn', /demo-shard-0 did not catch up/),
  ],
  [
    'a shard is in trouble',
    anObservation('Returning', returning, { to: aSide(2, null, { trouble: TROUBLE }) }),
    undone('undoReturn', /has no primary/),
  ],
];

const ENDING: Row[] = [
  [
    'Undoing: cleaned, and the owner serves',
    anObservation('Undoing', { from: aServer(), to: aReport({ stage: 'Cleaned' }) }),
    { kind: 'remove' },
  ],
  [
    'Undoing: cleaned, and the owner has yet to serve',
    anObservation('Undoing', { from: aReport(), to: aReport({ stage: 'Cleaned' }) }),
    WAIT,
  ],
  ['Undoing: not cleaned', anObservation('Undoing', { from: aServer(), to: aReport() }), WAIT],
  ['Undoing: silence', anObservation('Undoing', { from: aServer() }, LONG), held('AgentSilent')],
  [
    'Undoing: cleaned, by the word of a former attempt',
    anObservation(
      'Undoing',
      { from: aServer({ attempt: 2 }), to: aReport({ stage: 'Cleaned' }) },
      {
        move: aMove('Undoing', { attempt: 2 }),
      },
    ),
    WAIT,
  ],
  [
    'Finishing: cleaned, and the owner serves',
    anObservation('Finishing', { from: aReport({ stage: 'Cleaned' }), to: aServer() }),
    { kind: 'remove' },
  ],
  [
    'Finishing: a replica of the new owner may lack rows that came with the move',
    anObservation(
      'Finishing',
      { from: aReport({ stage: 'Cleaned' }), to: aServer() },
      { areReplicasCurrent: false },
    ),
    WAIT,
  ],
  [
    'Finishing: the wrong side is clean',
    anObservation('Finishing', { from: aServer(), to: aReport({ stage: 'Cleaned' }) }),
    WAIT,
  ],
  ['Finishing: silence', anObservation('Finishing', { to: aServer() }, LONG), held('AgentSilent')],
];

describe('decideMove', () => {
  it.each(COPYING)('Copying: %s', (_, observation, action) => {
    expect(decide(observation)).toEqual(action);
  });

  it.each(SWITCHING)('Switching: %s', (_, observation, action) => {
    expect(decide(observation)).toEqual(action);
  });

  it.each(SOAKING)('Soaking: %s', (_, observation, action) => {
    expect(decide(observation)).toEqual(action);
  });

  it.each(RETURNING)('Returning: %s', (_, observation, action) => {
    expect(decide(observation)).toEqual(action);
  });

  it.each(ENDING)('%s', (_, observation, action) => {
    expect(decide(observation)).toEqual(action);
  });
});

describe('observeSide', () => {
  const [shard] = aMap().shards;

  it('takes the word of the primary of now only', () => {
    expect(observeSide(shard, 'healthy', aServer())).toMatchObject({ report: aServer(), trouble: null });
    expect(observeSide(shard, 'healthy', aServer({ epoch: 2 })).report).toBeNull();
    expect(observeSide(shard, 'healthy', aServer({ epoch: 4 })).report).toBeNull();
    expect(observeSide(shard, 'healthy', undefined).report).toBeNull();
  });

  it('relies on no shard without a primary, being made, or in trouble', () => {
    const changed = (change: object) => (shard === undefined ? undefined : { ...shard, ...change });
    expect(observeSide(changed({ primary: null }), 'promoting', aServer())).toMatchObject({
      report: null,
      trouble: { reason: 'PrimaryUnavailable' },
    });
    expect(observeSide(changed({ initialised: false }), 'initialising', undefined).trouble?.reason).toBe(
      'ShardNotReady',
    );
    expect(observeSide(shard, 'primaryUnreachable', aServer()).trouble?.reason).toBe('PrimaryUnavailable');
    expect(observeSide(undefined, undefined, undefined).trouble?.reason).toBe('ShardNotReady');
  });

  it('moves on while a replica is broken or joins', () => {
    for (const state of ['replicaBroken', 'replicaJoining', 'ackerGone'] as const) {
      expect(observeSide(shard, state, aServer()).trouble).toBeNull();
    }
  });
});

describe('every phase', () => {
  const PHASES: readonly MovePhase[] = [
    'Copying',
    'Switching',
    'Soaking',
    'Returning',
    'Undoing',
    'Finishing',
  ];

  it.each(PHASES)('%s: without any word nothing is flipped, finished or removed', (phase) => {
    for (const phaseMilliseconds of [0, 999, 1000, 100_000]) {
      const { kind } = decide(anObservation(phase, {}, { phaseMilliseconds }));
      expect(['wait', 'hold', 'undoSwitch', 'undoReturn']).toContain(kind);
    }
  });
});
