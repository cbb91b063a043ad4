/** The accounts of the database that the operator keeps: their names, their Secrets, and where pods find them. */
import type { V1Secret, V1SecretProjection } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { adminSecretName, applicationSecretName } from '../../../api/v1alpha1/index.ts';
import type { AccountPurpose } from '../../../engines/accounts.ts';
import { secretValue } from '../credentials.ts';
import type { DesiredObject } from './desired-object.ts';
import { credentials } from './secret.ts';

/** Folder of each account below that of all accounts in a pod. */
export const ACCOUNT_FOLDERS = {
  application: 'application',
  administration: 'administration',
  replication: 'replication',
  monitoring: 'monitoring',
} as const satisfies Record<AccountPurpose, string>;

/** Accounts that only our own parts use, in one Secret of their own. */
const INTERNAL_USERS = {
  replication: 'shardwright_replication',
  monitoring: 'shardwright_monitoring',
} as const;

/** Name of the Secret with the accounts that only our own parts use. */
export function internalSecretName(cluster: string): string {
  return `${cluster}-internal`;
}

/** The Secret `<cluster>-internal`. A password that exists is kept. */
export function internalSecret(
  cluster: ShardedCluster,
  live: V1Secret | undefined,
  newPassword: () => string,
): DesiredObject<V1Secret> {
  const values = Object.entries(INTERNAL_USERS).flatMap(([purpose, username]) => {
    const password = secretValue(live?.data, `${purpose}-password`) ?? newPassword();
    return [
      [`${purpose}-username`, username],
      [`${purpose}-password`, password],
    ] as const;
  });
  return credentials(cluster, internalSecretName(cluster.metadata.name), Object.fromEntries(values));
}

/** A Secret of one account. */
function own(name: string, folder: string): V1SecretProjection {
  return { name, items: ['username', 'password'].map((key) => ({ key, path: `${folder}/${key}` })) };
}

/** The Secrets of all accounts, each account in a folder with the files `username` and `password`. */
export function accountProjections(cluster: string): V1SecretProjection[] {
  return [
    own(applicationSecretName(cluster), ACCOUNT_FOLDERS.application),
    own(adminSecretName(cluster), ACCOUNT_FOLDERS.administration),
    {
      name: internalSecretName(cluster),
      items: (['replication', 'monitoring'] as const).flatMap((purpose) =>
        ['username', 'password'].map((key) => ({
          key: `${purpose}-${key}`,
          path: `${ACCOUNT_FOLDERS[purpose]}/${key}`,
        })),
      ),
    },
  ];
}
