/** How a router's clients log in, and what they may cost. */
import { randomBytes } from 'node:crypto';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import {
  addCapabilities,
  BASE_CAPABILITIES,
  CAPABILITY,
  EXTENDED_CAPABILITY,
} from '../../wire/capabilities.ts';
import type { Authenticator } from '../client/authenticator.ts';
import { type ClientLimits, DEFAULT_CLIENT_LIMITS } from '../client/client-limits.ts';
import type { LoginOptions } from '../client/client-login.ts';
import type { ClientObserver } from '../client/client-observer.ts';
import type { ClusterServers } from './cluster-servers.ts';
import type { RouterFiles } from './router-files.ts';
import { withRequiredTls } from './required-tls.ts';

/** What clients may cost, as the command line says it. */
export interface RouterLimits {
  /** Of the whole router. */
  readonly maxConnections: number;
  readonly idleTimeoutSeconds: number;
  readonly holdSeconds: number;
  readonly maxLagSeconds: number;
  readonly requireTls: boolean;
}

/** Most number of a connection, which has 32 bits in the protocol. */
const CONNECTION_IDS = 2 ** 32 - 1;

/** How clients log in. They are told the version of the servers. */
export function loginOptions(
  authenticator: Authenticator,
  servers: ClusterServers,
  files: RouterFiles,
  { requireTls }: RouterLimits,
): LoginOptions {
  return {
    serverVersion: () => servers.facts?.versionText ?? 'Shardwright',
    offered: addCapabilities(
      BASE_CAPABILITIES,
      CAPABILITY.connectWithDatabase |
        CAPABILITY.foundRows |
        CAPABILITY.interactive |
        CAPABILITY.ignoreSpace |
        CAPABILITY.multiStatements |
        CAPABILITY.localFiles |
        CAPABILITY.compress,
      EXTENDED_CAPABILITY.progress,
    ),
    tls: () => files.tls(),
    authenticator: requireTls ? withRequiredTls(authenticator) : authenticator,
    randomBytes,
  };
}

/** What clients may cost this process. The primary process counts those of all workers before they come here. */
export function clientLimits({ maxConnections, idleTimeoutSeconds }: RouterLimits): ClientLimits {
  return {
    ...DEFAULT_CLIENT_LIMITS,
    maxConnections,
    maxConnectionsPerUser: maxConnections,
    idleTimeoutMilliseconds: idleTimeoutSeconds * 1000,
  };
}

/** Numbers connections `n * workers + index`, so that those of two workers differ. */
export function connectionNumbers(index: number, workers: number): () => number {
  const rounds = Math.floor(CONNECTION_IDS / workers - 1);
  let last = 0;
  return () => {
    last = (last % rounds) + 1;
    return last * workers + index;
  };
}

/** Writes to the log what went wrong with clients, and was not their own doing. */
export function observeClients(logger: Logger): ClientObserver {
  return {
    arrived() {},
    refused(reason, error) {
      logger.debug('a client was not let in', { reason, ...errorFields(error) });
    },
    accepted() {},
    ended(reason, error) {
      if (reason === 'internal' || reason === 'protocol') {
        logger.warn('a client connection has ended', { reason, ...errorFields(error) });
      }
    },
    failed(error) {
      logger.error('a command failed', {
        ...errorFields(error),
        stack: error instanceof Error ? error.stack : undefined,
      });
    },
  };
}
