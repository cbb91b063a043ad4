import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';

/** The addresses of peers as they were last known, which outlast the name service. */
export interface PeerResolver {
  /** Undefined before the first answer. */
  address(name: string): string | undefined;
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
  /** Called with all that are known when one has changed, and again where that has failed. */
  readonly onChange: (addresses: ReadonlyMap<string, string>) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL_MILLISECONDS = 10_000;
/** A pod that was made anew has another address, and its peers wait for it. */
const SUSPECT_MILLISECONDS = 1000;

/** Keeps addresses. One that is not told any more stays: a member that was there may be there still. */
export function createPeerResolver(options: PeerResolverOptions): PeerResolver {
  const { names, isSuspect, resolve, onChange, clock, logger } = options;
  let addresses: ReadonlyMap<string, string> = new Map();
  let isTold = true;
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
    const next = new Map(answers.filter((answer) => answer !== undefined));
    const isSame =
      next.size === addresses.size && [...next].every(([name, ip]) => addresses.get(name) === ip);
    addresses = next;
    isTold &&= isSame;
    if (!isTold) {
      await onChange(addresses);
      isTold = true;
    }
  };

  return {
    address: (name) => addresses.get(name),
    async run(signal) {
      while (!signal.aborted) {
        const wanted = names();
        const isMissing = wanted.some((name) => !addresses.has(name));
        const pause = isMissing || isSuspect() || !isTold ? SUSPECT_MILLISECONDS : INTERVAL_MILLISECONDS;
        if (clock.monotonic() - askedAt >= pause) {
          askedAt = clock.monotonic();
          await ask(wanted).catch((error: unknown) =>
            logger.warn('the addresses of peers cannot be passed on', errorFields(error)),
          );
        }
        await clock.sleep(SUSPECT_MILLISECONDS, signal).catch(() => {});
      }
    },
  };
}

/**
 * Asks the name service itself for a name that ends in `.svc`. Not through the system's library: that one tries every
 * domain it searches for ten seconds each, in one of the few threads in which this process reads its files.
 */
export function createServiceLookup(
  resolverConfiguration = '/etc/resolv.conf',
): (name: string) => Promise<string> {
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  let domain: Promise<string | undefined> | undefined;
  return async (name) => {
    domain ??= readFile(resolverConfiguration, 'utf8').then(clusterDomain, () => undefined);
    const suffix = await domain;
    const fullName = suffix === undefined ? name : `${name}.${suffix}`;
    const [address] = await resolver.resolve4(fullName).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENODATA') {
        return resolver.resolve6(fullName);
      }
      throw error;
    });
    if (address === undefined) {
      throw new Error(`${fullName} has no address`);
    }
    return address;
  };
}

/** The domain of the Kubernetes cluster, which a pod searches below `svc.`; undefined where it searches nothing such. */
export function clusterDomain(resolverConfiguration: string): string | undefined {
  const searched = resolverConfiguration
    .split('\n')
    .filter((line) => line.startsWith('search'))
    .flatMap((line) => line.split(/\s+/).slice(1));
  return searched.find((domain) => domain.startsWith('svc.'))?.slice('svc.'.length);
}
