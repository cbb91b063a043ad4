import type { SourceAddress } from './member-state.ts';

/** A source to follow, with the account to use there. */
export interface Source extends SourceAddress {
  readonly user: string;
  /** From memory. Engines may have to keep it on the data volume to reconnect by themselves. */
  readonly password: string;
}
