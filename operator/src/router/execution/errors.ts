import { ClientError } from '../client/client-error.ts';
import { REFUSED_FEATURES, type RefusedFeature, type RefusedFeatureName } from './refused-features.ts';

/** Numbers of MariaDB's errors that the router itself uses. Source: https://mariadb.com/kb/en/mariadb-error-code-reference/ */
export const ERRORS = {
  /** ER_ACCESS_DENIED_ERROR */
  accessDenied: [1045, '28000'],
  /** ER_NO_DB_ERROR */
  noDatabase: [1046, '3D000'],
  /** ER_UNKNOWN_COM_ERROR */
  unknownCommand: [1047, '08S01'],
  /** ER_BAD_DB_ERROR */
  unknownDatabase: [1049, '42000'],
  /** ER_PARSE_ERROR */
  syntax: [1064, '42000'],
  /** ER_EMPTY_QUERY */
  emptyStatement: [1065, '42000'],
  /** ER_KILL_DENIED_ERROR */
  killDenied: [1095, 'HY000'],
  /** ER_NO_SUCH_THREAD */
  noSuchThread: [1094, 'HY000'],
  /** ER_UNKNOWN_ERROR */
  unknown: [1105, 'HY000'],
  /** ER_NET_READ_ERROR: drivers take the class 08 for a lost connection, whose last statement may or may not have run. */
  answerLost: [1158, '08S01'],
  /** ER_OUT_OF_SORTMEMORY */
  tooMuchMemory: [1038, 'HY001'],
  /** ER_ERROR_DURING_COMMIT */
  partlyCommitted: [1180, 'HY000'],
  /** ER_UNSUPPORTED_PS */
  notPreparable: [1295, 'HY000'],
  /** ER_LOAD_INFILE_CAPABILITY_DISABLED */
  localFilesDisabled: [4166, 'HY000'],
  /** ER_LOCK_WAIT_TIMEOUT */
  timeOut: [1205, 'HY000'],
  /** ER_LOCK_DEADLOCK: drivers and frameworks repeat the transaction. */
  transactionLost: [1213, '40001'],
  /** ER_NONEXISTING_GRANT */
  noSuchGrant: [1141, '42000'],
  /** ER_WRONG_VALUE_FOR_VAR */
  wrongValue: [1231, '42000'],
  /** ER_WRONG_TYPE_FOR_VAR */
  wrongType: [1232, '42000'],
  /** ER_MAX_PREPARED_STMT_COUNT_REACHED */
  tooManyStatements: [1461, '42000'],
  /** ER_WRONG_ARGUMENTS */
  wrongArguments: [1210, 'HY000'],
  /** ER_NOT_SUPPORTED_YET */
  notSupported: [1235, '42000'],
  /** ER_UNKNOWN_STMT_HANDLER */
  unknownStatement: [1243, 'HY000'],
  /** ER_SP_DOES_NOT_EXIST: what MariaDB answers for a savepoint that is not there. */
  noSuchSavepoint: [1305, '42000'],
  /** ER_CANT_CHANGE_TX_ISOLATION: characteristics of a transaction that is under way. */
  transactionUnderWay: [1568, '25001'],
} as const satisfies Record<string, readonly [errno: number, sqlState: string]>;

/** Makes an error for the client. */
export function clientError(name: keyof typeof ERRORS, message: string, cause?: unknown): ClientError {
  const [errno, sqlState] = ERRORS[name];
  return new ClientError(errno, sqlState, message, cause);
}

/** Makes the error that says what is refused, why, and what to do instead. */
export function refuseFeature(name: RefusedFeatureName): ClientError {
  return clientError('notSupported', refusalMessage(REFUSED_FEATURES[name]));
}

/** The message of a refusal. */
export function refusalMessage({ feature, reason, hint }: RefusedFeature): string {
  return `Shardwright does not support ${feature}, since ${reason}. ${hint}`;
}
