import type { AgentState } from '../agent/protocol/agent-state.ts';
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { InstanceReport } from '../core/instance-report.ts';
import type { Measure } from '../engines/measure.ts';
import type { AgentView } from './agent-client/agent-client.ts';

/**
 * An agent that has said nothing for less than this is taken at its last word: reports are for people, and a blip of
 * the network, or a restart of ours, is no fault of the instance.
 */
const SILENCE_MILLISECONDS = 5000;

/** What is known of a pod; undefined while its agent has had no time to say anything. Pure. */
export function reportInstance(
  shard: ShardMapShard,
  pod: string,
  view: AgentView | undefined,
  /** Monotonic milliseconds. */
  now: number,
): InstanceReport | undefined {
  if (view === undefined) {
    return undefined;
  }
  const state = lastState(view, now);
  if (state === null) {
    return silent(view, now);
  }
  const { member, activity, problems } = state;
  const following = member?.role.kind === 'replica' ? member.role.following : null;
  const isPrimary = shard.primary === pod;
  const leads = isPrimary && member?.role.kind === 'primary';
  const complaint = isPrimary ? primaryComplaint(state) : replicaComplaint(state);
  const [problem] = problems;
  return {
    healthy: complaint === null,
    ...(complaint === null ? {} : { error: problem === undefined ? complaint : problem.message }),
    ...(member === null ? {} : { gtid: member.applied }),
    lagSeconds: leads ? 0 : scaled(following?.lagMilliseconds, 1000),
    lagBytes: leads ? 0 : scaled(following?.bytesBehind, 1),
    ...(view.frame === undefined ? {} : { lastChecked: view.frame.sentAt }),
    problems,
    commitsWait: member === null ? null : member.acknowledgement.rule === 'oneReplica',
    databasesMade: leads ? state.databasesMade : null,
    cloning: activity.kind === 'cloning' ? activity : null,
  };
}

function lastState({ frame, frameReceivedAt }: AgentView, now: number): AgentState | null {
  return frame !== undefined && frameReceivedAt !== undefined && now - frameReceivedAt <= SILENCE_MILLISECONDS
    ? frame.state
    : null;
}

function silent({ status, statusSince, error, frame }: AgentView, now: number): InstanceReport | undefined {
  if (frame === undefined && now - statusSince < SILENCE_MILLISECONDS) {
    return undefined;
  }
  const why = error === undefined ? status : `${status}, ${error.message}`;
  return {
    healthy: false,
    error: `The agent does not answer: ${why}.`,
    lagSeconds: null,
    lagBytes: null,
    ...(frame === undefined ? {} : { lastChecked: frame.sentAt }),
    problems: [],
    commitsWait: null,
    databasesMade: null,
    cloning: null,
  };
}

const NO_SERVER = 'The server does not run.';

/** The server starts, or refuses what the agent asks of it. */
const UNSEEN =
  'The server runs and was not looked at yet. If that lasts, the log of the container agent says why.';

function primaryComplaint({ server, member }: AgentState): string | null {
  if (server.kind !== 'running') {
    return NO_SERVER;
  }
  if (member === null) {
    return UNSEEN;
  }
  return member.role.kind === 'primary' && member.writable ? null : 'The primary is not open for writes yet.';
}

function replicaComplaint({ server, member, activity }: AgentState): string | null {
  if (activity.kind === 'cloning') {
    return `It is being cloned from ${activity.source}.`;
  }
  if (server.kind !== 'running') {
    return NO_SERVER;
  }
  if (member === null) {
    return UNSEEN;
  }
  if (member.role.kind !== 'replica') {
    return 'It does not follow the primary.';
  }
  const { receiving, applying } = member.role.following;
  if (receiving.kind !== 'running' || applying.kind !== 'running') {
    return `It does not follow the primary: receiving is ${receiving.kind}, applying is ${applying.kind}.`;
  }
  return null;
}

function scaled(measure: Measure | undefined, unit: number): number | null {
  return measure?.kind === 'known' ? measure.value / unit : null;
}
