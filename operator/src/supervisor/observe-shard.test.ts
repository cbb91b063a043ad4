import { describe, expect, it } from '@jest/globals';
import type { V1ContainerState, V1Pod } from '@kubernetes/client-node';
import { aPod } from '../controllers/sharded-cluster/testing/builders.ts';
import type { AgentView } from './agent-client/agent-client.ts';
import { FRESH_MILLISECONDS, observeMember } from './observe-shard.ts';
import { leading } from './testing/states.ts';

const POD = 'demo-shard-0-0';
const NOW = 50_000;
const times = { lastHeard: NOW - 700, lastAttended: NOW - 40, now: NOW };

/** A pod of whose containers the kubelet tells `states`; of the former ones `lastState`. */
function podWith(states: Readonly<Record<string, V1ContainerState>>, lastState?: V1ContainerState): V1Pod {
  const pod = aPod(POD);
  pod.status = {
    containerStatuses: Object.entries(states).map(([name, state]) => ({
      name,
      state,
      ...(lastState && { lastState }),
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
    })),
  };
  return pod;
}

function viewOf(change: Partial<AgentView> = {}): AgentView {
  return {
    status: 'connected',
    statusSince: 0,
    error: undefined,
    frame: { version: 1, sequence: 1, sentAt: 1_000_000, state: leading() },
    frameReceivedAt: NOW - 300,
    roundTripMilliseconds: 1,
    attendedAt: undefined,
    ...change,
  };
}

const ended = { terminated: { exitCode: 137 } };
const runs = { running: {} };

describe('the word of the kubelet', () => {
  it.each<readonly [string, V1Pod | undefined, boolean]>([
    ['that the container of the server has ended', podWith({ mariadb: ended }), true],
    ['that it runs', podWith({ mariadb: runs }), false],
    ['that it waits to be started', podWith({ mariadb: { waiting: { reason: 'CrashLoopBackOff' } } }), false],
    ['that another container has ended', podWith({ mariadb: runs, other: ended }), false],
    ['of nothing yet', aPod(POD), false],
    ['of no pod', undefined, false],
  ])('%s', (_, pod, hasContainerEnded) => {
    expect(observeMember(POD, pod, undefined, times)).toMatchObject({
      hasContainerEnded,
      exists: pod !== undefined,
      state: null,
    });
  });

  it('of an earlier server is not that of this one', () => {
    const observed = observeMember(POD, podWith({ mariadb: runs }, ended), undefined, times);
    expect(observed.hasContainerEnded).toBe(false);
  });
});

describe('the word of an agent', () => {
  it.each<readonly [string, AgentView, boolean]>([
    ['counts while it is fresh', viewOf({ frameReceivedAt: NOW - FRESH_MILLISECONDS }), true],
    ['counts no more when it is old', viewOf({ frameReceivedAt: NOW - FRESH_MILLISECONDS - 1 }), false],
    ['counts no more once its stream is closed', viewOf({ status: 'unreachable' }), false],
    ['is none before the first', viewOf({ frame: undefined, frameReceivedAt: undefined }), false],
  ])('%s', (_, view, counts) => {
    expect(observeMember(POD, aPod(POD), view, times).state).toEqual(counts ? leading() : null);
  });

  it('tells what its clock shows now, and times are counted from when it was last heard', () => {
    expect(observeMember(POD, aPod(POD), viewOf(), times)).toMatchObject({
      agentNow: 1_000_300,
      silentMilliseconds: 700,
      unattendedMilliseconds: 40,
    });
  });
});
