import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { identityOf, type PeerIdentity } from '../../pki/identity.ts';
import { serverTlsOptions } from '../../pki/peer-verification.ts';
import type { TlsMaterialSource } from '../../pki/tls-material.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { formatRefusal, REFUSAL_STATUS, RefusedError } from '../protocol/commands.ts';
import { LEADER_HEADER, PATHS } from '../protocol/paths.ts';
import { type ClusterName, decideAccess } from './access.ts';
import type { CloneResponder } from './clone-responder.ts';
import { answerCommand, type CommandHandlers } from './command-responder.ts';
import type { StateFeed } from './state-feed.ts';
import { streamState } from './state-stream.ts';

export interface AgentServerOptions {
  /** @default all addresses */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls: TlsMaterialSource;
  readonly cluster: ClusterName;
  readonly feed: StateFeed;
  readonly commands: CommandHandlers;
  /** The newest epoch the agent knows. */
  readonly currentEpoch: () => number;
  readonly clones: CloneResponder;
  /**
   * Called with each request of a peer we know, whatever it asks: proof that the peer is there. `isLeader` is the
   * operator's own word that it leads.
   */
  readonly onContact?: (peer: PeerIdentity, isLeader: boolean) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface AgentServer {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** A peer that does not say what it wants, or who it is, within this time is cut off. */
const PATIENCE_MILLISECONDS = 5000;
/** Idle connections are kept, so that a command in an emergency need not wait for a handshake. */
const KEEP_ALIVE_MILLISECONDS = 60_000;
/** Operators, peers and their reconnects; far below what would exhaust memory or descriptors. */
const MAX_CONNECTIONS = 64;

/**
 * Listens for operator and peers. Certificates are taken from `tls` for every new connection; established ones
 * go on with theirs. Rejects when the port cannot be had.
 */
export async function startAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const { tls, logger } = options;
  const server = createServer(
    {
      ...serverTlsOptions(tls.current()),
      handshakeTimeout: PATIENCE_MILLISECONDS,
      headersTimeout: PATIENCE_MILLISECONDS,
      requestTimeout: PATIENCE_MILLISECONDS,
      keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MILLISECONDS,
    },
    (request, response) => {
      response.on('error', () => {});
      answer(options, request, response).catch((error: unknown) => refuse(response, error, logger));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('tlsClientError', (error) =>
    logger.debug('connection without good certificate', errorFields(error)),
  );
  // Before its handshake is done a connection is not yet one of HTTP, and not closed with those.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const forget = tls.onChange(() => server.setSecureContext(serverTlsOptions(tls.current())));
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      forget();
      const closed = once(server, 'close');
      server.close();
      sockets.forEach((socket) => socket.destroy());
      await closed;
    },
  };
}

async function answer(
  options: AgentServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const certificate = (request.socket as TLSSocket).getPeerX509Certificate();
  const peer = certificate === undefined ? undefined : identityOf(certificate);
  const { method = '', url = '' } = request;
  const path = decideAccess({ method, path: url }, peer, options.cluster);
  if (path instanceof RefusedError) {
    throw path;
  }
  if (peer !== undefined) {
    options.onContact?.(peer, peer.role === 'operator' && request.headers[LEADER_HEADER] === 'true');
  }
  switch (path) {
    case PATHS.ping:
      response.writeHead(204).end();
      return;
    case PATHS.state:
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.flushHeaders();
      streamState(options.feed, response, options.clock);
      return;
    case PATHS.commands: {
      const gone = new AbortController();
      response.once('close', () => gone.abort(new Error('nobody waits for the answer')));
      const result = await answerCommand(request, options.commands, options.currentEpoch, gone.signal);
      response.writeHead(200, { 'content-type': 'application/json' }).end(result);
      return;
    }
    case PATHS.clone:
      await options.clones.answer(request, response);
      return;
    default:
      assertNever(path);
  }
}

function refuse(response: ServerResponse, error: unknown, logger: Logger): void {
  const refusal =
    error instanceof RefusedError
      ? error
      : new RefusedError('Failed', error instanceof Error ? error.message : String(error), { cause: error });
  if (refusal.code === 'Failed') {
    logger.warn('request failed', errorFields(refusal));
  }
  if (response.headersSent) {
    // Half an answer must not look like a whole one.
    response.destroy();
    return;
  }
  response.writeHead(REFUSAL_STATUS[refusal.code], { 'content-type': 'application/json' });
  response.end(formatRefusal(refusal));
}
