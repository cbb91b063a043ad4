import type { Access } from '../routing/route.ts';

/** A read that any server may run. */
export const ANY_READ: Access = {
  mode: 'read',
  primaryBecause: null,
  consistency: null,
  leastConsistency: null,
};

/** What changes nothing, and belongs on a primary. */
export const PRIMARY_READ: Access = { ...ANY_READ, primaryBecause: 'it is about the session' };

/** What changes a server, and no rows. */
export const PRIMARY_WRITE: Access = { ...ANY_READ, mode: 'write', primaryBecause: 'it writes' };
