/** Verdicts on a cluster whose objects the operator takes care of. */
import type { ShardStatus } from '../../../api/v1alpha1/index.ts';
import type { ShardStateName } from '../../../core/instance-report.ts';
import type { Finding } from '../finding.ts';
import type { ConditionInput } from './condition-input.ts';
import { hasPrimary, unhealthyPods } from './shards.ts';
import type { Situation } from './situation.ts';
import type { Verdict, Verdicts } from './verdict.ts';
import { nameSome, verdict } from './verdict.ts';

type RunningSituation = Extract<Situation, { kind: 'applied' | 'failed' }>;

/** Findings that leave part of the cluster without its objects. */
const BLOCKING: ReadonlySet<Finding['reason']> = new Set(['ConflictingObject', 'ShardMapMissing']);

/** Decides the conditions that depend on pods. */
export function runningVerdicts(
  input: ConditionInput,
  situation: RunningSituation,
): Pick<Verdicts, 'Ready' | 'Available' | 'Progressing' | 'Degraded'> {
  const view = viewOf(input, situation);
  const progressing = hibernationProgress(input) ?? progress(view);
  return {
    Ready: input.hibernated ? hibernatedVerdict() : readiness(view),
    Available: input.hibernated ? hibernatedVerdict() : availability(view),
    Progressing: view.failure === undefined ? progressing : verdict('True', 'ReconcileFailed', view.failure),
    Degraded: degradation(view),
  };
}

interface View {
  readonly failure: string | undefined;
  readonly finding: Finding | undefined;
  readonly blocking: Finding | undefined;
  readonly shardCount: number;
  readonly hibernated: boolean;
  readonly unhealthy: readonly string[];
  /** Which pods are not ready, and why the first is not whose reason is known. */
  readonly notReady: string;
  /** Unhealthy pods that were healthy before. */
  readonly lost: readonly string[];
  readonly withoutPrimary: readonly string[];
  readonly primaryLost: boolean;
  /** All shards that had a primary have one: the others are being added, and hold nothing yet. */
  readonly isGrowing: boolean;
  readonly restarts: ConditionInput['restarts'];
  /** Shards whose databases are to be made before the cluster is first ready; later ones are made while it is. */
  readonly withoutDatabases: readonly string[];
  /** What is the matter with the routers; undefined for nothing. */
  readonly routers: string | undefined;
  /** Whether they were there before. */
  readonly routersLost: boolean;
}

function viewOf(input: ConditionInput, situation: RunningSituation): View {
  const { shards, previous, hibernated, restarts, leavingPods, shardsWithoutDatabases } = input;
  const wasReady = previous.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  const unhealthy = unhealthyPods(shards, leavingPods);
  const before = (type: string): string | undefined =>
    previous.conditions.find((condition) => condition.type === type)?.reason;
  const wereHealthy = new Set(
    previous.shards.flatMap(({ instances = [] }) =>
      instances.filter(({ healthy }) => healthy).map(({ pod }) => pod),
    ),
  );
  // Once something was lost, the verdict stays until all is well: the status remembers one step only. While another
  // reason has taken one condition over, one of the others still tells.
  const stillDegraded =
    before('Degraded') === 'InstancesNotReady' ||
    before('Ready') === 'InstancesNotReady' ||
    before('Available') === 'PrimaryUnavailable';
  const lost = stillDegraded ? unhealthy : unhealthy.filter((pod) => wereHealthy.has(pod));
  const withoutPrimary = shards.filter((shard) => !hasPrimary(shard));
  const primaryLost =
    before('Available') === 'PrimaryUnavailable' ||
    withoutPrimary.some(({ primary }) => primary === null || lost.includes(primary ?? ''));
  return {
    failure: situation.kind === 'failed' ? situation.message : undefined,
    finding: situation.findings[0],
    blocking: situation.findings.find(({ reason }) => BLOCKING.has(reason)),
    shardCount: shards.length,
    hibernated,
    unhealthy,
    notReady: describeUnready(unhealthy, input.complaints),
    lost: hibernated ? [] : lost,
    withoutPrimary: withoutPrimary.map(describeLoss),
    primaryLost,
    isGrowing: withoutPrimary.length > 0 && !primaryLost && before('Available') === 'PrimariesAvailable',
    restarts,
    withoutDatabases: wasReady ? [] : shardsWithoutDatabases,
    routers: describeRouters(input.routers),
    routersLost: input.routers?.isRollingOut === false,
  };
}

function describeRouters(routers: ConditionInput['routers']): string | undefined {
  return routers === null || routers.available >= routers.wanted
    ? undefined
    : `Routers that take connections: ${routers.available} of ${routers.wanted}. See the Deployment of the routers.`;
}

function readiness(view: View): Verdict {
  const { failure, blocking, shardCount, unhealthy, notReady, lost } = view;
  const { withoutPrimary, primaryLost, routers, withoutDatabases } = view;
  if (failure !== undefined) {
    return verdict('False', 'ReconcileFailed', failure);
  }
  if (blocking !== undefined) {
    return verdict('False', blocking.reason, blocking.message);
  }
  if (shardCount === 0) {
    return verdict('False', 'CreatingObjects', 'The objects of the cluster are being created.');
  }
  if (withoutPrimary.length > 0 && primaryLost) {
    return verdict('False', 'PrimaryUnavailable', `No ready primary: ${nameSome(withoutPrimary)}.`);
  }
  if (unhealthy.length > 0) {
    return verdict('False', lost.length > 0 ? 'InstancesNotReady' : 'WaitingForPods', notReady);
  }
  if (routers !== undefined) {
    return verdict('False', 'RoutersNotReady', routers);
  }
  if (withoutDatabases.length > 0) {
    return verdict('False', 'MakingDatabases', describeMaking(withoutDatabases));
  }
  return verdict('True', 'AllShardsReady', 'All instances of all shards are ready.');
}

function availability({ shardCount, withoutPrimary, primaryLost, isGrowing }: View): Verdict {
  if (shardCount === 0) {
    return verdict('False', 'CreatingObjects', 'The objects of the cluster are being created.');
  }
  if (withoutPrimary.length === 0) {
    return verdict('True', 'PrimariesAvailable', 'Every shard has a ready primary.');
  }
  if (isGrowing) {
    const added = nameSome(withoutPrimary);
    return verdict(
      'True',
      'PrimariesAvailable',
      `Every shard that was there has a ready primary; added: ${added}.`,
    );
  }
  const message = `No ready primary: ${nameSome(withoutPrimary)}.`;
  return verdict('False', primaryLost ? 'PrimaryUnavailable' : 'WaitingForPods', message);
}

function progress({
  blocking,
  finding,
  shardCount,
  unhealthy,
  notReady,
  restarts,
  routers,
  withoutDatabases,
}: View): Verdict {
  if (blocking !== undefined) {
    return verdict('False', blocking.reason, blocking.message);
  }
  if (shardCount === 0) {
    return verdict('True', 'CreatingObjects', 'The objects of the cluster are being created.');
  }
  if (unhealthy.length > 0) {
    return verdict('True', 'WaitingForPods', notReady);
  }
  if (routers !== undefined) {
    return verdict('True', 'RoutersNotReady', routers);
  }
  if (withoutDatabases.length > 0) {
    return verdict('True', 'MakingDatabases', describeMaking(withoutDatabases));
  }
  if (restarts.outdated.length > 0) {
    return verdict('True', 'RestartPending', describeRestarts(restarts));
  }
  if (finding !== undefined) {
    return verdict('False', finding.reason, finding.message);
  }
  return verdict('False', 'UpToDate', 'Everything is as the spec says.');
}

function degradation({ failure, finding, blocking, lost, unhealthy, routers, routersLost }: View): Verdict {
  const lostVerdict = verdict(
    'True',
    'InstancesNotReady',
    `Instances that were ready and are not: ${nameSome(unhealthy)}.`,
  );
  // Ready and Progressing tell what is in the way; a loss must not be forgotten meanwhile.
  if (lost.length > 0 && blocking !== undefined) {
    return lostVerdict;
  }
  if (finding !== undefined) {
    return verdict('True', finding.reason, finding.message);
  }
  if (lost.length > 0) {
    return lostVerdict;
  }
  if (routers !== undefined && routersLost) {
    return verdict('True', 'RoutersNotReady', routers);
  }
  return failure === undefined
    ? verdict('False', 'AsExpected', 'Nothing is worse than asked for.')
    : verdict('True', 'ReconcileFailed', failure);
}

/** Which pods run with former settings, and what becomes of them. */
function describeRestarts({ outdated, formerlyBuilt, waitsFor }: ConditionInput['restarts']): string {
  const due = outdated.filter((pod) => !formerlyBuilt.includes(pod));
  if (due.length === 0) {
    return (
      `Pods that a former version of the operator built: ${nameSome(formerlyBuilt)}. They are restarted when the spec ` +
      'changes what they are built from; to do it now, delete them one after the other, each when the one before is ' +
      'ready again.'
    );
  }
  const how = 'They are restarted one at a time: replicas first, then the primary, which hands over before.';
  const waiting = waitsFor === null ? '' : ` Waiting: ${waitsFor}.`;
  return `Pods that still run with former settings: ${nameSome(due)}. ${how}${waiting}`;
}

function describeMaking(shards: readonly string[]): string {
  return `The databases of the keyspaces are being made: ${nameSome(shards)}.`;
}

/** A shard without a ready primary, and what is done about it. */
function describeLoss({ name, state }: ShardStatus): string {
  const doing = DOINGS[state as ShardStateName];
  return doing === undefined ? name : `${name} (${doing})`;
}

const DOINGS: Partial<Record<ShardStateName, string>> = {
  primaryLost: 'its server has ended',
  primaryUnreachable: 'nobody hears of it',
  primaryHung: 'its server does not answer',
  primaryUnable: 'it cannot apply what it received',
  acknowledgementsStalled: 'no replica can acknowledge its writes',
  switchingOver: 'it hands over as planned',
  promoting: 'a replica is being promoted',
  blocked: 'nobody is promoted; see the condition FailoverBlocked',
};

function describeUnready(unhealthy: readonly string[], complaints: ReadonlyMap<string, string>): string {
  const told = unhealthy.find((pod) => complaints.has(pod));
  const why = told === undefined ? '' : ` ${told}: ${complaints.get(told) ?? ''}`;
  return `Instances that are not ready: ${nameSome(unhealthy)}.${why}`;
}

function hibernationProgress({ hibernated, pods }: ConditionInput): Verdict | undefined {
  if (!hibernated) {
    return undefined;
  }
  return pods.length > 0
    ? verdict('True', 'Hibernating', `Pods that are being stopped: ${nameSome(pods)}.`)
    : hibernatedVerdict();
}

function hibernatedVerdict(): Verdict {
  return verdict(
    'False',
    'Hibernated',
    'spec.hibernated is set: the pods are stopped, volumes and credentials are kept.',
  );
}
