/** What the operator says of users, and what an agent tells of them. Holds hashes of passwords: never to be logged. */
import { z } from 'zod';
import { ACCESS_LEVELS } from '../../engines/keyspaces.ts';
import type { DatabaseUser, UsersOrder } from '../../engines/users.ts';

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
}

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

const digest = z.string().min(1).max(128);

/** Checks an order. */
export const usersCommandSchema = z.object({
  digest,
  users: z.array(databaseUserSchema).max(128),
  untouched: z.array(userName).max(128),
});

/** Checks what became of one. */
export const usersStateSchema: z.ZodType<UsersState> = z.object({ digest, taken: z.array(z.string()) });
