import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks `probe` again until `accept` likes the answer, or for `timeoutSeconds`, and returns the last answer either
 * way: the `expect` that follows then shows what was found instead. An error counts as an answer not liked,
 * and is thrown when it was the last.
 */
export async function eventually<T>(
  probe: () => Promise<T>,
  accept: (answer: T) => boolean,
  timeoutSeconds = 120,
): Promise<T> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    try {
      const answer = await probe();
      if (accept(answer) || performance.now() > deadline) {
        return answer;
      }
    } catch (error) {
      if (performance.now() > deadline) {
        throw error;
      }
    }
    await delay(200);
  }
}
