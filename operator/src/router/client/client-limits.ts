/** What clients may cost one process. */
export interface ClientLimits {
  /** Connections at a time, logins included; more are refused with error 1040. */
  readonly maxConnections: number;
  /** Connections of one user at a time; more are refused with error 1203. */
  readonly maxConnectionsPerUser: number;
  /** Time for everything from the TCP connection to the answer to the login. */
  readonly loginTimeoutMilliseconds: number;
  /** Time without a command, after which a connection is closed. */
  readonly idleTimeoutMilliseconds: number;
  /** Time in which a client that is behind takes nothing at all, after which its connection is closed. */
  readonly writeTimeoutMilliseconds: number;
  /** Most bytes of one command; more is error 1153, and the end of the connection. */
  readonly maxPacketBytes: number;
  /** Unsent bytes per client beyond which nothing more is read from servers for it. */
  readonly highWaterMarkBytes: number;
}

/** MariaDB's own defaults where it has such a limit: connect_timeout, wait_timeout, net_write_timeout; 64 MiB for packets. */
export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  maxConnections: 10_000,
  maxConnectionsPerUser: 10_000,
  loginTimeoutMilliseconds: 10_000,
  idleTimeoutMilliseconds: 28_800_000,
  writeTimeoutMilliseconds: 60_000,
  maxPacketBytes: 64 * 1024 * 1024,
  highWaterMarkBytes: 256 * 1024,
};
