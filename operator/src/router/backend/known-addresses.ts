/** The addresses of servers as they were last known, for when the name service is slow or silent. */
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import { isNoSuchName } from '../../runtime/service-lookup.ts';

export interface KnownAddressesOptions {
  /**
   * Asks the name service for an address. Rejects with an error of `node:dns`; ENOTFOUND and ENODATA are the answer that there is
   * no such name.
   */
  readonly ask: (name: string) => Promise<string>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Who has a last known address to fall back to waits no longer for an answer. @default 200 */
  readonly patienceMilliseconds?: number;
}

/**
 * A name service that answers takes a few milliseconds. One of its pods that died with its node answers nobody, and is asked for
 * some time yet; then statements would wait for it that a new primary could serve.
 */
const PATIENCE_MILLISECONDS = 200;

/** Answers by the name service where that is quick, and by what it said last where it is not. */
export class KnownAddresses {
  readonly #options: KnownAddressesOptions;
  readonly #known = new Map<string, string>();
  readonly #asking = new Map<string, Promise<string>>();
  /** Names whose last known address was told in place of an answer, since the last one. */
  readonly #fallenBack = new Set<string>();

  constructor(options: KnownAddressesOptions) {
    this.#options = options;
  }

  readonly #findWithCallback = callbackify((name: string) => this.find(name));

  /** For `node:net`: names become addresses by {@link find}. */
  readonly lookup: LookupFunction = (name, { all = false }, callback) => {
    this.#findWithCallback(name, (error, address) => {
      if (error !== null) {
        callback(error, '');
      } else if (all) {
        callback(null, [{ address, family: isIP(address) }]);
      } else {
        callback(null, address, isIP(address));
      }
    });
  };

  /**
   * The address of a name. What the name service says, also that there is no such name, goes before what was known, which is forgotten
   * then. Where it says nothing in time the last known address is told, and the answer is waited for in the background. A name
   * of which nothing is known waits for as long as `ask` does. Rejects with the error of `ask`.
   */
  find(name: string): Promise<string> {
    const asking = this.#ask(name);
    const { clock, logger, patienceMilliseconds = PATIENCE_MILLISECONDS } = this.#options;
    if (!this.#known.has(name)) {
      return asking;
    }
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const fallBack = (error: unknown): void => {
      const known = this.#known.get(name);
      if (known === undefined) {
        reject(error);
        return;
      }
      if (!this.#fallenBack.has(name)) {
        this.#fallenBack.add(name);
        logger.warn('the name service does not answer; the last known address is used', {
          name,
          address: known,
          ...errorFields(error),
        });
      }
      resolve(known);
    };
    const timer = clock.setTimer(patienceMilliseconds, () =>
      fallBack(new Error(`no answer within ${patienceMilliseconds} ms`)),
    );
    asking.then(resolve, fallBack).finally(() => timer.cancel());
    return promise;
  }

  /** One question about a name at a time. */
  #ask(name: string): Promise<string> {
    const before = this.#asking.get(name);
    if (before !== undefined) {
      return before;
    }
    const asking = this.#askAnew(name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #askAnew(name: string): Promise<string> {
    try {
      const address = await this.#options.ask(name);
      this.#learn(name, address);
      this.#fallenBack.delete(name);
      return address;
    } catch (error) {
      if (isNoSuchName(error)) {
        this.#known.delete(name);
      }
      throw error;
    }
  }

  /** All members of a shard show one certificate: an address that is another's now must not be taken for its former owner's. */
  #learn(name: string, address: string): void {
    for (const [other, known] of this.#known) {
      if (other !== name && known === address) {
        this.#known.delete(other);
      }
    }
    this.#known.set(name, address);
  }
}
