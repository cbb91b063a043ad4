/** Why a request failed, in the words callers decide by. `Malformed`: the answer could not be understood. */
export type ApiErrorCode =
  | 'NotFound'
  | 'Conflict'
  | 'AlreadyExists'
  | 'Invalid'
  | 'Gone'
  | 'TooManyRequests'
  | 'Unauthorized'
  | 'Forbidden'
  | 'Timeout'
  | 'Unavailable'
  | 'Malformed'
  | 'Unknown';

/** `metav1.Status`, the body of a failed request. */
export interface StatusBody {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: StatusDetails;
}

/** What the API server adds to a failure. */
export interface StatusDetails {
  readonly name?: string;
  readonly kind?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly {
    readonly field?: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
}

/** Every failure of an {@link ApiClient} call except an abort by the caller's own signal. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  /** HTTP status, or 0 when no answer was received. */
  readonly status: number;
  readonly details: StatusDetails | undefined;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMilliseconds: number | undefined;

  constructor(
    code: ApiErrorCode,
    status: number,
    message: string,
    options: {
      details?: StatusDetails | undefined;
      cause?: unknown;
      retryAfterMilliseconds?: number | undefined;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = status;
    this.details = options.details;
    this.retryAfterMilliseconds = options.retryAfterMilliseconds;
  }
}

/** Whether `error` is an {@link ApiError}, of one of the given codes if any are given. */
export function isApiError(error: unknown, ...codes: readonly ApiErrorCode[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code));
}

/**
 * The code for an answer. The reason decides where one HTTP status has several meanings: 409 is
 * `AlreadyExists` or a conflict, 410 both "compacted" and "continue token too old", 504 and 500 may be a
 * timeout the server itself ran into. A patch that names the uid of a former object of that name is refused as
 * a change of an immutable field: that is a conflict, for the object it was meant for is gone.
 */
export function apiErrorCode(
  status: number,
  reason: string | undefined,
  details?: StatusDetails,
): ApiErrorCode {
  if (reason === 'Invalid' && details?.causes?.some(({ field }) => field === 'metadata.uid') === true) {
    return 'Conflict';
  }
  switch (reason) {
    case 'AlreadyExists':
      return 'AlreadyExists';
    case 'Expired':
    case 'Gone':
      return 'Gone';
    case 'Timeout':
    case 'ServerTimeout':
      return 'Timeout';
    default:
      return codeOfStatus(status);
  }
}

const CODES: ReadonlyMap<number, ApiErrorCode> = new Map([
  [400, 'Invalid'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [408, 'Timeout'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'Unavailable'],
  [502, 'Unavailable'],
  [503, 'Unavailable'],
  [504, 'Timeout'],
]);

function codeOfStatus(status: number): ApiErrorCode {
  return CODES.get(status) ?? 'Unknown';
}
