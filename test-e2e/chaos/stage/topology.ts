import type { ShardMapShard } from '../../../operator/src/api/v1alpha1/index.ts';
import { shardMaps } from '../../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { leases, pods } from '../../../operator/src/runtime/resources.ts';
import type { Stage } from './stage.ts';
import { OPERATOR } from './stage.ts';

/** A pod, and where it is. */
export interface PodPlace {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly address: string;
}

/** Who is where, now. */
export interface Topology {
  readonly epoch: number;
  readonly ackers: readonly string[];
  readonly primary: PodPlace;
  /** By name. */
  readonly replicas: readonly PodPlace[];
  readonly operators: readonly PodPlace[];
  /** By name. */
  readonly routers: readonly PodPlace[];
  /** The operator that holds the lease; undefined when nobody does. */
  readonly leader: PodPlace | undefined;
  /** What the lease says of its holder: another text for every operator process. */
  readonly leaseHolder: string;
}

const NEVER = new AbortController().signal;

/** The shard as the map has it. */
export async function readShard(stage: Stage): Promise<ShardMapShard> {
  const key = { namespace: stage.namespace, name: stage.cluster };
  const map = await stage.client.get(shardMaps, key, NEVER);
  const shard = map?.spec.shards.find(({ number }) => number === stage.shard);
  if (shard === undefined) {
    throw new Error('the map has no such shard');
  }
  return shard;
}

/** Pods of a namespace that run on a node and have an address. */
async function listPods(
  stage: Pick<Stage, 'client'>,
  namespace: string,
  labelSelector: string,
  accept: (pod: PodObject) => boolean = () => true,
): Promise<PodPlace[]> {
  const { items } = await stage.client.list(pods, { namespace, labelSelector }, NEVER);
  return items
    .filter(accept)
    .flatMap(({ metadata, spec, status }) =>
      status?.podIP === undefined || spec?.nodeName === undefined
        ? []
        : [
            {
              name: metadata?.name ?? '',
              uid: metadata?.uid ?? '',
              node: spec.nodeName,
              address: status.podIP,
            },
          ],
    )
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The pods of the shard. */
export async function listMembers(stage: Stage): Promise<PodPlace[]> {
  return listPods(stage, stage.namespace, memberSelector(stage));
}

/** Those of them that Kubernetes calls ready. */
export async function listReadyMembers(stage: Stage): Promise<PodPlace[]> {
  return listPods(stage, stage.namespace, memberSelector(stage), isReady);
}

function memberSelector({ cluster, shard }: Stage): string {
  return `shardwright.io/cluster=${cluster},shardwright.io/shard=${shard}`;
}

/** The routers of the cluster that take connections. */
export async function listReadyRouters(
  stage: Pick<Stage, 'client' | 'namespace' | 'cluster'>,
): Promise<PodPlace[]> {
  const selector = `shardwright.io/cluster=${stage.cluster},app.kubernetes.io/component=router`;
  return listPods(stage, stage.namespace, selector, isReady);
}

/** What is looked at of a pod's object. */
interface PodObject {
  readonly metadata?: { readonly deletionTimestamp?: Date };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function isReady({ status, metadata }: PodObject): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True' && metadata?.deletionTimestamp === undefined;
}

/** Looks at everything. @throws when the shard has no primary now */
export async function readTopology(stage: Stage): Promise<Topology> {
  const [shard, members, operators, routers, lease] = await Promise.all([
    readShard(stage),
    listMembers(stage),
    listPods(stage, OPERATOR.namespace, 'app.kubernetes.io/component=operator'),
    listReadyRouters(stage),
    stage.client.list(leases, { namespace: OPERATOR.namespace }, NEVER),
  ]);
  const primary = members.find(({ name }) => name === shard.primary);
  if (primary === undefined) {
    throw new Error(`the map's primary is ${shard.primary}, which has no pod`);
  }
  const holder = lease.items[0]?.spec?.holderIdentity ?? '';
  return {
    epoch: shard.epoch,
    ackers: shard.ackers,
    primary,
    replicas: members.filter(({ name }) => name !== primary.name),
    operators,
    routers,
    leader: operators.find(({ name }) => holder.startsWith(name)),
    leaseHolder: holder,
  };
}
