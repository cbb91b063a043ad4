import type { V1Secret } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import {
  adminSecretName,
  applicationSecretName,
  applicationServiceName,
  routerName,
} from '../../../api/v1alpha1/index.ts';
import { ROUTER_SECRET_KEYS } from '../../../router/pod-contract.ts';
import { secrets } from '../../../runtime/resources.ts';
import { encodeSecret, secretValue } from '../credentials.ts';
import type { DesiredObject } from './desired-object.ts';
import { unownedMetadata, typeMeta } from './desired-object.ts';
import { clusterLabels } from './labels.ts';
import { DATABASE_PORT } from './service.ts';

/** Database user of applications. */
export const APPLICATION_USER = 'app';

/** Database user of the routers themselves. */
export const ROUTER_USER = 'shardwright_router';

/** Database user for people and tools that administer the cluster. Users cannot take names of this prefix. */
export const ADMINISTRATOR_USER = 'shardwright_admin';

/**
 * The Secret `<cluster>-app`. A password that exists is kept, whoever set it: databases may already demand it.
 * The host is the routers' Service, the only address that fits every key; without routers it does not resolve, which an
 * application notices at once, where the address of one shard would take its rows silently to the wrong place.
 */
export function applicationSecret(
  cluster: ShardedCluster,
  live: V1Secret | undefined,
  newPassword: () => string,
): DesiredObject<V1Secret> {
  const { name, namespace } = cluster.metadata;
  const password = secretValue(live?.data, 'password') ?? newPassword();
  const host = `${applicationServiceName(name)}.${namespace}.svc`;
  const port = String(DATABASE_PORT);
  return credentials(cluster, applicationSecretName(name), {
    username: APPLICATION_USER,
    password,
    host,
    port,
    uri: `mysql://${APPLICATION_USER}:${encodeURIComponent(password)}@${host}:${port}/`,
  });
}

/**
 * The Secret `<cluster>-router`: what routers log in to the servers with. The key is what the credentials of all users at
 * the servers are derived from: with another, every user had to be renewed on every shard.
 */
export function routerSecret(
  cluster: ShardedCluster,
  live: V1Secret | undefined,
  newPassword: () => string,
): DesiredObject<V1Secret> {
  const { key, username, password } = ROUTER_SECRET_KEYS;
  return credentials(cluster, routerName(cluster.metadata.name), {
    [key]: secretValue(live?.data, key) ?? newPassword(),
    [username]: ROUTER_USER,
    [password]: secretValue(live?.data, password) ?? newPassword(),
  });
}

/** The Secret `<cluster>-admin`. A password that exists is kept. */
export function adminSecret(
  cluster: ShardedCluster,
  live: V1Secret | undefined,
  newPassword: () => string,
): DesiredObject<V1Secret> {
  return credentials(cluster, adminSecretName(cluster.metadata.name), {
    username: ADMINISTRATOR_USER,
    password: secretValue(live?.data, 'password') ?? newPassword(),
  });
}

/** A Secret that is made once, and kept for as long as the volumes whose databases demand what is in it. */
export function credentials(
  cluster: ShardedCluster,
  name: string,
  values: Readonly<Record<string, string>>,
): DesiredObject<V1Secret> {
  return {
    scope: 'cluster',
    type: secrets,
    creation: 'create',
    object: {
      ...typeMeta(secrets),
      metadata: unownedMetadata(cluster, name, clusterLabels(cluster.metadata.name)),
      type: 'Opaque',
      data: encodeSecret(values),
    },
  };
}
