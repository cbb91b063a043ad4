import { Agent, request } from 'node:https';
import { LEADER_HEADER, PATHS } from '../../operator/src/agent/protocol/paths.ts';
import { clientTlsOptions } from '../../operator/src/pki/peer-verification.ts';
import type { MemberProcesses } from './member-processes.ts';

const DEADLINE_MILLISECONDS = 1000;

/** Pings agents over kept connections, as the operator that leads does. */
export interface LeaderPing {
  /** Resolves when the agent has answered. */
  ping(member: MemberProcesses): Promise<void>;
  close(): void;
}

export function createLeaderPing(): LeaderPing {
  const connections = new Agent({ keepAlive: true });
  return {
    ping({ options: { agent, tls } }) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const outgoing = request({
        host: agent.host,
        port: agent.port,
        path: PATHS.ping,
        headers: { [LEADER_HEADER]: 'true' },
        agent: connections,
        timeout: DEADLINE_MILLISECONDS,
        ...clientTlsOptions(tls, agent),
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer to a ping')));
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        response.resume();
        resolve();
      });
      outgoing.end();
      return promise;
    },
    close: () => connections.destroy(),
  };
}
