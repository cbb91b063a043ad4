/** The requests an agent answers. All over mutual TLS 1.3. */
export const PATHS = {
  /** GET: the state stream, see `frame.ts`. */
  state: '/v1/state',
  /** GET: nothing; for measuring the round trip, and for the agent to know that the operator is there. */
  ping: '/v1/ping',
  /** POST: one command, see `commands.ts`. */
  commands: '/v1/commands',
  /** GET: a clone of the server, see `clone.ts`. */
  clone: '/v1/clone',
} as const;

/**
 * Header of a ping: `true` from the operator that leads, which alone can promote. A primary that hears no leader and
 * no replica has to assume that another was promoted.
 */
export const LEADER_HEADER = 'shardwright-leader';

export type AgentPath = (typeof PATHS)[keyof typeof PATHS];
