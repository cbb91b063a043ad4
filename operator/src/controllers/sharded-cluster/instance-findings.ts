import type { ShardedCluster, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import type { InstanceReports } from '../../core/instance-report.ts';
import type { Finding } from './finding.ts';

/** What an agent complains of, and the reason the user sees, most important first. Everything else passes by itself. */
const REASONS: readonly (readonly [problem: string, reason: Finding['reason']])[] = [
  ['PrimaryVolumeEmpty', 'PrimaryVolumeEmpty'],
  ['VolumeUnrecognised', 'VolumeUnusable'],
  ['VolumeVersionMismatch', 'VolumeUnusable'],
  ['ChangesDoNotFit', 'VolumeNearlyFull'],
  ['VolumeNearlyFull', 'VolumeNearlyFull'],
  ['RecloneGivenUp', 'ReplicationBroken'],
  ['ApplyingFailed', 'ReplicationBroken'],
  ['FollowFailed', 'ReplicationBroken'],
  ['ServerDoesNotStart', 'ServerDoesNotStart'],
  ['AccountsUnreadable', 'AccountsNotSet'],
  ['EnsureDatabasesFailed', 'DatabasesNotSet'],
  ['EnsureUsersFailed', 'UserNotSet'],
];

/** What is said of clusters as a whole, most important first. */
const CLUSTER_REASONS = ['UserSecretMissing', 'UserNotSet'] as const satisfies readonly Finding['reason'][];

/** What the agents of a cluster say is wrong, most important first, one finding for each reason. */
export function instanceFindings(
  cluster: ShardedCluster,
  map: ShardMapSpec,
  reports: InstanceReports,
): Finding[] {
  const { namespace, name } = cluster.metadata;
  const members = map.shards.flatMap(({ primary, replicas }) => [
    ...(primary === null ? [] : [primary]),
    ...replicas,
  ]);
  const problems = members.flatMap((pod) =>
    (reports.instance({ namespace, name }, pod)?.problems ?? []).map((problem) => ({ pod, ...problem })),
  );
  const ofCluster = CLUSTER_REASONS.flatMap((reason) =>
    reports
      .cluster({ namespace, name })
      .filter((problem) => problem.reason === reason)
      .slice(0, 1)
      .map(({ message }) => ({ reason, message })),
  );
  const findings = REASONS.flatMap(([word, reason]) =>
    problems
      .filter((problem) => problem.reason === word)
      .map(({ pod, message }) => ({ reason, pod, message })),
  );
  const ofInstances = findings
    .filter(({ reason }, index) => findings.findIndex((other) => other.reason === reason) === index)
    .map(({ reason, pod, message }) => ({ reason, message: `${pod}: ${message}` }));
  return [...ofInstances, ...ofCluster];
}
