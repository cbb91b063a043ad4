import { Agent } from 'node:https';
import type { TlsMaterial, TlsMaterialSource } from '../../pki/tls-material.ts';
import { type AgentTarget, tlsOptions } from './agent-target.ts';

/** Less than the agent keeps idle connections for: whoever is about to close must not be the one asked. */
const IDLE_MILLISECONDS = 45_000;
const MOST_CONNECTIONS = 4;

/**
 * Connections to one agent that outlast a request. What they are secured by belongs to the pool: Node.js opens a new
 * connection for every request that brings a check of the peer's identity of its own.
 */
export class KeptConnections {
  readonly #target: AgentTarget;
  readonly #tls: TlsMaterialSource;
  #pool: { readonly material: TlsMaterial; readonly agent: Agent } | null = null;

  constructor(target: AgentTarget, tls: TlsMaterialSource) {
    this.#target = target;
    this.#tls = tls;
  }

  /** Those made with the present certificate; former ones end when they have been idle for long enough. */
  get agent(): Agent {
    const material = this.#tls.current();
    if (this.#pool?.material !== material) {
      const agent = new Agent({
        keepAlive: true,
        maxSockets: MOST_CONNECTIONS,
        maxCachedSessions: 0,
        timeout: IDLE_MILLISECONDS,
        ...tlsOptions(this.#target, material),
      });
      this.#pool = { material, agent };
    }
    return this.#pool.agent;
  }

  close(): void {
    this.#pool?.agent.destroy();
  }
}
