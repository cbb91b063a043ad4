/**
 * Who a peer is: the URI in its certificate, in the manner of SPIFFE. A certificate of ours holds exactly one,
 * `shardwright://NAMESPACE/CLUSTER/ROLE`; whoever holds none, or two, is nobody.
 */
import type { X509Certificate } from 'node:crypto';

/**
 * - `operator`: supervises the cluster.
 * - `agent`: stands beside a server of the cluster.
 * - `replication`: a server that receives from another.
 */
export const PEER_ROLES = ['operator', 'agent', 'replication'] as const;
export type PeerRole = (typeof PEER_ROLES)[number];

/** The holder of a certificate. An operator has a certificate for each cluster it supervises. */
export interface PeerIdentity {
  readonly namespace: string;
  readonly cluster: string;
  readonly role: PeerRole;
}

const DNS_LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const IDENTITY = new RegExp(`^shardwright://(${DNS_LABEL})/(${DNS_LABEL})/(${PEER_ROLES.join('|')})$`);

/** The URI that names an identity. Throws `TypeError` for names that are no DNS labels. */
export function formatIdentity({ namespace, cluster, role }: PeerIdentity): string {
  const uri = `shardwright://${namespace}/${cluster}/${role}`;
  if (!IDENTITY.test(uri)) {
    throw new TypeError(`no identity: ${uri}`);
  }
  return uri;
}

/** Inverse of {@link formatIdentity}; undefined for anything else. */
export function parseIdentity(uri: string): PeerIdentity | undefined {
  const [, namespace, cluster, role] = IDENTITY.exec(uri) ?? [];
  return namespace === undefined || cluster === undefined || role === undefined
    ? undefined
    : { namespace, cluster, role: role as PeerRole };
}

/** The identity in a certificate that was verified; undefined unless it holds exactly one URI and that is ours. */
export function identityOf(certificate: X509Certificate): PeerIdentity | undefined {
  const uris = alternativeNames(certificate).filter(({ type }) => type === 'URI');
  return uris.length === 1 && uris[0] !== undefined ? parseIdentity(uris[0].value) : undefined;
}

/** One subject alternative name: its type as Node.js prints it (`DNS`, `IP Address`, `URI`) and its value. */
export interface AlternativeName {
  readonly type: string;
  readonly value: string;
}

/**
 * The subject alternative names of a certificate. Node.js gives them as one text, in which it quotes every
 * value that could be mistaken for something else; a quoted value is none that we issue and is left quoted, so
 * it equals no name and is no identity.
 */
export function alternativeNames(certificate: X509Certificate): AlternativeName[] {
  return (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((text) => text !== '')
    .map((text) => {
      const colon = text.indexOf(':');
      return { type: text.slice(0, colon), value: text.slice(colon + 1) };
    });
}
