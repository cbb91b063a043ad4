import type { OkPacket } from '../../wire/ok-packet.ts';
import type { ServerError } from './backend-error.ts';
import type { SessionChanges } from '../../wire/session-changes.ts';

/** The end of one result: what an OK packet says. */
export type Completion = OkPacket;

/** How a request ended that the server answered. */
export interface Outcome {
  /** The error that ended the answer; undefined when all went well. */
  readonly error: ServerError | undefined;
  /** The error came from what had to run before the statement, which was not executed. The sink saw nothing. */
  readonly inPrelude: boolean;
  /** The last result's end; undefined when there was none that ended well. */
  readonly completion: Completion | undefined;
  /** Results that ended well, those of the prelude not included. */
  readonly results: number;
  /**
   * All changes of the session in the order they came, those of the prelude not included. Names of variables in it are not
   * reliable (see `noteVariables` of the connection), but for `last_gtid`; that there are any is.
   */
  readonly changes: readonly SessionChanges[];
  /** Position of the last transaction that the request committed (`domain-server-sequence`); undefined when it committed none. */
  readonly lastGtid: string | undefined;
}
