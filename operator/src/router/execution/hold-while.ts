import { HoldError, type HoldReason } from '../topology/statement-hold.ts';
import type { Environment } from './environment.ts';
import { clientError } from './errors.ts';

/** What a look came to: a result, or something to wait for. */
export type Look<Value> =
  { readonly kind: 'done'; readonly value: Value } | { readonly kind: 'wait'; readonly reason: HoldReason };

/**
 * Looks again and again, held in between, until there is a result. Throws ClientError 1205 where the statement has waited for
 * too long, or too many do; nothing of it was executed then.
 */
export async function holdWhile<Value>(
  { hold }: Pick<Environment, 'hold'>,
  look: () => Look<Value> | Promise<Look<Value>>,
  signal: AbortSignal,
  /** What else to tell whose statement was given up. */
  advice = '',
): Promise<Value> {
  const held = hold.begin();
  try {
    for (;;) {
      const found = await look();
      if (found.kind === 'done') {
        return found.value;
      }
      await held.wait(found.reason, signal);
    }
  } catch (error) {
    if (!(error instanceof HoldError)) {
      throw error;
    }
    const message = `Shardwright gave the statement up before it was sent: ${error.message}${advice}`;
    throw clientError('timeOut', message, error);
  } finally {
    held.end();
  }
}
