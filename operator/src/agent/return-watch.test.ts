import { describe, expect, it } from '@jest/globals';
import { known, unknown } from '../engines/measure.ts';
import type { KeptItem, LogTail, MemberFiles } from '../engines/member-files.ts';
import type { Lineage, Position } from '../engines/position.ts';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import type { Surroundings } from './examinable-end.ts';
import type { AgentState } from './protocol/agent-state.ts';
import { ReturnWatch } from './return-watch.ts';
import { replicaState } from './testing/agent-states.ts';
import {
  acknowledgedBy,
  aFollowing,
  aMember,
  anEntry,
  OTHER_REPLICA,
  PRIMARY,
  REPLICA,
} from './testing/observations.ts';

const signal = new AbortController().signal;
const OWN = '0-2-9' as Position;
const FOREIGN = '0-1-9' as Position;
const tail: LogTail = { end: OWN, changes: 1, bytes: 100, certain: true, isUpkeep: false };
const item: KeptItem = { name: 'tail', path: '/tail', kind: 'tail', at: 0 };
const promoted = aMember({
  role: { kind: 'primary' },
  writable: true,
  lineage: '0-2-8' as Lineage,
  ...acknowledgedBy(1),
});

const stopped: Surroundings = {
  shard: { kind: 'known', shard: anEntry() },
  server: { kind: 'ended', lastExit: null },
  volume: { kind: 'ready', origin: 'clone', engineVersion: '11.8.6' },
  ends: { own: known(OWN), received: known(FOREIGN) },
  member: null,
  freeBytes: 1000,
  replicationFailure: null,
};
const running = (change: Partial<Surroundings> = {}): Surroundings => ({
  ...stopped,
  server: { kind: 'running', pid: 7, epoch: 3, role: 'replica', startedAt: 0 },
  ends: null,
  member: aMember({ applied: OWN }),
  ...change,
});

function makeWatch({
  primary = replicaState({ member: promoted }),
  found = tail,
  isReadable = true,
}: {
  readonly primary?: AgentState | null;
  readonly found?: LogTail | null;
  readonly isReadable?: boolean;
} = {}) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const searched: Lineage[] = [];
  const answers: { primary: AgentState | null; found: LogTail | null } = { primary, found };
  const files = {
    wrote: (position) => position === OWN,
    findTail: async (lineage) => {
      searched.push(lineage);
      if (!isReadable) {
        throw new Error('not readable');
      }
      return answers.found;
    },
    listKept: async () => [item],
  } satisfies Partial<MemberFiles>;
  const watch = new ReturnWatch({
    pod: REPLICA,
    files: () => files as Partial<MemberFiles> as MemberFiles,
    fetchState: async (pod) => {
      asked.push(pod);
      if (answers.primary === null) {
        throw new Error('unreachable');
      }
      return answers.primary;
    },
    clock,
    logger: silentLogger,
    onNews: () => {},
  });
  const look = async (seen: Surroundings, times = 3): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      watch.look(seen, signal);
      await settle();
      await clock.advance(100);
    }
  };
  return { watch, clock, asked, searched, answers, look };
}

describe('ReturnWatch', () => {
  it('has no facts about itself as the primary, and during a promotion', async () => {
    for (const primary of [REPLICA, null]) {
      const { watch, look } = makeWatch();
      await look({ ...stopped, shard: { kind: 'known', shard: anEntry({ primary }) } });
      expect(watch.facts).toBeNull();
    }
  });

  it('asks nobody where another member wrote last', async () => {
    const { watch, look, asked } = makeWatch();
    await look({ ...stopped, ends: { own: known(FOREIGN), received: known(FOREIGN) } });
    expect(watch.facts?.tail).toEqual({ kind: 'none' });
    await look(running({ member: aMember({ applied: FOREIGN }) }));
    expect(watch.facts?.tail).toEqual({ kind: 'none' });
    expect(asked).toEqual([]);
  });

  it('compares its own log with what the primary has, once for each run', async () => {
    const { watch, look, asked, searched } = makeWatch();
    await look({ ...stopped, ends: null });
    expect(watch.facts?.tail).toEqual({ kind: 'unexamined', missing: 'log' });
    await look(stopped, 5);
    expect(watch.facts).toMatchObject({ tail: { kind: 'found', tail, kept: null }, freeBytes: 1000 });
    expect(new Set(asked)).toEqual(new Set([PRIMARY]));
    expect(searched).toEqual(['0-2-8']);
    watch.noteKept(item);
    await look(stopped);
    expect(watch.facts?.tail).toEqual({ kind: 'found', tail, kept: item });
    expect(watch.lineage).toBe('0-2-8');
  });

  it.each([
    ['does not answer', null],
    ['goes by another epoch', replicaState({ epoch: 2, member: promoted })],
    ['was not looked at', replicaState({ member: null })],
    [
      'still follows',
      replicaState({ member: aMember({ role: { kind: 'replica', following: aFollowing() } }) }),
    ],
  ])('waits while the primary %s', async (_why, primary) => {
    const { watch, look, searched, answers } = makeWatch({ primary });
    await look(stopped);
    expect(watch.facts?.tail).toEqual({ kind: 'unexamined', missing: 'primary' });
    expect(searched).toEqual([]);
    answers.primary = replicaState({ member: promoted });
    await look(stopped);
    expect(watch.facts?.tail.kind).toBe('found');
  });

  it('looks again after a start, by what the primary has said already', async () => {
    const { watch, look, answers } = makeWatch();
    await look(stopped);
    watch.noteKept(item);
    watch.noteStart();
    expect(watch.facts?.tail).toEqual({ kind: 'unexamined', missing: 'log' });
    answers.primary = null;
    answers.found = null;
    await look(running());
    expect(watch.facts).toMatchObject({ tail: { kind: 'shared' }, startsWithTail: 1 });
  });

  it('finds a tail that the start has left, and counts the starts', async () => {
    const { watch, look } = makeWatch();
    await look(stopped);
    watch.noteKept(item);
    watch.noteStart();
    await look({ ...stopped, ends: null });
    await look(stopped);
    watch.noteStart();
    await look(stopped);
    expect(watch.facts).toMatchObject({ tail: { kind: 'found', kept: item }, startsWithTail: 2 });
    // Another epoch, another judgement.
    await look({
      ...stopped,
      shard: { kind: 'known', shard: anEntry({ epoch: 4, primary: OTHER_REPLICA }) },
    });
    expect(watch.facts).toMatchObject({ epoch: 4, primary: OTHER_REPLICA, startsWithTail: 0 });
  });

  it.each([
    ['takes writes', promoted, true],
    ['waits for anybody who acknowledges', aMember(acknowledgedBy(0)), true],
    ['is about to open', aMember(acknowledgedBy(1)), false],
    ['has not set its rule', aMember(), false],
    ['is of a former epoch', aMember({ ...promoted, epoch: known(2) }), false],
  ])('tells that a primary that %s serves or not', async (_what, member, isServing) => {
    const { watch, look } = makeWatch({ primary: replicaState({ member }) });
    await look(stopped);
    expect(watch.facts?.primaryView).toMatchObject({ isPromoted: true, isServing });
  });

  it('lets the server judge a log that cannot be compared', async () => {
    const { watch, look, searched } = makeWatch({ isReadable: false });
    await look(stopped, 5);
    expect(watch.facts?.tail).toEqual({ kind: 'unreadable' });
    expect(searched).toHaveLength(1);
  });

  it('asks nobody about a log that cannot be read', async () => {
    const { watch, look, asked } = makeWatch();
    await look({ ...stopped, ends: { own: unknown('torn'), received: known(FOREIGN) } });
    expect(watch.facts?.tail).toEqual({ kind: 'unreadable' });
    expect(asked).toEqual([]);
  });

  it('believes no old word of the primary', async () => {
    const { watch, look, clock, answers } = makeWatch();
    await look(stopped);
    answers.primary = null;
    await clock.advance(3000);
    await look(stopped);
    expect(watch.facts?.primaryView).toBeNull();
  });

  it('asks to be no acker any more, once its server is down, with all it may have acknowledged', async () => {
    const { watch, look } = makeWatch();
    await look(running());
    expect(watch.state.leavingAckers).toBeNull();
    watch.noteGivenUp('it is broken');
    await look(running());
    expect(watch.state.leavingAckers).toBeNull();
    await look({ ...stopped, ends: { own: known(FOREIGN), received: known('0-1-12' as Position) } });
    expect(watch.state.leavingAckers).toEqual({ holds: ['0-1-12', FOREIGN] });
    await look(stopped);
    expect(watch.state.leavingAckers).toEqual({ holds: [FOREIGN] });
  });

  it('counts how often it was made anew of late, and tells what is kept', async () => {
    const { watch, look, clock } = makeWatch();
    await look(stopped);
    const vacated = { at: 1, epoch: 3, reason: 'it was broken', aside: null };
    watch.noteVacated(vacated);
    await look(stopped);
    expect(watch.facts?.recentReclones).toBe(1);
    expect(watch.state).toEqual({ kept: [item], vacated, leavingAckers: null });
    await clock.advance(3_700_000);
    await look(stopped);
    expect(watch.facts?.recentReclones).toBe(0);
  });
});
