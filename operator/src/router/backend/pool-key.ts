import type { ConnectionTraits } from './backend-connection.ts';
import type { LendRequest } from './backend-pool.ts';

/** By the traits, which a session has for all of its requests. */
const known = new WeakMap<ConnectionTraits, { readonly user: string; readonly key: string }>();

/** Connections of one key are interchangeable, but for their surroundings. */
export function poolKey({ user, traits }: Pick<LendRequest, 'user' | 'traits'>): string {
  const found = known.get(traits);
  if (found?.user === user) {
    return found.key;
  }
  const key = `${user}\0${traits.generation}\0${traitBits(traits)}`;
  known.set(traits, { user, key });
  return key;
}

function traitBits({ foundRows, extendedMetadata, localFiles }: ConnectionTraits): number {
  return Number(foundRows) + 2 * Number(extendedMetadata) + 4 * Number(localFiles);
}
