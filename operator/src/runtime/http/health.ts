/** A check: resolves when all is well, throws with the reason otherwise. */
export type HealthCheck = (signal: AbortSignal) => Promise<void> | void;

/** What a set of checks found. */
export interface HealthReport {
  readonly healthy: boolean;
  /** One line for each check. */
  readonly text: string;
}

/** Runs the checks side by side and reports each; one that has not answered when the signal aborts failed. */
export async function runChecks(
  checks: ReadonlyMap<string, HealthCheck>,
  signal: AbortSignal,
): Promise<HealthReport> {
  const results = await Promise.all(
    [...checks].map(async ([name, check]) => {
      try {
        await orAborted(Promise.resolve(check(signal)), signal);
        return { healthy: true, line: `[+] ${name} ok` };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { healthy: false, line: `[-] ${name} failed: ${reason}` };
      }
    }),
  );
  return {
    healthy: results.every((result) => result.healthy),
    text: `${results.map((result) => result.line).join('\n')}\n`,
  };
}

function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error('no answer in time'));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
