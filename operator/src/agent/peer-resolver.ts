import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { REFUSING_ADDRESS } from './hosts-file.ts';

/** The addresses of peers as they were last known, which outlast the name service. */
export interface PeerResolver {
  /** Undefined before the first answer. */
  address(name: string): string | undefined;
  /** Passes on what is known where that has changed. Never rejects. */
  tell(): Promise<void>;
  /** Asks from time to time, until the signal aborts; then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

export interface PeerResolverOptions {
  /** Names to resolve, as they now are. */
  readonly names: () => readonly string[];
  /** Whether an address may have changed: something could not be reached. */
  readonly isSuspect: () => boolean;
  /** Rejects where there is no answer. */
  readonly resolve: (name: string) => Promise<string>;
  /** Name that leads nowhere for the moment; null for none. */
  readonly refused: () => string | null;
  /** Called with all that are known when one has changed, and again where that has failed. */
  readonly onChange: (addresses: ReadonlyMap<string, string>) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Sooner than a pod that was made anew can have booted, followed and been elected. */
const INTERVAL_MILLISECONDS = 2000;
/** A pod that was made anew has another address, and its peers wait for it. */
const SUSPECT_MILLISECONDS = 1000;

/** Keeps addresses. One that is not told any more stays: a member that was there may be there still. */
export function createPeerResolver(options: PeerResolverOptions): PeerResolver {
  const { names, isSuspect, resolve, refused, onChange, clock, logger } = options;
  let addresses: ReadonlyMap<string, string> = new Map();
  let told = '';
  let telling: Promise<void> = Promise.resolve();
  let askedAt = -Infinity;

  const ask = async (wanted: readonly string[]): Promise<void> => {
    const answers = await Promise.all(
      wanted.map(async (name): Promise<readonly [string, string] | undefined> => {
        try {
          return [name, await resolve(name)];
        } catch (error) {
          logger.debug('the address of a peer is not told', { name, ...errorFields(error) });
          const known = addresses.get(name);
          return known === undefined ? undefined : [name, known];
        }
      }),
    );
    addresses = new Map(answers.filter((answer) => answer !== undefined));
  };

  const tellNow = async (): Promise<void> => {
    const name = refused();
    const current = new Map([...addresses, ...(name === null ? [] : [[name, REFUSING_ADDRESS] as const])]);
    const text = JSON.stringify([...current]);
    if (text === told) {
      return;
    }
    try {
      await onChange(current);
      told = text;
    } catch (error) {
      logger.warn('the addresses of peers cannot be passed on', errorFields(error));
    }
  };
  /** One after the other: the last one told is the newest. */
  const tell = (): Promise<void> => {
    telling = telling.then(tellNow);
    return telling;
  };

  return {
    address: (name) => addresses.get(name),
    tell,
    async run(signal) {
      while (!signal.aborted) {
        const wanted = names();
        const isMissing = wanted.some((name) => !addresses.has(name));
        const pause = isMissing || isSuspect() ? SUSPECT_MILLISECONDS : INTERVAL_MILLISECONDS;
        if (clock.monotonic() - askedAt >= pause) {
          askedAt = clock.monotonic();
          await ask(wanted);
        }
        await tell();
        await clock.sleep(SUSPECT_MILLISECONDS, signal).catch(() => {});
      }
    },
  };
}
