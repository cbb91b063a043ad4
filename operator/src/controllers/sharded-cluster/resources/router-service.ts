import type { V1Service } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { applicationServiceName } from '../../../api/v1alpha1/index.ts';
import { ROUTER_PORTS } from '../../../router/pod-contract.ts';
import { services } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { routerLabels, routerSelector } from './labels.ts';
import { DATABASE_PORT } from './service.ts';

/** The address of applications: the Service `<cluster>`, in front of the routers. */
export function applicationService(cluster: ShardedCluster): DesiredObject<V1Service> {
  const { name } = cluster.metadata;
  const { type, annotations, loadBalancerClass, loadBalancerSourceRanges } = cluster.spec.router.service;
  const target = ROUTER_PORTS.mysql.name;
  return {
    scope: 'cluster',
    type: services,
    creation: 'apply',
    object: {
      ...typeMeta(services),
      metadata: {
        ...ownedMetadata(cluster, applicationServiceName(name), routerLabels(name)),
        ...(annotations === undefined ? {} : { annotations }),
      },
      spec: {
        type,
        ports: [{ name: target, port: DATABASE_PORT, targetPort: target, protocol: 'TCP' }],
        selector: routerSelector(name),
        ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
        ...(loadBalancerSourceRanges === undefined ? {} : { loadBalancerSourceRanges }),
      },
    },
  };
}
