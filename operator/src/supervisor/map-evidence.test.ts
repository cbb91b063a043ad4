import { beforeEach, describe, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { LABELS } from '../api/v1alpha1/index.ts';
import type { MapEvidence } from '../core/rebuild/evidence.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import type { AgentView } from './agent-client/agent-client.ts';
import { type EvidenceOptions, readMapEvidence } from './map-evidence.ts';
import { following, leading } from './testing/states.ts';

const NEVER = new AbortController().signal;
const HOLDINGS = { served: ['app_s0000'], closed: [], missing: [], fences: [], moves: [] };

let clock: FakeClock;
let states: Map<string, AgentState>;
let refusals: number;
let asked: string[];

beforeEach(() => {
  clock = new FakeClock();
  states = new Map([
    ['demo-shard-0-0', leading()],
    ['demo-shard-0-1', following()],
  ]);
  refusals = 0;
  asked = [];
});

function pod(name: string, cluster = 'demo'): V1Pod {
  const number = /-shard-(\d+)-/.exec(name)?.[1] ?? '';
  const labels = { [LABELS.cluster]: cluster, [LABELS.shard]: number };
  return { metadata: { name, namespace: 'shop', uid: name, labels } };
}

/** What is found; time passes as it is waited for. */
async function read(...names: readonly string[]): Promise<MapEvidence> {
  const view = (uid: string): AgentView | undefined => {
    const state = states.get(uid);
    return state === undefined
      ? undefined
      : ({
          status: 'connected',
          frame: { version: 1, sequence: 1, sentAt: 0, state },
          frameReceivedAt: clock.monotonic(),
        } as unknown as AgentView);
  };
  const options = {
    clock,
    pods: { list: () => [...names.map((name) => pod(name)), pod('other-shard-0-0', 'other')] },
    streams: {
      view,
      command: async (uid: string, { command, epoch }: { command: string; epoch: number }) => {
        asked.push(`${command} ${epoch} ${uid}`);
        if (refusals > 0) {
          refusals -= 1;
          throw new Error('this agent still has a ShardMap to act upon');
        }
        return { revision: 9, ...HOLDINGS };
      },
    },
  } as unknown as EvidenceOptions;
  const reading = readMapEvidence(options, { namespace: 'shop', name: 'demo' }, NEVER);
  // Longer than anybody is waited for.
  for (let waited = 0; waited < 50; waited += 1) {
    await settle();
    await clock.advance(100);
  }
  return reading;
}

describe('readMapEvidence', () => {
  it('asks the open primary of the highest epoch what it holds, and everybody for their word', async () => {
    expect(await read('demo-shard-0-0', 'demo-shard-0-1')).toEqual([
      {
        number: 0,
        members: [
          expect.objectContaining({ pod: 'demo-shard-0-0', isWritable: true, recordedEpoch: 3 }),
          expect.objectContaining({ pod: 'demo-shard-0-1', isPrimary: false }),
        ],
        silent: [],
        holdings: HOLDINGS,
        because: null,
        revision: 9,
      },
    ]);
    expect(asked).toEqual(['readHoldings 3 demo-shard-0-0']);
  });

  it('asks again until the agent knows that the map is gone', async () => {
    refusals = 3;
    expect(await read('demo-shard-0-0')).toMatchObject([{ holdings: HOLDINGS }]);
    expect(asked).toHaveLength(4);
  });

  it('says why it does not know, when that takes too long', async () => {
    refusals = Infinity;
    expect(await read('demo-shard-0-0')).toMatchObject([
      { holdings: null, because: expect.stringContaining('still has a ShardMap'), revision: 0 },
    ]);
  });

  it('asks nobody who is behind, and names who is silent', async () => {
    states.set('demo-shard-0-1', following({}, { epoch: { kind: 'known', value: 4 } }));
    expect(await read('demo-shard-0-0', 'demo-shard-0-1', 'demo-shard-0-2')).toMatchObject([
      { holdings: null, silent: ['demo-shard-0-2'], because: expect.stringContaining('epoch 4') },
    ]);
    expect(asked).toEqual([]);
  });
});
