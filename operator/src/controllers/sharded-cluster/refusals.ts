import type { ApiErrorCode } from '../../runtime/client/api-error.ts';
import { ApiError, isApiError } from '../../runtime/client/api-error.ts';

/** Failures that pass by themselves and say nothing about the cluster. */
const PASSING: readonly ApiErrorCode[] = [
  'Conflict',
  'AlreadyExists',
  'NotFound',
  'Gone',
  'TooManyRequests',
  'Timeout',
  'Unavailable',
  'Unauthorized',
];

/** Failures of the API server as a whole: the next request would fare no better. */
const GENERAL: readonly ApiErrorCode[] = ['TooManyRequests', 'Timeout', 'Unauthorized'];

/** What was refused as invalid is tried again so seldom, in milliseconds: only a change elsewhere can help. */
const INVALID_RETRY_MILLISECONDS = 60_000;

/** Whether a failure passes by itself and need not be told. */
export function isPassing(error: unknown): boolean {
  return isApiError(error, ...PASSING);
}

/** What the API server refused during a pass. One object that cannot be written must not keep others from it. */
export class Refusals {
  readonly #errors: ApiError[] = [];

  /**
   * The outcome of `action`; `undefined` when the API server refused it, which is kept. `what` names the object in
   * messages. Throws what is not about that object: an abort, an API server that cannot be reached, a programming
   * error.
   */
  async attempt<T>(what: string, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!isApiError(error) || isGeneral(error)) {
        throw error;
      }
      this.#errors.push(describe(what, error));
      return undefined;
    }
  }

  /** The refusal that matters most: one that does not pass by itself, if there is any. */
  worst(): ApiError | undefined {
    return this.#errors.find((error) => !isPassing(error)) ?? this.#errors[0];
  }
}

/** A server that fails over one object, in an admission webhook for instance, answers with 500. */
function isGeneral(error: ApiError): boolean {
  return GENERAL.includes(error.code) || (error.code === 'Unavailable' && error.status !== 500);
}

function describe(what: string, error: ApiError): ApiError {
  const text = error.message.replace(/\.?$/, '.');
  return new ApiError(error.code, error.status, `The API server refuses ${what}: ${text}`, {
    details: error.details,
    cause: error,
    retryAfterMilliseconds:
      error.code === 'Invalid' ? INVALID_RETRY_MILLISECONDS : error.retryAfterMilliseconds,
  });
}
