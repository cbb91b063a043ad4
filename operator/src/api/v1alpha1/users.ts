/** `spec.users`: database users the operator keeps on every shard. */
import { z } from 'zod';
import { celList, choice, integer, matching, textSet } from './fields.ts';
import { CONSISTENCY_LEVELS, TRANSACTION_MODES } from './keyspace-words.ts';
import { SECRET_KEY_PATTERN, secretName } from './secrets.ts';

/** User names that the operator and the server need for themselves; `app` is that of the Secret `<cluster>-app`. */
export const RESERVED_USER_NAMES = ['root', 'mysql', 'mariadb.sys', 'PUBLIC', 'app'] as const;

/** Names that begin like this, in any case, are the operator's. */
export const RESERVED_USER_PREFIX = 'shardwright';

export const userSchema = z
  .object({
    name: matching(
      {
        maxLength: 80,
        pattern: '^[A-Za-z_][A-Za-z0-9_.-]*$',
        message: 'spec.users[].name must start with a letter or _ and go on with letters, digits, _, - or .',
      },
      'Name of the user, unique. At most 80 characters, as MariaDB allows.',
      {
        rule: `!(self.lowerAscii() in ${celList(RESERVED_USER_NAMES.map((name) => name.toLowerCase()))}) && !self.lowerAscii().startsWith('${RESERVED_USER_PREFIX}')`,
        message:
          `spec.users[].name is reserved for the server or the operator (${RESERVED_USER_NAMES.join(', ')}, ` +
          `${RESERVED_USER_PREFIX}…): choose another name`,
      },
    ),
    passwordSecretKeyRef: z
      .object({
        name: secretName(
          'spec.users[].passwordSecretKeyRef.name',
          'Name of the Secret, in the same namespace.',
        ),
        key: matching(
          {
            maxLength: 253,
            pattern: SECRET_KEY_PATTERN,
            message:
              'spec.users[].passwordSecretKeyRef.key is not a key of a Secret: use letters, digits, -, _ and .',
          },
          'Key in the Secret.',
        ).default('password'),
      })
      .meta({ description: 'Where the password is. It is never written in this object.' }),
    access: choice(
      ['ReadOnly', 'ReadWrite', 'Owner'],
      '`ReadOnly` may SELECT; `ReadWrite` may also change rows; `Owner` may also create, alter and drop tables.',
    ).default('ReadWrite'),
    keyspaces: textSet(
      64,
      z.string().min(1).max(64),
      'Keyspaces the user has access to. All of them by default.',
    ).exactOptional(),
    transactions: choice(
      TRANSACTION_MODES,
      'Whether transactions of the user may span slots, where that is not as for the keyspace.',
    ).exactOptional(),
    consistency: choice(
      CONSISTENCY_LEVELS,
      'How reads of the user choose a server, where that is not as for the keyspace.',
    ).exactOptional(),
    maxConnections: integer(
      0,
      100_000,
      'Connections the user may have open at once on each server. 0 sets no limit of its own.',
    ).default(0),
  })
  .meta({ description: 'A database user.' });
