import { z } from 'zod';
import type { ShardMapShard, ShardMapSpec } from '../../api/v1alpha1/index.ts';

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Path of its socket, where it is on this machine: used instead, and without TLS. */
  readonly socketPath?: string;
}

/** One database server. Two of the same pod in two epochs are the same server. */
export interface Server extends ServerAddress {
  /** Name of its pod; unique. */
  readonly pod: string;
  /** Number of its shard. */
  readonly shard: number;
  /** Name that its certificate must carry. */
  readonly serverName: string;
}

/** How the address of a pod is found; a certificate is issued for `serverName`. */
export type AddressOf = (
  shard: ShardMapShard,
  pod: string,
) => ServerAddress & { readonly serverName: string };

/** The servers of one shard. */
export interface ShardServers {
  readonly number: number;
  readonly name: string;
  readonly epoch: number;
  /** Undefined while one is being made. */
  readonly primary: Server | undefined;
  readonly replicas: readonly Server[];
}

/** The servers that a map names, by the number of their shard. */
export function serversOf(map: ShardMapSpec, addressOf: AddressOf): ReadonlyMap<number, ShardServers> {
  return new Map(
    map.shards.map((shard) => {
      const server = (pod: string): Server => ({ pod, shard: shard.number, ...addressOf(shard, pod) });
      return [
        shard.number,
        {
          number: shard.number,
          name: shard.name,
          epoch: shard.epoch,
          primary: shard.primary === null ? undefined : server(shard.primary),
          replicas: shard.replicas.map(server),
        },
      ];
    }),
  );
}

/** Port of the database in its pod. */
const DATABASE_PORT = 3306;

/** Addresses in Kubernetes: pods below the headless Service of their shard, ready or not. */
export function podAddresses(namespace: string): AddressOf {
  return (shard, pod) => {
    const host = `${pod}.${shard.name}.${namespace}.svc`;
    return { host, port: DATABASE_PORT, serverName: host };
  };
}

const addressesSchema = z.record(
  z.string(),
  z.object({
    host: z.string().min(1),
    port: z.int().min(1).max(65_535),
    serverName: z.string().min(1),
    socketPath: z.string().startsWith('/').exactOptional(),
  }),
);

/** Addresses from JSON, by pod: for servers outside Kubernetes. Throws ZodError and SyntaxError. */
export function readAddresses(json: string): AddressOf {
  const addresses = addressesSchema.parse(JSON.parse(json));
  return (_shard, pod) => {
    const address = addresses[pod];
    if (address === undefined) {
      throw new RangeError(`there is no address of ${pod}`);
    }
    return address;
  };
}
