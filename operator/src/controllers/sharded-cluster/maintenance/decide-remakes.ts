/**
 * Which replicas have lost their volume for good and are made anew elsewhere. Never a recorded primary, and nobody while
 * the primary is not at work: what is given up here is a copy of what another certainly has. Pure.
 */
import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import type { ShardedCluster, ShardMapShard, ShardMapSpec } from '../../../api/v1alpha1/index.ts';
import type { InstanceReports, ShardStateName } from '../../../core/instance-report.ts';
import { isBeingDeleted } from '../../../runtime/objects.ts';
import { dataClaimName } from '../member-names.ts';

/** Taint by which somebody declares that a node is shut down and does not come back as it was. */
const OUT_OF_SERVICE_TAINT = 'node.kubernetes.io/out-of-service';

/** Label by which volumes are bound to a node. */
const HOST_NAME_LABEL = 'kubernetes.io/hostname';

/** A replica whose pod cannot start where its volume is. */
export interface Suspect {
  readonly shard: string;
  readonly pod: string;
  readonly live: V1Pod | undefined;
  readonly claim: V1PersistentVolumeClaim;
  /** `lost` and `deleted` are certain; `unscheduled` depends on the node the volume is bound to. */
  readonly why: 'lost' | 'deleted' | 'unscheduled';
}

/** States of a shard in which nothing is taken from it. */
const TROUBLED: ReadonlySet<ShardStateName> = new Set<ShardStateName>([
  'initialising',
  'primaryLost',
  'primaryUnreachable',
  'primaryHung',
  'primaryUnable',
  'acknowledgementsStalled',
  'switchingOver',
  'promoting',
  'blocked',
]);

/** Replicas that may have lost their volume, of shards whose primary is at work. */
export function findSuspects(
  cluster: ShardedCluster,
  map: ShardMapSpec,
  pods: readonly V1Pod[],
  claims: readonly V1PersistentVolumeClaim[],
  reports: InstanceReports,
): Suspect[] {
  if (cluster.spec.hibernated) {
    return [];
  }
  return map.shards
    .filter((shard) => isPrimaryAtWork(cluster, shard, reports))
    .flatMap((shard) =>
      shard.replicas.flatMap((pod) => {
        const claim = claims.find(({ metadata }) => metadata?.name === dataClaimName(pod));
        const live = pods.find(({ metadata }) => metadata?.name === pod);
        const why = claim === undefined ? undefined : suspicion(claim, live);
        return claim === undefined || why === undefined ? [] : [{ shard: shard.name, pod, live, claim, why }];
      }),
    );
}

/** The nodes a volume can be used on; null where it is bound to none. */
export function nodesOf(volume: V1PersistentVolume): readonly string[] | null {
  const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const names = terms.map(
    ({ matchExpressions = [] }) =>
      matchExpressions.find(({ key, operator }) => key === HOST_NAME_LABEL && operator === 'In')?.values,
  );
  const known = names.filter((values) => values !== undefined);
  return terms.length > 0 && known.length === terms.length ? known.flat() : null;
}

/** Whether a node is declared not to come back as it was. */
export function isOutOfService(node: V1Node): boolean {
  return node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE_TAINT) ?? false;
}

function isPrimaryAtWork(
  { metadata: { namespace, name } }: ShardedCluster,
  { number, primary }: ShardMapShard,
  reports: InstanceReports,
): boolean {
  const state = reports.shard({ namespace, name }, number)?.state;
  return (
    primary !== null &&
    state !== undefined &&
    !TROUBLED.has(state) &&
    reports.instance({ namespace, name }, primary)?.healthy === true
  );
}

function suspicion(claim: V1PersistentVolumeClaim, pod: V1Pod | undefined): Suspect['why'] | undefined {
  if (claim.status?.phase === 'Lost') {
    return 'lost';
  }
  if (isBeingDeleted(claim)) {
    // Somebody gave the volume up; it stays for as long as a pod uses it.
    return pod === undefined || isBeingDeleted(pod) ? undefined : 'deleted';
  }
  return pod !== undefined && isUnscheduled(pod) ? 'unscheduled' : undefined;
}

function isUnscheduled({ spec, status }: V1Pod): boolean {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return (
    spec?.nodeName === undefined && scheduled?.status === 'False' && scheduled.reason === 'Unschedulable'
  );
}
