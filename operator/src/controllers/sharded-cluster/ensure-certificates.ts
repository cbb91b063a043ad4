import type { V1Secret } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../api/v1alpha1/index.ts';
import type { SecretText } from '../../pki/certificate-secrets.ts';
import { renewCertificates } from '../../pki/renew-certificates.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { secrets } from '../../runtime/resources.ts';
import { decodeSecret, encodeSecret } from './credentials.ts';
import { describeOwner, ownershipOf } from './ownership.ts';
import { sameContent } from './same-content.ts';
import { authoritySecretName, wantedCertificates } from './resources/certificates.ts';
import { type OwnedMetadata, ownedMetadata, retainedMetadata, typeMeta } from './resources/desired-object.ts';
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
 * Fails with {@link SecretTakenError}, and with `Conflict` where one was changed meanwhile.
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
    if (secret === undefined) {
      continue;
    }
    if (!['own', 'adoptable'].includes(ownershipOf(secret, cluster))) {
      throw new SecretTakenError(secretName, describeOwner(secret));
    }
    live.set(secretName, secret);
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
  const metadata = retainedMetadata(cluster, authorityName, clusterLabels(name));
  const authorities = renewal.authorities ?? decodeSecret(live.get(authorityName)?.data);
  if (renewal.authorities !== undefined || !isMarked(live.get(authorityName), metadata)) {
    await write(input, { metadata, type: 'Opaque' }, authorities, live.get(authorityName), signal);
  }
  for (const { name: secretName, shard } of wanted) {
    const labels = shard === undefined ? clusterLabels(name) : shardLabels(name, shard);
    const head = { metadata: ownedMetadata(cluster, secretName, labels), type: 'Opaque' };
    const existing = live.get(secretName);
    const content = renewal.holders.get(secretName);
    if (content !== undefined || !isMarked(existing, head.metadata)) {
      await write(input, head, content ?? decodeSecret(existing?.data), existing, signal);
    }
  }
  return { dueAt: renewal.until, authorities: certificatesIn(authorities) };
}

/** Whether a Secret has our labels and the owner it should have: the deletion policy may have changed. */
function isMarked(live: V1Secret | undefined, wanted: OwnedMetadata): boolean {
  const { labels, ownerReferences } = live?.metadata ?? {};
  return sameContent([labels, ownerReferences ?? []], [wanted.labels, wanted.ownerReferences ?? []]);
}

/** The certificates of all authorities, without their keys. */
function certificatesIn(authorities: SecretText): string {
  return Object.entries(authorities)
    .filter(([file]) => file.endsWith('.crt'))
    .toSorted(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }))
    .map(([, certificate]) => `${certificate.trimEnd()}\n`)
    .join('');
}

/** A Secret that was not there is created, and one that was is replaced as it was read: never overwritten unseen. */
async function write(
  { client, onWritten }: CertificatesInput,
  head: { readonly metadata: OwnedMetadata; readonly type: string },
  content: SecretText,
  live: V1Secret | undefined,
  signal: AbortSignal,
): Promise<void> {
  const data = encodeSecret(content);
  const { metadata, type } = head;
  if (live === undefined) {
    await client.create(secrets, { ...typeMeta(secrets), metadata, type, data }, signal);
    onWritten(metadata.name, 'created');
    return;
  }
  // All of the Secret is ours, so all of it is replaced.
  const resourceVersion = live.metadata?.resourceVersion;
  const conditional = { ...metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  await client.replace(secrets, { ...typeMeta(secrets), metadata: conditional, type, data }, {}, signal);
  onWritten(metadata.name, 'changed');
}
