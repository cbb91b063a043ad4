/**
 * What a server stores about an account: the table mysql.global_priv, whose column Priv is JSON.
 * Source: https://mariadb.com/kb/en/mysqlglobal_priv-table/
 */
import { z } from 'zod';

/** Reads all accounts; needs SELECT on mysql.global_priv. */
export const USERS_STATEMENT =
  'SELECT User, Host, Priv, @@global.default_password_lifetime FROM mysql.global_priv';

/** A row of {@link USERS_STATEMENT}, in the text protocol. */
export type UsersRow = readonly (Buffer | null)[];

/** One plugin of an account, and what it is to verify by. */
export interface StoredPlugin {
  readonly plugin: string;
  readonly authentication: string;
}

/** An account as it is stored. */
export interface StoredAccount {
  readonly user: string;
  readonly host: string;
  /** In the order in which a server tries them. */
  readonly plugins: readonly StoredPlugin[];
  readonly tls: 'None' | 'Any' | 'ClientCertificate';
  readonly locked: boolean;
  /** Seconds since 1970; 0 for a password that was declared expired, undefined where it is not known. */
  readonly passwordChangedAt: number | undefined;
  /** Days; 0 is for ever. */
  readonly passwordLifetime: number;
  readonly maxConnections: number;
  /** Null for none. */
  readonly defaultRole: string | null;
}

const pluginSchema = z.object({
  plugin: z.string().optional(),
  authentication_string: z.string().optional(),
});

const privSchema = pluginSchema.extend({
  /** All plugins of an account that has several; the one without members is that of the account itself. */
  auth_or: z.array(pluginSchema).optional(),
  ssl_type: z.number().optional(),
  account_locked: z.boolean().optional(),
  password_last_changed: z.number().optional(),
  password_lifetime: z.number().optional(),
  max_user_connections: z.number().optional(),
  default_role: z.string().optional(),
  is_role: z.boolean().optional(),
});

/** An account that names no plugin is verified by this one. */
const DEFAULT_PLUGIN = 'mysql_native_password';

/** The account in a row; null for a role, and for what cannot be read: it is not served then. */
export function readStoredAccount(row: UsersRow): StoredAccount | null {
  const [user, host, priv, lifetime] = row.map((field) => field?.toString('utf8') ?? '');
  const parsed = parsePriv(priv ?? '');
  if (user === undefined || host === undefined || parsed === null || parsed.is_role === true) {
    return null;
  }
  const own = pluginOf(parsed, { plugin: DEFAULT_PLUGIN, authentication: '' });
  return {
    user,
    host,
    plugins: (parsed.auth_or ?? [{}]).map((each) => pluginOf(each, own)),
    tls: tlsOf(parsed.ssl_type ?? 0),
    locked: parsed.account_locked ?? false,
    passwordChangedAt: parsed.password_last_changed,
    passwordLifetime: lifetimeOf(parsed.password_lifetime, lifetime ?? '0'),
    maxConnections: Math.max(0, parsed.max_user_connections ?? 0),
    defaultRole: parsed.default_role === undefined || parsed.default_role === '' ? null : parsed.default_role,
  };
}

function parsePriv(text: string): z.infer<typeof privSchema> | null {
  try {
    return privSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function pluginOf(stored: z.infer<typeof pluginSchema>, otherwise: StoredPlugin): StoredPlugin {
  return stored.plugin === undefined || stored.plugin === ''
    ? { plugin: otherwise.plugin, authentication: stored.authentication_string ?? otherwise.authentication }
    : { plugin: stored.plugin, authentication: stored.authentication_string ?? '' };
}

/** REQUIRE: 0 nothing, 1 SSL, 2 X509, 3 a certain certificate or cipher. */
function tlsOf(type: number): StoredAccount['tls'] {
  if (type === 0) {
    return 'None';
  }
  return type === 1 ? 'Any' : 'ClientCertificate';
}

/** -1, and nothing, stand for the server's default. */
function lifetimeOf(own: number | undefined, serverDefault: string): number {
  return own === undefined || own < 0 ? Number(serverDefault) : own;
}
