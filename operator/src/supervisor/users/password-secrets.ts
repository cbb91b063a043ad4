import type { V1Secret } from '@kubernetes/client-node';
import { createInformer, type Informer } from '../../runtime/cache/informer.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { formatKey, type ObjectKey } from '../../runtime/objects.ts';
import { secrets } from '../../runtime/resources.ts';
import type { Password } from './decide-users.ts';
import { secretText } from './secret-text.ts';

export interface PasswordSecretsOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

interface Watched {
  readonly informer: Informer<V1Secret>;
  readonly ended: Promise<void>;
  stop(): void;
}

/**
 * The Secrets that users of specs name. They belong to whoever made them and carry no label of ours, so that each is
 * watched by itself: a watch at rest costs nothing, where asking again and again would.
 */
export class PasswordSecrets {
  readonly #options: PasswordSecretsOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: PasswordSecretsOptions) {
    this.#options = options;
  }

  /** Watches exactly these Secrets from now on, until the signal aborts. */
  watch(keys: readonly ObjectKey[], signal: AbortSignal): void {
    const wanted = new Map(keys.map((key) => [formatKey(key), key]));
    for (const [id, watched] of this.#watched) {
      if (!wanted.has(id)) {
        watched.stop();
        this.#watched.delete(id);
      }
    }
    for (const [id, key] of wanted) {
      if (!this.#watched.has(id)) {
        this.#watched.set(id, this.#open(key, signal));
      }
    }
  }

  /** The value of a key of a Secret that is watched. */
  password(secret: ObjectKey, key: string): Password {
    const informer = this.#watched.get(formatKey(secret))?.informer;
    if (informer?.hasSynced() !== true) {
      return { kind: 'unread' };
    }
    const text = secretText(informer.get(secret), key);
    return text === undefined ? { kind: 'missing' } : { kind: 'known', text };
  }

  /** Ends all watches; resolves when they have ended. */
  async close(): Promise<void> {
    const watched = [...this.#watched.values()];
    this.#watched.clear();
    watched.forEach((each) => each.stop());
    await Promise.all(watched.map(({ ended }) => ended));
  }

  #open({ namespace = '', name }: ObjectKey, signal: AbortSignal): Watched {
    const { client, clock, logger, random } = this.#options;
    const scope = new AbortController();
    const informer = createInformer<V1Secret>({
      client,
      clock,
      logger,
      random,
      type: secrets,
      namespaces: [namespace],
      fieldSelector: `metadata.name=${name}`,
    });
    const ended = informer.run(AbortSignal.any([scope.signal, signal])).catch((error: unknown) => {
      logger.error('a Secret is no longer watched', { namespace, name, ...errorFields(error) });
    });
    return { informer, ended, stop: () => scope.abort() };
  }
}
