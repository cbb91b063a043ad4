import type { PeerIdentity, PeerRole } from '../../pki/identity.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { RefusedError } from '../protocol/commands.ts';
import { type AgentPath, PATHS } from '../protocol/paths.ts';

/** A cluster, by name. */
export interface ClusterName {
  readonly namespace: string;
  readonly cluster: string;
}

/**
 * What a request asks for, where the peer may have it; otherwise why not. `peer` is the identity in a
 * certificate that was verified; undefined for a certificate that names nobody.
 */
export function decideAccess(
  request: { readonly method: string; readonly path: string },
  peer: PeerIdentity | undefined,
  own: ClusterName,
): AgentPath | RefusedError {
  if (peer === undefined) {
    return new RefusedError('NotAuthenticated', 'the certificate names no peer of ours');
  }
  const path = Object.values(PATHS).find((known) => known === request.path);
  if (path === undefined || request.method !== (path === PATHS.commands ? 'POST' : 'GET')) {
    return new RefusedError('NotFound', 'there is nothing here');
  }
  const isOfCluster = peer.namespace === own.namespace && peer.cluster === own.cluster;
  return isOfCluster && allowedRoles(path).includes(peer.role)
    ? path
    : new RefusedError('NotAuthorised', `not for the ${peer.role} of ${peer.namespace}/${peer.cluster}`);
}

function allowedRoles(path: AgentPath): readonly PeerRole[] {
  switch (path) {
    case PATHS.state:
    case PATHS.ping:
      return ['operator', 'agent'];
    case PATHS.commands:
      return ['operator'];
    case PATHS.clone:
      return ['agent'];
    default:
      return assertNever(path);
  }
}
