import type { BackendErrorCode } from '../backend/backend-error.ts';

/** Where a lent connection came from. */
export type LoanSource = 'idle' | 'waited';

/** What server connections and their pools report about themselves. `pod` names the server. */
export interface BackendMetrics {
  /** A login has succeeded, after so many seconds. */
  opened(pod: string, seconds: number): void;
  /** A login has failed. */
  refused(pod: string, code: BackendErrorCode): void;
  /** A connection that was there has ended. */
  ended(pod: string, code: BackendErrorCode): void;
  /** A connection was lent; `seconds`: how long somebody had to wait for it. */
  lent(pod: string, source: LoanSource, seconds: number): void;
  /** Nobody could be lent a connection in time. */
  notLent(pod: string, code: BackendErrorCode): void;
  /** A connection was made fresh again before it was lent to somebody else. */
  reset(pod: string): void;
}

/** Counts nothing. */
export const noBackendMetrics: BackendMetrics = {
  opened() {},
  refused() {},
  ended() {},
  lent() {},
  notLent() {},
  reset() {},
};
