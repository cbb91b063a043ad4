import { z } from 'zod';
import { LOG_FORMATS, LOG_LEVELS } from '../observability/winston-logger.ts';
import type { BindAddress } from './bind-address.ts';
import { parseBindAddress } from './bind-address.ts';

/** One setting of `shardwright operator`: a flag, and an environment variable the flag wins over. */
export interface OperatorSetting {
  readonly flag: string;
  readonly environment: string;
  readonly description: string;
  readonly default?: string | boolean;
  readonly choices?: readonly string[];
}

/** Every setting, keyed by its name in {@link OperatorConfig}. */
export const OPERATOR_SETTINGS = {
  kubeconfig: {
    flag: '--kubeconfig <file>',
    environment: 'SHARDWRIGHT_KUBECONFIG',
    description:
      'kubeconfig to connect with; without it $KUBECONFIG, ~/.kube/config or the service account of the pod',
  },
  watchNamespace: {
    flag: '--watch-namespace <namespace>',
    environment: 'SHARDWRIGHT_WATCH_NAMESPACE',
    description: 'the only namespace to act in; empty means all',
    default: '',
  },
  image: {
    flag: '--image <reference>',
    environment: 'SHARDWRIGHT_IMAGE',
    description: 'image of this program, run beside the databases; required',
  },
  bindAddress: {
    flag: '--bind-address <address>',
    environment: 'SHARDWRIGHT_BIND_ADDRESS',
    description: 'where /metrics, /healthz and /readyz are served: host:port or :port, 0 for nowhere',
    default: ':8080',
  },
  leaderElect: {
    flag: '--leader-elect <boolean>',
    environment: 'SHARDWRIGHT_LEADER_ELECT',
    description: 'act only while holding the lease; false is for a single process on a developer machine',
    choices: ['true', 'false'],
    default: 'true',
  },
  leaderElectionNamespace: {
    flag: '--leader-election-namespace <namespace>',
    environment: 'SHARDWRIGHT_LEADER_ELECTION_NAMESPACE',
    description: 'namespace of the lease; empty means the one of the pod or of the kubeconfig context',
    default: '',
  },
  leaderElectionLeaseName: {
    flag: '--leader-election-lease-name <name>',
    environment: 'SHARDWRIGHT_LEADER_ELECTION_LEASE_NAME',
    description: 'name of the lease; two operators for different namespaces need two names',
    default: 'shardwright-operator',
  },
  logLevel: {
    flag: '--log-level <level>',
    environment: 'SHARDWRIGHT_LOG_LEVEL',
    description: 'least severe level that is written',
    choices: LOG_LEVELS,
    default: 'info',
  },
  logFormat: {
    flag: '--log-format <format>',
    environment: 'SHARDWRIGHT_LOG_FORMAT',
    description: 'json for collectors, text for people',
    choices: LOG_FORMATS,
    default: 'json',
  },
} as const satisfies Record<string, OperatorSetting>;

const namespaceOrEmpty = z
  .string()
  .regex(/^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/, 'is not a namespace name');

const leaseName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, 'is not an object name');

const bindAddress = z.string().transform((text, context): BindAddress | undefined => {
  try {
    return parseBindAddress(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

const schema = z.strictObject({
  kubeconfig: z
    .string()
    .optional()
    .transform((path) => (path === '' ? undefined : path)),
  watchNamespace: namespaceOrEmpty,
  image: z
    .string({ error: 'is required: the image of this program, to run beside the databases' })
    .regex(/^[^\s]+$/, 'is not an image reference'),
  bindAddress,
  leaderElect: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((text) => text === 'true'),
  leaderElectionNamespace: namespaceOrEmpty,
  leaderElectionLeaseName: leaseName,
  logLevel: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }),
  logFormat: z.enum(LOG_FORMATS, { error: `must be one of ${LOG_FORMATS.join(', ')}` }),
});

/** What `shardwright operator` was told to do. Frozen. */
export type OperatorConfig = Readonly<z.infer<typeof schema>>;

/** The settings cannot be used. The message has one line for each, naming its flag and variable. */
export class OperatorConfigError extends Error {
  readonly code = 'InvalidConfiguration';
}

/** Checks the settings as given on the command line and in the environment. Throws {@link OperatorConfigError}. */
export function parseOperatorConfig(settings: Readonly<Record<string, unknown>>): OperatorConfig {
  const result = schema.safeParse(settings);
  if (result.success) {
    return Object.freeze(result.data);
  }
  const lines = result.error.issues.map((issue) => {
    const setting = OPERATOR_SETTINGS[String(issue.path[0]) as keyof typeof OPERATOR_SETTINGS];
    return `${setting.flag.split(' ')[0]} (${setting.environment}) ${issue.message}`;
  });
  throw new OperatorConfigError(lines.join('\n'));
}
