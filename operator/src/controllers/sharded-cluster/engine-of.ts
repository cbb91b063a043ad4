import type { ShardedCluster } from '../../api/v1alpha1/index.ts';
import type { Engine } from '../../engines/engine.ts';
import { mariadbEngine } from '../../engines/mariadb/engine.ts';

const ENGINES: Readonly<Record<ShardedCluster['spec']['engine']['type'], Engine>> = {
  MariaDB: mariadbEngine,
};

/** The engine that a cluster runs. */
export function engineOf(cluster: Pick<ShardedCluster, 'spec'>): Engine {
  return ENGINES[cluster.spec.engine.type];
}
