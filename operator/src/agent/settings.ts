/**
 * What the operator tells an agent by a mounted file. The file may be newer than the agent: fields it does not know
 * are left out.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** Name of the key in the ConfigMap, and so of the file. */
export const SETTINGS_FILE = 'settings.json';

const accountSchema = z.object({
  purpose: z.enum(['application', 'administration', 'replication', 'monitoring']),
  /** Folder, below that of all accounts, with the files `username` and `password` of a mounted Secret. */
  folder: z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
  requireTls: z.boolean(),
  /** For `application`: see `Account.schemas`. */
  schemas: z.array(z.string()),
});

const addressSchema = z.object({ host: z.string().min(1), port: z.int().min(1).max(65535) });

const settingsSchema = z.object({
  engine: z.object({
    type: z.literal('MariaDB'),
    /** `major.minor` of the image. */
    version: z.string().regex(/^\d+\.\d+/),
  }),
  /** `spec.config`, as written. */
  configuration: z.string(),
  /** The database container's memory limit in bytes, where it has one. */
  memoryBytes: z.int().positive().exactOptional(),
  /** `spec.readService.maxLagSeconds` */
  maxLagSeconds: z.number().min(0),
  /** `spec.failover.fenceSeconds`. @default 1 */
  fenceSeconds: z.number().positive().default(1),
  /** Most bytes a second that this member sends as the source of a clone. @default no limit */
  cloneBytesPerSecond: z.int().positive().exactOptional(),
  /** Exactly one has the purpose `replication`. */
  accounts: z
    .array(accountSchema)
    .refine(
      (accounts) => accounts.filter(({ purpose }) => purpose === 'replication').length === 1,
      'exactly one account is for replication',
    ),
  /** Addresses of members that are not reached by the names of their pods. @default none */
  peers: z.record(z.string(), z.object({ agent: addressSchema, server: addressSchema })).default({}),
});

/** An account that the database shall have. */
export type AccountSettings = z.output<typeof accountSchema>;
/** What an agent was told. */
export type AgentSettings = z.output<typeof settingsSchema>;
/** The same before defaults: what the operator writes. */
export type AgentSettingsInput = z.input<typeof settingsSchema>;

/** The file says something that cannot be used. */
export class AgentSettingsError extends Error {
  readonly code = 'InvalidSettings';

  constructor(path: string, cause: unknown) {
    super(
      `${path}: ${cause instanceof z.ZodError ? z.prettifyError(cause) : cause instanceof Error ? cause.message : 'unreadable'}`,
      { cause },
    );
    this.name = 'AgentSettingsError';
  }
}

/** Reads the file. Throws {@link AgentSettingsError}. */
export async function readSettings(path: string): Promise<AgentSettings> {
  try {
    return settingsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new AgentSettingsError(path, error);
  }
}
