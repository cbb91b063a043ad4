import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentState } from '../../agent/protocol/agent-state.ts';
import { mariadbPositions } from '../../engines/mariadb/gtid.ts';
import type { Position } from '../../engines/position.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import type { MemberObservation } from '../observe-shard.ts';
import { aMember, anObservation, aShard, PODS } from '../testing/observations.ts';
import { at, ended, following, holding, knownAt, leading } from '../testing/states.ts';
import { Fencing, type SendCommand } from './fence-members.ts';

const [FORMER, FIRST, SECOND] = PODS;
const shard = aShard({ epoch: 4, primary: null, formerPrimary: FORMER, replicas: [...PODS] });
const first = aMember(FIRST, holding(42));
const second = aMember(SECOND, holding(42));
const position = { received: at(42), applied: at(42) };

let clock: FakeClock;
let fencing: Fencing;
let sent: string[];
let answers: Map<string, () => Promise<unknown>>;
let news: number;
let create: (closedAt?: Position | null) => Fencing;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  news = 0;
  answers = new Map();
  const send = async (
    pod: string,
    { command, epoch }: { command: string; epoch: number },
  ): Promise<unknown> => {
    sent.push(`${command} ${pod} ${epoch}`);
    return answers.get(pod)?.() ?? (command === 'killServer' ? { exit: null } : position);
  };
  create = (closedAt = null) =>
    new Fencing({
      epoch: 4,
      closedAt,
      send: send as SendCommand,
      hasDrained: ({ received, applied }) => mariadbPositions.covers(applied, received),
      onNews: () => (news += 1),
      clock,
      logger: silentLogger,
    });
  fencing = create();
});

async function proceed(...members: readonly MemberObservation[]): Promise<void> {
  fencing.proceed(anObservation(shard, members), false);
  await settle();
}

function isFenced(...members: readonly MemberObservation[]): boolean {
  return fencing.isFenced(anObservation(shard, members));
}

const primary = aMember(FORMER, leading());

describe('a former primary that was closed for a switchover', () => {
  beforeEach(() => {
    fencing = create(at(42));
  });

  it('steps down instead of being killed, and is told once', async () => {
    const answer = Promise.withResolvers<object>();
    answers.set(FORMER, () => answer.promise);
    await proceed(primary, first, second);
    expect(sent).toEqual([`stepDown ${FORMER} 4`, ...stopBoth]);
    expect([fencing.isWaiting, isFenced(primary), fencing.formerEnd]).toEqual([true, false, null]);
    answer.resolve({});
    await proceed(primary, first, second);
    expect([fencing.isWaiting, isFenced(primary), fencing.formerEnd]).toEqual([false, true, at(42)]);
    // What it told before may still say that it takes writes.
    await clock.advance(5000);
    await proceed(primary, first, second);
    expect(sent).toHaveLength(3);
  });

  it('is killed at once where it does not', async () => {
    answers.set(FORMER, async () => Promise.reject(new Error('its log ends elsewhere')));
    await proceed(primary, first, second);
    expect([isFenced(primary), fencing.formerEnd]).toEqual([false, null]);
    answers.delete(FORMER);
    await proceed(primary, first, second);
    expect(sent.at(-1)).toBe(`killServer ${FORMER} 4`);
    expect([isFenced(primary), fencing.formerEnd]).toEqual([true, null]);
  });

  it('is killed where its pod is being stopped', async () => {
    await proceed(aMember(FORMER, leading({ terminating: true })), first, second);
    expect(sent[0]).toBe(`killServer ${FORMER} 4`);
  });

  it('is not asked before the map says that there is no primary, nor once it is dead', async () => {
    const { formerPrimary: _, ...rest } = shard;
    fencing.proceedEarly(anObservation({ ...rest, epoch: 3, primary: FORMER }, [primary, first, second]));
    await settle();
    await proceed(aMember(FORMER, ended(42)), first, second);
    expect(sent).toEqual(stopBoth);
    expect(isFenced(aMember(FORMER, ended(42)))).toBe(true);
  });
});

const stopBoth = [`stopReceiving ${FIRST} 4`, `stopReceiving ${SECOND} 4`];

describe('fencing', () => {
  it('kills the former primary and has everybody else stop receiving, all at once', async () => {
    answers.set(FORMER, () => new Promise(() => {}));
    await proceed(aMember(FORMER, leading()), first, second);
    expect(sent).toEqual([`killServer ${FORMER} 4`, ...stopBoth]);
    expect([...fencing.answers]).toEqual([
      [FIRST, position],
      [SECOND, position],
    ]);
    expect(fencing.isWaiting).toBe(true);
    expect(news).toBe(2);
  });

  it('asks again whoever has yet to apply what it received, and waits for nobody because of it', async () => {
    answers.set(FIRST, async () => ({ received: at(42), applied: at(40) }));
    await proceed(aMember(FORMER), first, second);
    await clock.advance(10);
    answers.set(FIRST, async () => position);
    fencing.proceed(anObservation(shard, [aMember(FORMER), first, second]), false);
    expect(fencing.isWaiting).toBe(false);
    expect([...fencing.settled.keys()]).toEqual([SECOND]);
    await settle();
    expect(fencing.settled.size).toBe(2);
    await clock.advance(1000);
    await proceed(aMember(FORMER), first, second);
    expect(sent).toEqual([...stopBoth, `stopReceiving ${FIRST} 4`]);
    expect(fencing.answers.get(FIRST)).toEqual(position);
  });

  it.each<readonly [string, AgentState | null]>([
    ['is dead', ended(42)],
    ['does not answer', null],
  ])('leaves a former primary alone that %s', async (_, state) => {
    await proceed(aMember(FORMER, state), first, second);
    expect(sent).toEqual(stopBoth);
  });

  it('kills whoever takes writes, or was started to', async () => {
    const usurper = leading({ server: { kind: 'running', pid: 1, epoch: 2, role: 'replica', startedAt: 1 } });
    await proceed(aMember(FIRST, usurper), aMember(SECOND, leading({ member: null })));
    expect(sent).toEqual([`killServer ${FIRST} 4`, `killServer ${SECOND} 4`]);
  });

  it('asks only replicas before the map says that there is no primary', async () => {
    const { formerPrimary: _, ...rest } = shard;
    const before = { ...rest, epoch: 3, primary: FORMER, replicas: [FIRST, SECOND] };
    fencing.proceedEarly(
      anObservation(before, [aMember(FORMER, leading()), first, aMember(SECOND, leading())]),
    );
    await settle();
    expect(sent).toEqual([`stopReceiving ${FIRST} 4`]);
    expect([...fencing.answers.keys()]).toEqual([FIRST]);
  });

  it('asks nobody again who may have been told to follow the winner', async () => {
    answers.set(FIRST, async () => ({ received: at(42), applied: at(40) }));
    await proceed(aMember(FORMER), first, second);
    await clock.advance(1000);
    fencing.proceed(anObservation(shard, [aMember(FORMER), first, second]), true);
    await settle();
    expect(sent).toEqual(stopBoth);
  });

  it('kills a replica that hangs: dead, its files tell what it holds', async () => {
    const hung = holding(42);
    const unresponsive = { forMilliseconds: 1000, usedProcessor: false };
    await proceed(first, aMember(SECOND, { ...hung, unresponsive }));
    expect(sent).toEqual([`stopReceiving ${FIRST} 4`, `killServer ${SECOND} 4`]);
    expect(isFenced(aMember(FORMER, leading()))).toBe(false);
  });

  it('kills one that hangs since it was asked, and does not wait for its answer', async () => {
    answers.set(SECOND, () => new Promise(() => {}));
    await proceed(first, second);
    answers.delete(SECOND);
    await clock.advance(1000);
    const unresponsive = { forMilliseconds: 1000, usedProcessor: false };
    await proceed(first, aMember(SECOND, { ...holding(42), unresponsive }));
    expect(sent).toEqual([...stopBoth, `killServer ${SECOND} 4`]);
  });

  it('kills one that neither stops nor can be looked at, and nobody that has stopped', async () => {
    answers.set(SECOND, () => new Promise(() => {}));
    await proceed(first, second);
    const unseen = (unseenMilliseconds: number): MemberObservation[] =>
      [FIRST, SECOND].map((pod) => aMember(pod, { ...holding(42), unseenMilliseconds }));
    await proceed(...unseen(2999));
    expect(sent).toEqual(stopBoth);
    await proceed(...unseen(3000));
    expect(sent).toEqual([...stopBoth, `killServer ${SECOND} 4`]);
  });

  it('asks nobody whose server is down', async () => {
    await proceed(aMember(FIRST, ended(42)));
    expect(sent).toEqual([]);
  });

  it('asks again who did not do it, after a pause, and not who did', async () => {
    answers.set(SECOND, () => Promise.reject(new Error('busy')));
    await proceed(first, second);
    await proceed(first, second);
    expect(sent).toEqual(stopBoth);
    answers.delete(SECOND);
    await clock.advance(100);
    await proceed(first, second);
    expect(sent).toEqual([...stopBoth, `stopReceiving ${SECOND} 4`]);
    expect(fencing.answers.size).toBe(2);
  });

  it('tells nobody of anything once it is closed', async () => {
    fencing.close();
    await proceed(first);
    expect(news).toBe(0);
  });
});

describe('a former primary', () => {
  const silent = (unattendedMilliseconds: number): MemberObservation =>
    aMember(FORMER, null, { unattendedMilliseconds });

  it('is fenced once its kill was answered', async () => {
    expect(isFenced(aMember(FORMER, leading()))).toBe(false);
    await proceed(aMember(FORMER, leading()));
    expect(isFenced(aMember(FORMER, leading()))).toBe(true);
  });

  it.each<readonly [string, MemberObservation, boolean]>([
    ['its agent says that it is dead', aMember(FORMER, ended(42)), true],
    ['the kubelet says that it is dead', aMember(FORMER, null, { hasContainerEnded: true }), true],
    [
      'the kubelet says so, and its agent knows of no launcher',
      aMember(FORMER, leading({ server: { kind: 'unknown', reason: 'detached' } }), {
        hasContainerEnded: true,
      }),
      true,
    ],
    [
      'the kubelet says so of an earlier server',
      aMember(FORMER, leading(), { hasContainerEnded: true }),
      false,
    ],
    ['nobody has heard of it for the fence’s time and a little', silent(1250), true],
    ['it may have heard of us a moment ago', silent(1249), false],
    ['its agent answers and it runs', aMember(FORMER, leading(), { unattendedMilliseconds: 5000 }), false],
  ])('where %s', (_, former, expected) => {
    expect(isFenced(former)).toBe(expected);
  });

  it('that never became one, for it cannot apply, is asked to stop as the others are, and is fenced by its answer', async () => {
    const applying = { kind: 'failed', error: { number: 1062, message: 'a row is there' } } as const;
    const unable = following({ applying }, { received: knownAt(42), applied: at(41) });
    answers.set(FORMER, async () => ({ received: at(42), applied: at(41) }));
    expect(isFenced(aMember(FORMER, unable))).toBe(false);
    await proceed(aMember(FORMER, unable));
    expect(sent).toEqual([`stopReceiving ${FORMER} 4`]);
    expect(isFenced(aMember(FORMER, unable))).toBe(true);
    // Its agent ends one that was started as the primary.
    const server = { kind: 'running', pid: 7, epoch: 3, role: 'primary', startedAt: 1 } as const;
    await clock.advance(100);
    await proceed(aMember(FORMER, { ...unable, server }));
    expect(sent.at(-1)).toBe(`killServer ${FORMER} 4`);
  });

  it('that cannot be killed leaves the matter to the ackers after three seconds', async () => {
    answers.set(FORMER, () => Promise.reject(new Error('it does not die')));
    await proceed(aMember(FORMER, leading()));
    await clock.advance(2999);
    expect(isFenced(aMember(FORMER, leading()))).toBe(false);
    await clock.advance(1);
    expect(isFenced(aMember(FORMER, leading()))).toBe(true);
  });

  it('that nobody knows of is waited for as long', async () => {
    const { formerPrimary: _, ...unknown } = shard;
    const observation = anObservation(unknown, [first, second]);
    expect(fencing.isFenced(observation)).toBe(false);
    await clock.advance(1250);
    expect(fencing.isFenced(observation)).toBe(true);
  });
});
