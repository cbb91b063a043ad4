import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';

export interface ServiceLookupOptions {
  /** How often a name is asked for before it is given up. @default 2 */
  readonly attempts?: number;
  /** Longest wait for each answer. @default 1000 */
  readonly attemptMilliseconds?: number;
  /** @default those of the machine */
  readonly nameServers?: readonly string[];
  /** @default /etc/resolv.conf */
  readonly resolverConfiguration?: string;
}

/** The name service has answered, and there is no such name, or it has no address. */
const NO_SUCH_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

/** Whether a look-up failed because there is nothing to find, rather than for want of an answer. */
export function isNoSuchName(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && NO_SUCH_NAME.has(String(error.code))
  );
}

/**
 * Asks the name service itself for a name that ends in `.svc`. Not through the system's library: that one tries every
 * domain it searches for ten seconds each, in one of the few threads in which this process reads its files. Each attempt asks
 * from a port of its own: behind one address there are several name servers, and from one port the kernel leads every question
 * to the same of them, also when it is gone. Rejects with the error of `node:dns` for the last attempt.
 */
export function createServiceLookup(options: ServiceLookupOptions = {}): (name: string) => Promise<string> {
  const {
    attempts = 2,
    attemptMilliseconds = 1000,
    nameServers,
    resolverConfiguration = '/etc/resolv.conf',
  } = options;
  let domain: Promise<string | undefined> | undefined;
  const ask = async (name: string): Promise<string> => {
    const resolver = new Resolver({ timeout: attemptMilliseconds, tries: 1 });
    if (nameServers !== undefined) {
      resolver.setServers(nameServers);
    }
    const [address] = (await resolve4(resolver, name)) ?? (await resolver.resolve6(name));
    if (address === undefined) {
      throw new Error(`${name} has no address`);
    }
    return address;
  };
  return async (name) => {
    domain ??= readFile(resolverConfiguration, 'utf8').then(clusterDomain, () => undefined);
    const suffix = await domain;
    const fullName = suffix === undefined ? name : `${name}.${suffix}`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask(fullName);
      } catch (error) {
        if (attempt >= attempts || isNoSuchName(error)) {
          throw error;
        }
      }
    }
  };
}

/** Null for a name that has addresses of another kind only. */
async function resolve4(resolver: Resolver, name: string): Promise<readonly string[] | null> {
  try {
    return await resolver.resolve4(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENODATA') {
      return null;
    }
    throw error;
  }
}

/** The domain of the Kubernetes cluster, which a pod searches below `svc.`; undefined where it searches nothing such. */
export function clusterDomain(resolverConfiguration: string): string | undefined {
  const searched = resolverConfiguration
    .split('\n')
    .filter((line) => line.startsWith('search'))
    .flatMap((line) => line.split(/\s+/).slice(1));
  return searched.find((domain) => domain.startsWith('svc.'))?.slice('svc.'.length);
}
