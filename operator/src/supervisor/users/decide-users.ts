/** Which users a cluster's databases should have. Pure. */
import { createHash } from 'node:crypto';
import type { UsersCommand } from '../../agent/protocol/users.ts';
import type { ShardedClusterSpec } from '../../api/v1alpha1/index.ts';
import type { InstanceProblem } from '../../core/instance-report.ts';
import type { AccessLevel } from '../../engines/keyspaces.ts';
import type { Credentials, DatabaseUser } from '../../engines/users.ts';

/** Name of the user of the Secret `<cluster>-app`. */
const APPLICATION_USER = 'app';

/** What is known of a password. `unread`: its Secret has not been looked at yet. */
export type Password =
  | { readonly kind: 'known'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unread' };

/** A reference to a password, of the spec. */
export type PasswordReference = ShardedClusterSpec['users'][number]['passwordSecretKeyRef'];

/** What the users are decided from. Passwords: never to be logged. */
export interface UsersInput {
  readonly spec: Pick<ShardedClusterSpec, 'users' | 'tls'>;
  /** Names of the keyspaces in the map. */
  readonly keyspaces: readonly string[];
  /** The password of `app`; undefined while its Secret is missing. */
  readonly applicationPassword: string | undefined;
  /** The Secret of the routers. */
  readonly router: { readonly key: string; readonly username: string; readonly password: string };
  readonly passwordOf: (reference: PasswordReference) => Password;
  readonly credentials: Credentials;
}

/** The users as they should be, and what is wrong with the spec's. */
export interface UsersDecision {
  readonly command: UsersCommand;
  readonly problems: readonly InstanceProblem[];
}

const LEVELS: Readonly<Record<ShardedClusterSpec['users'][number]['access'], AccessLevel>> = {
  ReadOnly: 'readOnly',
  ReadWrite: 'readWrite',
  Owner: 'owner',
};

/**
 * The users of the spec, `app`, and the routers' own. Each but the last may be identified by what routers derive from its
 * name as well. One whose password nobody knows stays as it is.
 */
export function decideUsers(input: UsersInput): UsersDecision {
  const { spec, keyspaces, applicationPassword, router, passwordOf, credentials } = input;
  const users: DatabaseUser[] = [
    {
      name: router.username,
      passwordHashes: [credentials.hash(router.password)],
      requireTls: true,
      maxConnections: 0,
      access: { kind: 'router' },
    },
  ];
  const untouched: string[] = [];
  const problems: InstanceProblem[] = [];
  const add = (
    name: string,
    password: string,
    about: {
      readonly level: AccessLevel;
      readonly keyspaces: readonly string[];
      readonly maxConnections: number;
    },
  ): void => {
    const { level, keyspaces, maxConnections } = about;
    users.push({
      name,
      // Routers first: they log in far more often, and whoever comes second is asked once more.
      passwordHashes: [credentials.routerHash(router.key, name), credentials.hash(password)],
      requireTls: spec.tls.required,
      maxConnections,
      access: { kind: 'keyspaces', level, keyspaces },
    });
  };
  if (applicationPassword === undefined) {
    untouched.push(APPLICATION_USER);
  } else {
    add(APPLICATION_USER, applicationPassword, { level: 'owner', keyspaces, maxConnections: 0 });
  }
  for (const {
    name,
    passwordSecretKeyRef: reference,
    access,
    keyspaces: asked,
    maxConnections,
  } of spec.users) {
    const password = passwordOf(reference);
    if (password.kind === 'known') {
      const given =
        asked === undefined ? keyspaces : keyspaces.filter((keyspace) => asked.includes(keyspace));
      add(name, password.text, { level: LEVELS[access], keyspaces: given, maxConnections });
      continue;
    }
    untouched.push(name);
    if (password.kind === 'missing') {
      problems.push({
        reason: 'UserSecretMissing',
        message:
          `The password of the user ${name} is to be in the key ${reference.key} of the Secret ${reference.name}, ` +
          'which is missing or empty. The user stays as it is until it is there.',
      });
    }
  }
  const order = { users, untouched, carried: null };
  const digest = createHash('sha256').update(JSON.stringify(order)).digest('hex');
  return { command: { digest, ...order }, problems };
}
