import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { LOG_FORMATS, LOG_LEVELS } from '../observability/winston-logger.ts';
import { ROUTER_PATHS, ROUTER_PORTS } from '../router/pod-contract.ts';
import { type BindAddress, parseBindAddress } from './bind-address.ts';

/** One flag of `shardwright router`. */
export interface RouterFlag {
  readonly flag: string;
  readonly description: string;
  readonly default?: string;
}

/** Every flag, keyed by its name in {@link RouterConfig}. The operator gives those without a default. */
export const ROUTER_FLAGS = {
  cluster: { flag: '--cluster <name>', description: 'the ShardedCluster to serve; required' },
  maxConnections: {
    flag: '--max-connections <number>',
    description: 'most connections of applications',
    default: '5000',
  },
  idleTimeoutSeconds: {
    flag: '--idle-timeout-seconds <seconds>',
    description: 'a connection that asks for nothing for so long is closed',
    default: '28800',
  },
  holdSeconds: {
    flag: '--hold-seconds <seconds>',
    description: 'longest that a statement waits for a shard without a primary',
    default: '10',
  },
  maxLagSeconds: {
    flag: '--max-lag-seconds <seconds>',
    description: 'a replica further behind serves no reads',
    default: '5',
  },
  requireTls: { flag: '--require-tls', description: 'refuse clients that do not use TLS' },
  listen: {
    flag: '--listen <address>',
    description: 'where applications connect: host:port or :port',
    default: `:${ROUTER_PORTS.mysql.port}`,
  },
  bindAddress: {
    flag: '--bind-address <address>',
    description: 'where /metrics, /healthz and /readyz are served: host:port or :port, 0 for nowhere',
    default: `:${ROUTER_PORTS.metrics.port}`,
  },
  workers: {
    flag: '--workers <number>',
    description: 'processes that serve connections; 0 is one for each core',
    default: '0',
  },
  mapFile: {
    flag: '--map-file <file>',
    description:
      'a ShardMap as JSON, followed instead of that of a Kubernetes API server; needs --addresses-file',
  },
  addressesFile: {
    flag: '--addresses-file <file>',
    description:
      'JSON with host, port and serverName of each pod, instead of the names that pods have in Kubernetes; with socketPath, a server of this machine is reached by its socket, without TLS',
  },
  files: {
    flag: '--files <folder>',
    description: 'folder with secret/, tls/, authority/ and memory/, instead of the places of the pod',
  },
  kubeconfig: {
    flag: '--kubeconfig <file>',
    description: 'kubeconfig to connect with, instead of the service account of the pod',
  },
  logLevel: {
    flag: '--log-level <level>',
    description: `least severe level that is written (${LOG_LEVELS.join(', ')})`,
    default: 'info',
  },
  logFormat: {
    flag: '--log-format <format>',
    description: `json for collectors, text for people (${LOG_FORMATS.join(', ')})`,
    default: 'json',
  },
} as const satisfies Record<string, RouterFlag>;

/** Folders the router reads and writes. */
export interface RouterFolders {
  readonly secret: string;
  readonly tls: string;
  readonly authority: string;
  readonly memory: string;
}

const count = (least: number, most: number) =>
  z.coerce
    .number({ error: 'is not a number' })
    .int('is not a whole number')
    .min(least, `is below ${least}`)
    .max(most, `is above ${most}`);

const seconds = (least: number, most: number) =>
  z.coerce.number({ error: 'is not a number' }).min(least, `is below ${least}`).max(most, `is above ${most}`);

const address = z.string().transform((text, context): BindAddress | undefined => {
  try {
    return parseBindAddress(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

const schema = z
  .strictObject({
    cluster: z.string({ error: 'is required: the name of the ShardedCluster' }).min(1, 'is empty'),
    maxConnections: count(1, 1_000_000),
    idleTimeoutSeconds: seconds(1, 31_536_000),
    holdSeconds: seconds(0, 3600),
    maxLagSeconds: seconds(0, 86_400),
    requireTls: z.boolean().default(false),
    listen: address.refine((listen) => listen !== undefined, 'is needed: applications connect there'),
    bindAddress: address,
    workers: count(0, 1024).transform((workers) => (workers === 0 ? availableParallelism() : workers)),
    mapFile: z.string().optional(),
    addressesFile: z.string().optional(),
    files: z.string().optional(),
    kubeconfig: z.string().optional(),
    logLevel: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }),
    logFormat: z.enum(LOG_FORMATS, { error: `must be one of ${LOG_FORMATS.join(', ')}` }),
  })
  .refine(({ mapFile, addressesFile }) => mapFile === undefined || addressesFile !== undefined, {
    path: ['addressesFile'],
    message: 'is needed with --map-file: no name leads to the servers of such a map',
  })
  .transform(({ files, ...config }) => ({ ...config, folders: foldersOf(files) }));

function foldersOf(files: string | undefined): RouterFolders {
  return files === undefined
    ? {
        secret: ROUTER_PATHS.secret,
        tls: ROUTER_PATHS.tls,
        authority: ROUTER_PATHS.authority,
        memory: ROUTER_PATHS.memory,
      }
    : {
        secret: join(files, 'secret'),
        tls: join(files, 'tls'),
        authority: join(files, 'authority'),
        memory: join(files, 'memory'),
      };
}

/** What `shardwright router` was told to do. */
export type RouterConfig = Readonly<z.infer<typeof schema>>;

/** The flags cannot be used. The message has one line for each. */
export class RouterConfigError extends Error {
  override readonly name = 'RouterConfigError';
  readonly code = 'InvalidConfiguration';
}

/** Checks the flags as given on the command line. Throws {@link RouterConfigError}. */
export function parseRouterConfig(flags: Readonly<Record<string, unknown>>): RouterConfig {
  const result = schema.safeParse(flags);
  if (result.success) {
    return Object.freeze(result.data);
  }
  const lines = result.error.issues.map((issue) => {
    const flag = ROUTER_FLAGS[String(issue.path[0]) as keyof typeof ROUTER_FLAGS];
    return `${flag.flag.split(' ')[0]} ${issue.message}`;
  });
  throw new RouterConfigError(lines.join('\n'));
}
