/** What the operator says of users, and what an agent tells of them. Holds hashes of passwords: never to be logged. */
import { z } from 'zod';
import { ACCESS_LEVELS } from '../../engines/keyspaces.ts';
import type {
  CarriedOrder,
  CarriedState,
  CarriedUser,
  DatabaseUser,
  UsersOrder,
} from '../../engines/users.ts';

/** An order about users, and what tells it from the next. */
export interface UsersCommand extends UsersOrder {
  readonly digest: string;
}

/** What became of an order. */
export interface UsersState {
  /** Digest of the order that was last carried out. */
  readonly digest: string;
  /** Users of it that exist and are somebody else's. */
  readonly taken: readonly string[];
  /** Null of an agent of a former version. */
  readonly carried: CarriedState | null;
}

/** More is not carried: somebody has to look at a cluster with so many. */
const MOST_CARRIED_USERS = 1000;

/** As the API takes names of users: what ends up in SQL is of these characters. */
const userName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,79}$/);
const keyspaceName = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/);
const passwordHash = z.string().regex(/^[!-~]{1,255}$/);

const databaseUserSchema: z.ZodType<DatabaseUser> = z.object({
  name: userName,
  passwordHashes: z.array(passwordHash).min(1).max(4),
  requireTls: z.boolean(),
  maxConnections: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  access: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('keyspaces'),
      level: z.enum(ACCESS_LEVELS),
      keyspaces: z.array(keyspaceName).max(64),
    }),
    z.object({ kind: z.literal('router') }),
  ]),
});

const digest = z.string().min(1).max(256);

/** A name that somebody else chose; those of ours are nobody's to carry. */
const carriedName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^\P{Cc}+$/u)
  .refine((name) => !name.toLowerCase().startsWith('shardwright'));

const carriedUserSchema: z.ZodType<CarriedUser> = z.object({
  name: carriedName,
  proofs: z
    .array(
      z.discriminatedUnion('plugin', [
        z.object({
          plugin: z.literal('mysql_native_password'),
          stored: z.string().regex(/^\*[0-9A-Fa-f]{40}$/),
        }),
        z.object({ plugin: z.literal('ed25519'), stored: z.string().regex(/^[A-Za-z0-9+/]{43}$/) }),
      ]),
    )
    .min(1)
    .max(4),
  requireTls: z.boolean(),
  maxConnections: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  isLocked: z.boolean(),
  roles: z.array(z.string().regex(/^shardwright_keyspace_[a-z0-9_]{1,80}$/)).max(256),
  hasOwnRole: z.boolean(),
});

/** Checks a list of users that can be carried. */
export const carriedUsersSchema = z.array(carriedUserSchema).max(MOST_CARRIED_USERS);

const carriedOrderSchema: z.ZodType<CarriedOrder> = z.object({
  digest,
  users: carriedUsersSchema,
  isFinal: z.boolean(),
});

/** Checks an order. */
export const usersCommandSchema = z.object({
  digest,
  users: z.array(databaseUserSchema).max(128),
  untouched: z.array(userName).max(128),
  carried: carriedOrderSchema.nullable().default(null),
});

/** Checks what became of one. */
export const usersStateSchema: z.ZodType<UsersState> = z.object({
  digest,
  taken: z.array(z.string()),
  carried: z.object({ digest: digest.nullable(), isComplete: z.boolean() }).nullable().default(null),
});
