import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Following } from '../engines/member-state.ts';
import { silentLogger } from '../runtime/logger.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import type { AgentState } from './protocol/agent-state.ts';
import { PROTOCOL_VERSION } from './protocol/frame.ts';
import { ReplicaWitness } from './replica-witness.ts';
import { replicaState } from './testing/agent-states.ts';
import {
  aFollowing,
  aMember,
  anEntry,
  OTHER_REPLICA,
  PRIMARY_ADDRESS,
  REPLICA,
} from './testing/observations.ts';

const signal = new AbortController().signal;
const { epoch } = anEntry();
/** Milliseconds since the replica's agent last looked at its server. */
const AGE = 120;

function replica(change: Partial<Following> = {}, state: Partial<AgentState> = {}): AgentState {
  const following = aFollowing({ source: PRIMARY_ADDRESS, receiving: { kind: 'running' }, ...change });
  return replicaState({
    epoch,
    member: aMember({ role: { kind: 'replica', following }, observedAt: 5000 }),
    ...state,
  });
}

describe('ReplicaWitness', () => {
  let clock: FakeClock;
  let heard: number[];
  let asked: string[];
  let states: Record<string, AgentState>;
  let ackers: readonly string[];
  let witness: ReplicaWitness;

  beforeEach(async () => {
    clock = new FakeClock();
    await clock.advance(1000);
    [heard, asked, ackers] = [[], [], [REPLICA]];
    states = { [REPLICA]: replica() };
    witness = new ReplicaWitness({
      electorate: () => ({ epoch, ackers }),
      ownServer: () => PRIMARY_ADDRESS,
      async fetchFrame(pod) {
        asked.push(pod);
        const state = states[pod];
        if (state === undefined) {
          throw new Error('unreachable');
        }
        return { version: PROTOCOL_VERSION, sequence: 1, sentAt: 5000 + AGE, state };
      },
      clock,
      logger: silentLogger,
      onReceiving: (at) => heard.push(at),
    });
  });

  const ask = async (): Promise<void> => {
    witness.ask(signal);
    await settle();
  };

  it('dates the word of a replica that receives by its last look at its server', async () => {
    const now = clock.monotonic();
    await ask();
    expect(heard).toEqual([now - AGE]);
  });

  it('needs one of those whose acknowledgement counts', async () => {
    ackers = [OTHER_REPLICA, REPLICA];
    await ask();
    expect([asked, heard.length]).toEqual([[OTHER_REPLICA, REPLICA], 1]);
    [ackers, heard] = [[], []];
    await clock.advance(1000);
    await ask();
    expect(heard).toEqual([]);
  });

  it.each<[string, AgentState]>([
    ['was told to stop', replica({ receiving: { kind: 'stopped' } })],
    ['tries to connect', replica({ receiving: { kind: 'connecting' } })],
    ['receives from another', replica({ source: { ...PRIMARY_ADDRESS, host: 'former.test' } })],
    ['knows of a later epoch', replica({}, { epoch: epoch + 1 })],
    [
      'has a server that does not answer',
      replica({}, { unresponsive: { forMilliseconds: 900, usedProcessor: false } }),
    ],
    ['has no server', replica({}, { member: null })],
    ['is a primary itself', replica({}, { member: aMember({ role: { kind: 'primary' } }) })],
  ])('does not count one that %s', async (_case, state) => {
    states = { [REPLICA]: state };
    await ask();
    expect([asked, heard]).toEqual([[REPLICA], []]);
  });

  it('asks again after a pause, and not while an answer is awaited', async () => {
    await ask();
    await ask();
    expect(asked).toHaveLength(1);
    await clock.advance(150);
    witness.ask(signal);
    await clock.advance(0);
    await ask();
    expect(asked).toHaveLength(2);
  });
});
