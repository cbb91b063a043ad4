/** How a router logs in to servers. */
import type { LookupFunction } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import {
  addCapabilities,
  BASE_CAPABILITIES,
  CAPABILITY,
  type Capabilities,
  EXTENDED_CAPABILITY,
  removeCapabilities,
} from '../../wire/capabilities.ts';
import type { Credential } from '../../wire/login/credential.ts';
import { type LoggedIn, logIn as logInTo } from '../../wire/login/log-in.ts';
import { LoginError } from '../../wire/login/login-error.ts';
import type { ServerTrust } from '../../wire/login/server-trust.ts';
import type { BackendServer, ConnectionTraits } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import { SESSION_START } from './session-start.ts';

export interface LoginOptions {
  readonly server: BackendServer;
  readonly user: string;
  readonly credential: Credential;
  readonly traits: ConnectionTraits;
  readonly trust: ServerTrust;
  /** Where the address of a host comes from. @default the system */
  readonly lookup?: LookupFunction;
  readonly clock: Clock;
  /** From the first packet of TCP to a session that is ready. */
  readonly timeoutMilliseconds: number;
}

/** What the answers of a server must be like for the readers here. */
const NEEDED =
  CAPABILITY.protocol41 |
  CAPABILITY.multiStatements |
  CAPABILITY.pluginAuthentication |
  CAPABILITY.sessionTrack |
  CAPABILITY.deprecateEof;

/**
 * Connects, checks the server's identity, and logs in. Rejects with BackendError: `Unreachable`, `LoginTimeout`,
 * `IdentityRefused`, `AccessDenied`, `TooManyConnections`, `ProtocolViolation`, or `Aborted`.
 */
export async function logIn(options: LoginOptions, signal: AbortSignal): Promise<LoggedIn> {
  const { traits, server, trust, lookup, ...terms } = options;
  const { pod, socketPath } = server;
  try {
    return await logInTo(
      {
        ...terms,
        ...(socketPath === undefined
          ? { server, trust, ...(lookup === undefined ? {} : { lookup }) }
          : { server: { pod, socketPath } }),
        capabilities: capabilitiesOf(traits),
        needed: NEEDED,
        programName: 'shardwright-router',
        sessionStart: SESSION_START,
      },
      signal,
    );
  } catch (error) {
    throw error instanceof LoginError ? toBackendError(error) : error;
  }
}

function capabilitiesOf(traits: ConnectionTraits): Capabilities {
  const flags =
    CAPABILITY.multiStatements |
    (traits.foundRows ? CAPABILITY.foundRows : 0) |
    (traits.localFiles ? CAPABILITY.localFiles : 0);
  const wanted = addCapabilities(BASE_CAPABILITIES, flags);
  return traits.extendedMetadata
    ? wanted
    : removeCapabilities(wanted, 0, EXTENDED_CAPABILITY.extendedMetadata);
}

function toBackendError({ code, message, cause, serverError }: LoginError): BackendError {
  return new BackendError(code, message, { cause, ...(serverError === undefined ? {} : { serverError }) });
}
