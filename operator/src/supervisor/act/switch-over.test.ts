import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CommandName } from '../../agent/protocol/commands.ts';
import type { AgentState } from '../../agent/protocol/agent-state.ts';
import {
  type ShardedCluster,
  type ShardMap,
  type ShardMapShard,
  type ShardStatus,
  switchoverAnnotation,
  switchoverRequestOf,
} from '../../api/v1alpha1/index.ts';
import { aCluster } from '../../controllers/sharded-cluster/testing/builders.ts';
import { mariadbPositions } from '../../engines/mariadb/gtid.ts';
import type { Position } from '../../engines/position.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { PATIENCE_MILLISECONDS } from '../decide-switchover.ts';
import type { MemberObservation, ShardObservation } from '../observe-shard.ts';
import type { ShardEdit } from '../shard-map-writer.ts';
import { aMember, anObservation, aShard, PODS } from '../testing/observations.ts';
import { following, leading } from '../testing/states.ts';
import type { SendCommand } from './fence-members.ts';
import { HOLD_MILLISECONDS } from './hand-over.ts';
import type { PromotionCause } from './promote.ts';
import { Switchover, type SwitchoverNews } from './switch-over.ts';

const NEVER = new AbortController().signal;
const [FIRST, SECOND, THIRD] = PODS;

describe('switchovers of a shard', () => {
  let clock: FakeClock;
  let shard: ShardMapShard;
  let annotation: string | null;
  let lastSwitchover: ShardStatus['lastSwitchover'];
  let primary: MemberObservation;
  let begun: PromotionCause[];
  let isBeginRefused: boolean;
  let told: string[];
  let news: SwitchoverNews[];
  /** Where the primary's log ends. */
  const END = '0-1-42' as Position;
  let answers: Partial<Record<CommandName, () => Promise<unknown>>>;
  let switchover: Switchover;

  beforeEach(() => {
    clock = new FakeClock();
    shard = aShard();
    annotation = 'any/1';
    lastSwitchover = undefined;
    primary = aMember(FIRST, open());
    [begun, told, news] = [[], [], []];
    isBeginRefused = false;
    answers = {
      closeWrites: async () => ({ position: END }),
      awaitApplied: async () => ({ reached: true }),
      reopenWrites: async () => ({ wasHeld: true }),
    };
    switchover = aSwitchover();
  });

  function open(change: Partial<AgentState> = {}): AgentState {
    return leading(change, { longestTransactionSeconds: { kind: 'known', value: 0 } });
  }

  function aSwitchover(): Switchover {
    const send = async (pod: string, { command }: { readonly command: CommandName }): Promise<unknown> => {
      told.push(`${pod} ${command}`);
      return answers[command]?.();
    };
    return new Switchover({
      send: send as SendCommand,
      change: async (edit: ShardEdit) => {
        const changed = edit(shard, {} as ShardMap);
        shard = changed ?? shard;
        return changed;
      },
      promotion: {
        begin: async (cause) => {
          begun.push(cause);
          return !isBeginRefused;
        },
      },
      wake: () => {},
      positions: mariadbPositions,
      clock,
      logger: silentLogger,
      onNews: (each) => void news.push(each),
    });
  }

  function cluster(): ShardedCluster {
    const status = {
      shards: [
        { name: shard.name, readyInstances: 3, ...(lastSwitchover === undefined ? {} : { lastSwitchover }) },
      ],
    };
    const made = aCluster({}, status);
    const annotations = annotation === null ? {} : { [switchoverAnnotation(0)]: annotation };
    return { ...made, metadata: { ...made.metadata, annotations } };
  }

  function observation(): ShardObservation {
    const others = [SECOND, THIRD].map((pod) => aMember(pod, following()));
    return anObservation(shard, [primary, ...others]);
  }

  /** What the loop of a shard does in one pass, while the shard is well. */
  async function pass(): Promise<void> {
    const object = cluster();
    switchover.follow({ shard }, object);
    if (shard.primary !== null) {
      await switchover.proceed(observation(), switchoverRequestOf(object, 0), NEVER);
    }
    await settle();
  }

  /** What a promotion writes. */
  function promote(winner: string): void {
    const replicas = PODS.filter((pod) => pod !== winner);
    shard = { ...shard, epoch: shard.epoch + 1, primary: winner, replicas, ackers: replicas };
  }

  it('closes the primary, and begins a promotion that records the request', async () => {
    await pass();
    expect(switchover.isUnderWay).toBe(true);
    expect(told).toEqual([`${SECOND} awaitApplied`, `${FIRST} closeWrites`, `${SECOND} awaitApplied`]);
    await pass();
    expect(begun).toEqual([
      { reason: 'Switchover', detectedMilliseconds: 0, preferred: SECOND, request: 'any/1', closedAt: END },
    ]);
    expect(switchover.isUnderWay).toBe(false);
    shard = { ...shard, epoch: 4, primary: null, handledSwitchover: 'any/1' };
    await pass();
    expect(switchover.report).toBeNull();
    shard = { ...shard, primary: SECOND };
    await pass();
    expect(switchover.report).toMatchObject({
      request: 'any/1',
      outcome: 'Completed',
      message: 'demo-shard-0-1 took over from demo-shard-0-0.',
    });
  });

  it('tells when nobody could be promoted but the former primary', async () => {
    await pass();
    await pass();
    shard = { ...shard, epoch: 4, handledSwitchover: 'any/1' };
    await pass();
    expect(switchover.report).toMatchObject({ outcome: 'Undone', request: 'any/1' });
  });

  it('begins again when somebody else wrote the map meanwhile', async () => {
    isBeginRefused = true;
    await pass();
    await pass();
    isBeginRefused = false;
    await pass();
    await pass();
    expect(begun).toHaveLength(2);
  });

  it('records a refusal, once', async () => {
    annotation = 'demo-shard-0-0';
    await pass();
    await pass();
    expect(shard.handledSwitchover).toBe('demo-shard-0-0');
    expect(switchover.report).toMatchObject({ outcome: 'Refused', request: 'demo-shard-0-0' });
    expect(news).toEqual([
      { kind: 'SwitchoverRefused', note: 'demo-shard-0-0: demo-shard-0-0 is the primary already.' },
    ]);
    expect(told).toEqual([]);
  });

  it('waits before it refuses for what may pass', async () => {
    primary = aMember(FIRST, null);
    await pass();
    await clock.advance(6900);
    await pass();
    expect(shard.handledSwitchover).toBeUndefined();
    await clock.advance(100);
    await pass();
    expect(switchover.report?.outcome).toBe('Refused');
  });

  it('waits for longer than another operator may have closed the primary for', () => {
    expect(PATIENCE_MILLISECONDS).toBeGreaterThan(HOLD_MILLISECONDS);
  });

  it('is undone, and recorded, when its candidate dies', async () => {
    answers.closeWrites = async () => {
      answers.awaitApplied = () => Promise.reject(new Error('connection refused'));
      return { position: END };
    };
    await pass();
    await pass();
    expect(told.at(-1)).toBe(`${FIRST} reopenWrites`);
    expect(shard.handledSwitchover).toBe('any/1');
    expect(switchover.report).toMatchObject({
      outcome: 'Undone',
      message: expect.stringContaining('refused'),
    });
    expect(news.map(({ kind }) => kind)).toEqual(['SwitchoverUndone']);
    await pass();
    expect(told).toHaveLength(4);
  });

  it('does not rest on a closing that may be over', async () => {
    await pass();
    await clock.advance(HOLD_MILLISECONDS);
    await pass();
    expect(begun).toEqual([]);
    expect(switchover.report?.outcome).toBe('Undone');
  });

  it('is given up when a promotion begins for another reason', async () => {
    answers.closeWrites = () => new Promise(() => {});
    await pass();
    shard = { ...shard, epoch: 4, primary: null };
    await pass();
    expect(switchover.isUnderWay).toBe(false);
    promote(THIRD);
    expect(switchover.report).toBeNull();
  });

  it('is not repeated by another operator, which tells what it finds', async () => {
    promote(SECOND);
    shard = { ...shard, handledSwitchover: 'any/1' };
    primary = aMember(SECOND, open());
    await pass();
    expect(told).toEqual([]);
    expect(switchover.report).toMatchObject({ request: 'any/1', outcome: 'Completed' });
    expect(switchover.report?.message).toContain('was replaced meanwhile');
  });

  it('tells nothing of what was told before', async () => {
    shard = { ...shard, handledSwitchover: 'any/1' };
    lastSwitchover = { request: 'any/1', outcome: 'Refused', message: 'No.', at: '2026-01-01T00:00:00Z' };
    await pass();
    expect(switchover.report).toBeNull();
  });

  describe('because a primary goes', () => {
    beforeEach(() => {
      annotation = null;
      primary = aMember(FIRST, open({ terminating: true }));
    });

    it('need no request and record none', async () => {
      await pass();
      await pass();
      expect(begun).toEqual([
        { reason: 'Switchover', detectedMilliseconds: 0, preferred: SECOND, request: null, closedAt: END },
      ]);
      promote(SECOND);
      primary = aMember(SECOND, open());
      await pass();
      expect(switchover.report).toMatchObject({ outcome: 'Completed' });
      expect(shard.handledSwitchover).toBeUndefined();
    });

    it('are tried again after a pause', async () => {
      answers.awaitApplied = async () => ({ reached: false });
      await pass();
      await pass();
      expect(switchover.report?.outcome).toBe('Undone');
      await clock.advance(4900);
      await pass();
      expect(told).toHaveLength(1);
      await clock.advance(100);
      await pass();
      expect(told).toHaveLength(2);
      await pass();
      await clock.advance(9900);
      await pass();
      expect(told).toHaveLength(2);
      await clock.advance(100);
      await pass();
      expect(told).toHaveLength(3);
      expect(shard.handledSwitchover).toBeUndefined();
    });

    it('are refused with one event for each reason', async () => {
      shard = { ...shard, ackers: [] };
      await pass();
      await clock.advance(7000);
      await pass();
      await pass();
      expect(news).toHaveLength(1);
      expect(news[0]?.note).toContain('not yet on record');
    });
  });
});
