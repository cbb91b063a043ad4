import type { V1Secret } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../api/v1alpha1/index.ts';
import type { SecretText } from '../../pki/certificate-secrets.ts';
import { renewCertificates } from '../../pki/renew-certificates.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { controllerOf } from '../../runtime/owners.ts';
import { secrets } from '../../runtime/resources.ts';
import { decodeSecret, encodeSecret } from './credentials.ts';
import { describeOwner, ownershipOf } from './ownership.ts';
import { authoritySecretName, wantedCertificates } from './resources/certificates.ts';
import { type OwnedMetadata, ownedMetadata, typeMeta, unownedMetadata } from './resources/desired-object.ts';
import { clusterLabels, shardLabels } from './resources/labels.ts';

/** What keeping certificates takes. */
export interface CertificatesInput {
  readonly client: ApiClient;
  readonly cluster: ShardedCluster;
  /** Numbers of the shards that have certificates. */
  readonly shards: readonly number[];
  /** A Secret of the cluster's namespace; `undefined` only when the API server itself said that there is none. */
  readonly readSecret: (name: string) => Promise<V1Secret | undefined>;
  /** Wall-clock time in milliseconds since the epoch. */
  readonly now: number;
  readonly onWritten: (name: string, how: 'created' | 'changed') => void;
}

/** The Secret of a certificate is somebody else's. */
class SecretTakenError extends Error {
  readonly code = 'SecretTaken';

  constructor(name: string, owner: string) {
    super(
      `The Secret ${name} belongs to ${owner}. Delete or rename it, or give the ShardedCluster another name.`,
    );
    this.name = 'SecretTakenError';
  }
}

/** How the certificates of a cluster are. */
export interface CertificatesOutcome {
  /** When to look again, in milliseconds since the epoch. */
  readonly dueAt: number;
  /** PEM of every authority, for clients. */
  readonly authorities: string;
}

/**
 * Brings every certificate of a cluster about, the authorities first, each write conditional on what was read.
 * Fails with {@link SecretTakenError}; with `AlreadyExists` while the Secret of a former cluster of this name is being
 * removed; and with `Conflict` where one was changed meanwhile.
 */
export async function ensureCertificates(
  input: CertificatesInput,
  signal: AbortSignal,
): Promise<CertificatesOutcome> {
  const { cluster, now } = input;
  const { name } = cluster.metadata;
  const wanted = wantedCertificates(cluster, input.shards);
  const authorityName = authoritySecretName(name);
  const live = new Map<string, V1Secret>();
  for (const secretName of [authorityName, ...wanted.map((certificate) => certificate.name)]) {
    const secret = await input.readSecret(secretName);
    const ownership = secret === undefined ? undefined : ownershipOf(secret, cluster);
    if (secret !== undefined && ownership === 'foreign') {
      throw new SecretTakenError(secretName, describeOwner(secret));
    }
    if (secret !== undefined && ownership !== 'former') {
      live.set(secretName, secret);
    }
  }
  const texts = [...live].map(([secretName, { data }]) => [secretName, decodeSecret(data)] as const);
  const renewal = await renewCertificates(
    {
      authorities: live.has(authorityName) ? decodeSecret(live.get(authorityName)?.data) : undefined,
      holders: new Map(texts.filter(([secretName]) => secretName !== authorityName)),
    },
    wanted,
    { name: `${cluster.metadata.namespace}/${name}`, now },
  );
  const metadata = unownedMetadata(cluster, authorityName, clusterLabels(name));
  await bring(input, metadata, renewal.authorities, live.get(authorityName), signal);
  for (const { name: secretName, shard } of wanted) {
    const labels = shard === undefined ? clusterLabels(name) : shardLabels(name, shard);
    const content = renewal.holders.get(secretName);
    await bring(input, ownedMetadata(cluster, secretName, labels), content, live.get(secretName), signal);
  }
  const authorities = renewal.authorities ?? decodeSecret(live.get(authorityName)?.data);
  return { dueAt: renewal.until, authorities: certificatesIn(authorities) };
}

/** The certificates of all authorities, without their keys. */
function certificatesIn(authorities: SecretText): string {
  return Object.entries(authorities)
    .filter(([file]) => file.endsWith('.crt'))
    .toSorted(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }))
    .map(([, certificate]) => `${certificate.trimEnd()}\n`)
    .join('');
}

/**
 * Writes new `content`, or the labels and the owner that a Secret has lost. A Secret that was not there is created, and
 * one that was is replaced as it was read: never overwritten unseen.
 */
async function bring(
  { client, onWritten }: CertificatesInput,
  metadata: OwnedMetadata,
  content: SecretText | undefined,
  live: V1Secret | undefined,
  signal: AbortSignal,
): Promise<void> {
  const head = { ...typeMeta(secrets), type: 'Opaque' };
  if (live === undefined) {
    if (content !== undefined) {
      await client.create(secrets, { ...head, metadata, data: encodeSecret(content) }, signal);
      onWritten(metadata.name, 'created');
    }
    return;
  }
  if (content === undefined && isMarked(live, metadata)) {
    return;
  }
  // All of the Secret is ours, so all of it is replaced.
  const data = content === undefined ? (live.data ?? {}) : encodeSecret(content);
  const resourceVersion = live.metadata?.resourceVersion;
  const conditional = { ...metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  await client.replace(secrets, { ...head, metadata: conditional, data }, {}, signal);
  onWritten(metadata.name, 'changed');
}

/** Whether a Secret has the labels and the controller it should have, perhaps none. */
function isMarked(live: V1Secret, { labels, ownerReferences = [] }: OwnedMetadata): boolean {
  const lacks = Object.entries(labels).some(([key, value]) => live.metadata?.labels?.[key] !== value);
  return !lacks && controllerOf(live)?.uid === ownerReferences[0]?.uid;
}
