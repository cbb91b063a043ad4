/** What is asked of the operator that is installed, and where it puts that. */
import { applicationSecretName } from '../../operator/src/api/v1alpha1/index.ts';
import type { ApiClient } from '../../operator/src/runtime/client/api-client.ts';
import type { KubernetesObject } from '../../operator/src/runtime/objects.ts';
import { configMaps, nodes, secrets, services } from '../../operator/src/runtime/resources.ts';
import type { StagePlace } from '../bench/cluster-stage.ts';
import { keyspaceSpecs } from './cluster-objects.ts';
import type { LoadTarget } from './load-target.ts';
import type { MovesStageOptions } from './moves-stage.ts';

/** Name of the ShardedCluster. */
export const NAME = 'soak';
export const PLACE: StagePlace = {
  namespace: 'soak',
  operator: { name: 'shardwright-soak', namespace: 'soak-operator' },
};
export const KEY = { namespace: PLACE.namespace, name: NAME };
/** Of the pods of the routers. */
export const ROUTER_LABELS = `shardwright.io/cluster=${NAME},app.kubernetes.io/component=router`;
/** Of the volumes that can be filled, and of their StorageClass. */
export const SMALL_VOLUMES = 'soak-small';
const NEVER = new AbortController().signal;

/** The ShardedCluster, with the keyspaces of `cluster-objects.ts`. */
export function clusterObject(options: MovesStageOptions): KubernetesObject & { spec: object } {
  const { filledShards, instances, configuration, volumeMebibytes } = options;
  return {
    metadata: KEY,
    spec: {
      shards: filledShards,
      instances,
      storage:
        volumeMebibytes === undefined ? { size: '4Gi' } : { size: '1Gi', storageClassName: SMALL_VOLUMES },
      resources: { requests: { cpu: '10m', memory: '128Mi' } },
      failover: { minSecondsBetween: 0 },
      rebalance: { soakSeconds: 1 },
      router: { service: { type: 'NodePort' } },
      keyspaces: keyspaceSpecs(options),
      ...(configuration === undefined ? {} : { config: configuration }),
      deletionPolicy: 'Delete',
    },
  };
}

/** How clients reach the routers: by their Service, at a port of a node. */
export async function findEntrance(client: ApiClient): Promise<ReturnType<LoadTarget['reach']>> {
  const [node] = (await client.list(nodes, {}, NEVER)).items;
  const address = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const service = await client.get(services, KEY, NEVER);
  const port = service?.spec?.ports?.find(({ nodePort }) => nodePort !== undefined)?.nodePort;
  const secret = await client.get(secrets, { ...KEY, name: applicationSecretName(NAME) }, NEVER);
  const authority = await client.get(configMaps, { ...KEY, name: `${NAME}-ca` }, NEVER);
  if (address === undefined || port === undefined) {
    throw new Error(`the Service ${NAME} is not at a port of a node`);
  }
  const decode = (field: string): string =>
    Buffer.from(secret?.data?.[field] ?? '', 'base64').toString('utf8');
  return {
    host: address,
    port,
    user: decode('username'),
    password: decode('password'),
    authority: authority?.data?.['ca.crt'] ?? '',
  };
}
