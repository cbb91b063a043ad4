/** Where a server is, and how it is recognised. */
export interface ServerAddress {
  /** Names it in messages. */
  readonly pod: string;
  readonly host: string;
  readonly port: number;
  /** Name that its certificate must carry. */
  readonly serverName: string;
}

/** A server on this machine, behind a socket that nobody else can put there: without TLS. */
export interface LocalServer {
  /** Names it in messages. */
  readonly pod: string;
  readonly socketPath: string;
}

/** Whether nothing but this machine is between us and the server. */
export function isLocal(server: ServerAddress | LocalServer): server is LocalServer {
  return 'socketPath' in server;
}
