import type { V1ConfigMap } from '@kubernetes/client-node';
import type { AgentSettingsInput } from '../../../agent/settings.ts';
import { SETTINGS_FILE } from '../../../agent/settings.ts';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { quantityBytes } from '../../../runtime/apply/quantity.ts';
import { configMaps } from '../../../runtime/resources.ts';
import { ACCOUNT_FOLDERS } from './accounts.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { clusterLabels } from './labels.ts';

/** Name of the ConfigMap that tells the agents of a cluster what they must know of its spec. */
export function settingsName(cluster: string): string {
  return `${cluster}-config`;
}

/** What the agents are told. */
export function agentSettings(cluster: ShardedCluster): AgentSettingsInput {
  const { engine, config, failover, readService, clone, resources, tls } = cluster.spec;
  const memory = resources.limits?.['memory'];
  const account = { requireTls: true, schemas: [] };
  return {
    engine: { type: engine.type, version: engine.version },
    configuration: config ?? '',
    ...(memory === undefined ? {} : { memoryBytes: quantityBytes(String(memory)) }),
    maxLagSeconds: readService.maxLagSeconds,
    fenceSeconds: failover.fenceSeconds,
    cloneBytesPerSecond: clone.bytesPerSecond,
    accounts: [
      ...applicationAccounts(cluster),
      {
        ...account,
        purpose: 'administration',
        folder: ACCOUNT_FOLDERS.administration,
        requireTls: tls.required,
      },
      { ...account, purpose: 'replication', folder: ACCOUNT_FOLDERS.replication },
      { ...account, purpose: 'monitoring', folder: ACCOUNT_FOLDERS.monitoring },
    ],
  };
}

/**
 * The application's account where there is no keyspace: it may use `app` and what begins like it. With keyspaces it is one
 * of the users that the operator keeps by its own word, since routers must be able to log in as it.
 */
function applicationAccounts({ spec }: ShardedCluster): AgentSettingsInput['accounts'] {
  const folder = ACCOUNT_FOLDERS.application;
  return spec.keyspaces.length === 0
    ? [{ purpose: 'application', folder, requireTls: spec.tls.required, schemas: ['app*'] }]
    : [];
}

/** The ConfigMap with the agents' settings. */
export function settingsConfigMap(cluster: ShardedCluster): DesiredObject<V1ConfigMap> {
  const { name } = cluster.metadata;
  return {
    scope: 'cluster',
    type: configMaps,
    creation: 'apply',
    object: {
      ...typeMeta(configMaps),
      metadata: ownedMetadata(cluster, settingsName(name), clusterLabels(name)),
      data: { [SETTINGS_FILE]: `${JSON.stringify(agentSettings(cluster), null, 2)}\n` },
    },
  };
}
