import type { ConnectionTraits } from './backend-connection.ts';
import type { LendRequest } from './backend-pool.ts';

/** Connections of one key are interchangeable, but for their surroundings. */
export function poolKey({ user, traits }: LendRequest): string {
  return `${user}\0${traitBits(traits)}`;
}

function traitBits({ foundRows, ignoreSpace, extendedMetadata, localFiles }: ConnectionTraits): number {
  return Number(foundRows) + 2 * Number(ignoreSpace) + 4 * Number(extendedMetadata) + 8 * Number(localFiles);
}
