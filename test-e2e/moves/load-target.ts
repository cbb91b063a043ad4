import type { SessionOptions } from '../chaos/clients/session.ts';

/** Name of the router among hosts; every other is a pod. */
export const ROUTER = 'router';

/** What a load is run against: a cluster with the keyspace of `cluster-objects.ts`. */
export interface LoadTarget {
  /** How to reach the router, or a pod, as the application. */
  reach(host: string): Pick<SessionOptions, 'host' | 'port' | 'user' | 'password' | 'authority'>;
  /** Number of the shard that has a slot. */
  ownerOf(slot: number): number;
  /** Pod of the primary of a shard; undefined while there is none. */
  primaryPod(shard: number): string | undefined;
  /** Runs a statement on the primary of a shard as somebody who sees everything. */
  query(shard: number, sql: string): Promise<readonly (readonly string[])[]>;
}
