import { REFUSED_FEATURES, type RefusedFeature, type RefusedFeatureName } from './refused-features.ts';

/** An error as a client of the MySQL protocol gets it. Not for faults of the router itself. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code = 'ClientError';
  /** Number of the error: MariaDB's where one says the same. */
  readonly errno: number;
  /** Five characters. */
  readonly sqlState: string;

  constructor(errno: number, sqlState: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.errno = errno;
    this.sqlState = sqlState;
  }
}

/** Numbers of MariaDB's errors that the router itself uses. Source: https://mariadb.com/kb/en/mariadb-error-code-reference/ */
export const ERRORS = {
  /** ER_UNKNOWN_COM_ERROR */
  unknownCommand: { errno: 1047, sqlState: '08S01' },
  /** ER_BAD_DB_ERROR */
  unknownDatabase: { errno: 1049, sqlState: '42000' },
  /** ER_NO_DB_ERROR */
  noDatabase: { errno: 1046, sqlState: '3D000' },
  /** ER_SERVER_SHUTDOWN */
  shuttingDown: { errno: 1053, sqlState: '08S01' },
  /** ER_NO_SUCH_THREAD */
  noSuchThread: { errno: 1094, sqlState: 'HY000' },
  /** ER_UNKNOWN_ERROR */
  unknown: { errno: 1105, sqlState: 'HY000' },
  /** ER_WRONG_VALUE_FOR_VAR */
  wrongValue: { errno: 1231, sqlState: '42000' },
  /** ER_NOT_SUPPORTED_YET */
  notSupported: { errno: 1235, sqlState: '42000' },
  /** ER_LOCK_DEADLOCK: drivers and frameworks repeat the transaction. */
  transactionLost: { errno: 1213, sqlState: '40001' },
  /** ER_UNKNOWN_STMT_HANDLER */
  unknownStatement: { errno: 1243, sqlState: 'HY000' },
  /** ER_LOCK_WAIT_TIMEOUT */
  timeOut: { errno: 1205, sqlState: 'HY000' },
  /** ER_QUERY_INTERRUPTED */
  interrupted: { errno: 1317, sqlState: '70100' },
  /** ER_CONNECTION_KILLED */
  killed: { errno: 1927, sqlState: '70100' },
} as const;

/** Makes the error that says what is refused, why, and what to do instead. */
export function refuseFeature(name: RefusedFeatureName): ClientError {
  return new ClientError(
    ERRORS.notSupported.errno,
    ERRORS.notSupported.sqlState,
    refusalMessage(REFUSED_FEATURES[name]),
  );
}

/** The message of a refusal. */
export function refusalMessage({ feature, reason, hint }: RefusedFeature): string {
  return `Shardwright does not support ${feature}, since ${reason}. ${hint}`;
}
