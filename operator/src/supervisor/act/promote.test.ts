import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import type { PromotionReport } from '../../core/instance-report.ts';
import { mariadbPositions } from '../../engines/mariadb/gtid.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import type { MemberObservation, ShardObservation } from '../observe-shard.ts';
import type { ShardEdit } from '../shard-map-writer.ts';
import { aMember, anObservation, aShard, PODS } from '../testing/observations.ts';
import { at, ended, holding, leading } from '../testing/states.ts';
import type { SendCommand } from './fence-members.ts';
import { Promotion, type PromotionCause, type PromotionNews } from './promote.ts';

const NEVER = new AbortController().signal;
const [PRIMARY, FIRST, SECOND] = PODS;
const NOBODY = { chosen: null, preferred: null };
const LOST: PromotionCause = {
  reason: 'ServerEnded',
  detectedMilliseconds: 7,
  preferred: null,
  request: null,
  closedAt: null,
};
const dead = aMember(PRIMARY, ended(42, 0, { epoch: 4 }));
const first = aMember(FIRST, holding(42));
const second = aMember(SECOND, holding(42));

let clock: FakeClock;
let stored: ShardMapShard;
let news: PromotionNews[];
let reports: PromotionReport[];
let promotion: Promotion;
let writeMilliseconds: number;
let sent: string[];

beforeEach(() => {
  clock = new FakeClock();
  stored = aShard();
  news = [];
  reports = [];
  writeMilliseconds = 0;
  sent = [];
  const send = async (pod: string, { command }: { command: string }) => {
    sent.push(`${command} ${pod}`);
    return { received: at(42), applied: at(42) };
  };
  promotion = new Promotion({
    send: send as SendCommand,
    change: async (edit: ShardEdit) => {
      await clock.advance(writeMilliseconds);
      const changed = edit(stored, { spec: { revision: 1, shards: [stored] } } as never);
      stored = changed ?? stored;
      return changed;
    },
    wake: () => {},
    positions: mariadbPositions,
    clock,
    logger: silentLogger,
    metrics: { promoted: (report) => reports.push(report) },
    onNews: (item) => news.push(...(item === null ? [] : [item])),
  });
});

function observe(
  members: readonly MemberObservation[],
  change: Partial<ShardObservation> = {},
): ShardObservation {
  return anObservation(stored, members, change);
}

async function begin(cause = LOST, change: Partial<ShardObservation> = {}): Promise<boolean> {
  return promotion.begin(cause, observe([dead, first, second], change), NEVER);
}

async function proceed(members: readonly MemberObservation[] = [dead, first, second]): Promise<void> {
  await promotion.proceed(observe(members), NOBODY, NEVER);
  await settle();
}

describe('the first write', () => {
  it('ends the term and keeps who was primary, as a member and by name', async () => {
    expect(await begin()).toBe(true);
    expect(stored).toEqual({
      ...aShard(),
      epoch: 4,
      primary: null,
      formerPrimary: PRIMARY,
      replicas: [...PODS],
      ackers: [FIRST, SECOND],
    });
    expect(news).toEqual([
      { kind: 'PrimaryLost', note: expect.stringContaining('(ServerEnded); epoch 4 begins') },
    ]);
  });

  it('counts a primary that never took writes among the ackers', async () => {
    await begin(LOST, { hasOpened: false });
    expect(stored.ackers).toEqual([FIRST, SECOND, PRIMARY]);
  });

  it('records the request that it carries out, and tells of no loss', async () => {
    await begin({ ...LOST, reason: 'Switchover', request: 'any/7' });
    expect(stored.handledSwitchover).toBe('any/7');
    expect(news).toEqual([]);
  });

  it('is left out when somebody else has ended the term meanwhile', async () => {
    const observation = observe([dead, first, second]);
    stored = aShard({ epoch: 4, primary: SECOND, replicas: [PRIMARY, FIRST] });
    expect(await promotion.begin(LOST, observation, NEVER)).toBe(false);
    expect(stored).toMatchObject({ epoch: 4, primary: SECOND });
    expect(news).toEqual([]);
  });
});

describe('the second write', () => {
  it('records the winner once every acker has answered, and since when', async () => {
    await begin({ ...LOST, reason: 'Unreachable' });
    await proceed();
    expect(stored.primary).toBeNull();
    await proceed();
    expect(stored).toEqual({
      ...aShard(),
      epoch: 4,
      primary: FIRST,
      replicas: [PRIMARY, SECOND],
      ackers: [SECOND],
      promotedAt: new Date(clock.now()).toISOString(),
    });
  });

  it('goes on while winner and others get ready for it', async () => {
    await begin();
    expect(sent).toEqual([`stopReceiving ${FIRST}`, `stopReceiving ${SECOND}`]);
    await proceed();
    expect(sent.slice(2)).toEqual([`prepareToLead ${FIRST}`, `prepareToFollow ${SECOND}`]);
    expect(stored.primary).toBe(FIRST);
  });

  it('takes the member that got ready while the fence was waited for', async () => {
    await begin({ ...LOST, reason: 'Unreachable' });
    expect(sent).toEqual([]);
    const silent = aMember(PRIMARY, null, { unattendedMilliseconds: 1000 });
    await proceed([silent, first, second]);
    await proceed([silent, first, second]);
    expect(sent.slice(2)).toEqual([`prepareToLead ${FIRST}`, `prepareToFollow ${SECOND}`]);
    expect(stored.primary).toBeNull();
    const fenced = aMember(PRIMARY, null, { unattendedMilliseconds: 1250 });
    const firstBehind = aMember(FIRST, holding(42, 41));
    await proceed([fenced, firstBehind, second]);
    expect(stored.primary).toBe(FIRST);
    expect(sent).toHaveLength(4);
  });

  it('takes whom a switchover prefers', async () => {
    await begin({ ...LOST, reason: 'Switchover', preferred: SECOND });
    await proceed();
    await proceed();
    expect(stored.primary).toBe(SECOND);
  });

  it.each<readonly [string, Partial<ShardMapShard>]>([
    ['another instance has recorded a winner', { primary: SECOND, replicas: [PRIMARY, FIRST] }],
    ['another term has begun', { epoch: 5 }],
    ['an acker has come that was not asked', { ackers: [FIRST, SECOND, PRIMARY] }],
  ])('is left out when %s', async (_, change) => {
    await begin();
    const observation = observe([dead, first, second]);
    stored = { ...stored, ...change };
    const before = stored;
    await promotion.proceed(observation, NOBODY, NEVER);
    expect(stored).toBe(before);
    expect(promotion.report).toBeNull();
  });

  it('rests on no answer from before a first write that took long', async () => {
    writeMilliseconds = 401;
    await begin();
    await proceed();
    expect(sent.slice(2)).toEqual(sent.slice(0, 2));
    expect(stored.primary).toBeNull();
    await proceed();
    expect(stored.primary).toBe(FIRST);
  });

  it('does not come while an acker is silent, and says why after a while', async () => {
    await begin({ ...LOST, reason: 'Unreachable' });
    const members = [aMember(PRIMARY, null, { unattendedMilliseconds: 5000 }), first];
    await proceed(members);
    await proceed(members);
    expect(promotion.refusal).toBeNull();
    await clock.advance(2000);
    await proceed(members);
    expect(stored.primary).toBeNull();
    expect(promotion.refusal).toMatchObject({ reason: 'AckersUnreachable', best: FIRST });
  });

  it('comes as well from an instance that did not begin', async () => {
    stored = aShard({ epoch: 4, primary: null, formerPrimary: PRIMARY, replicas: [...PODS] });
    await proceed();
    await proceed();
    expect(stored.primary).toBe(FIRST);
    expect(promotion.report).toMatchObject({ reason: 'Resumed', from: PRIMARY, to: FIRST, epoch: 4 });
  });
});

describe('the report', () => {
  it('has what every part took, once the winner takes writes', async () => {
    writeMilliseconds = 5;
    await begin();
    await clock.advance(20);
    await proceed();
    expect(promotion.report?.phases).toEqual({ detect: 7, decide: 5, fence: 20, publish: 5 });
    const opened = aMember(FIRST, leading());
    await clock.advance(30);
    promotion.follow(
      observe([dead, aMember(FIRST, leading({}, { writable: false })), second], { hasOpened: false }),
    );
    await clock.advance(40);
    promotion.follow(observe([dead, opened, second]));
    promotion.follow(observe([dead, opened, second]));
    expect(reports).toEqual([
      {
        epoch: 4,
        from: PRIMARY,
        to: FIRST,
        reason: 'ServerEnded',
        at: expect.any(Number),
        mayBeMissing: null,
        phases: { detect: 7, decide: 5, fence: 20, publish: 5, drain: 30, promote: 40 },
      },
    ]);
    expect(news.at(-1)).toEqual({
      kind: 'Promoted',
      note:
        'demo-shard-0-1 is the primary of demo-shard-0 in epoch 4, after demo-shard-0-0 (ServerEnded); 107 ms: ' +
        'detect 7 ms, decide 5 ms, fence 20 ms, publish 5 ms, drain 30 ms, promote 40 ms.',
    });
  });

  it('says what may be missing where a person decided', async () => {
    await begin({ ...LOST, reason: 'Unreachable' });
    const members = [aMember(PRIMARY, null, { unattendedMilliseconds: 5000 }), first];
    await proceed(members);
    await promotion.proceed(observe(members), { chosen: FIRST, preferred: null }, NEVER);
    expect(promotion.report?.mayBeMissing).toContain(SECOND);
    promotion.follow(observe([dead, aMember(FIRST, leading()), second]));
    expect(news.at(-1)).toMatchObject({ kind: 'PromotedWithLoss', note: expect.stringContaining(SECOND) });
  });
});
