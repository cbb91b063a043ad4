import type { ServerErrorText } from '../../wire/server-error.ts';

/** An error whose text is meant for the client, as an ERR packet. */
export class ClientError extends Error implements ServerErrorText {
  readonly code = 'client-error';
  readonly errno: number;
  readonly sqlState: string;

  constructor(errno: number, sqlState: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ClientError';
    this.errno = errno;
    this.sqlState = sqlState;
  }
}

/** What a KILL ends: the command that runs, or the whole connection. */
export type KillScope = 'query' | 'connection';

/** The reason of a command's signal when the command was killed. */
export class KilledError extends ClientError {
  readonly scope: KillScope;

  constructor(scope: KillScope) {
    if (scope === 'query') super(1317, '70100', 'Query execution was interrupted');
    else super(1927, '70100', 'Connection was killed');
    this.name = 'KilledError';
    this.scope = scope;
  }
}
