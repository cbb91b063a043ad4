/** Rights on a keyspace are roles, one for each level: which level a list of privileges is, and which role that is. */
import { ACCESS_LEVELS, type AccessLevel } from '../../engines/keyspaces.ts';
import { keyspaceRole, LEVEL_PRIVILEGES } from '../../engines/mariadb/keyspace-roles.ts';

/** The level whose privileges are exactly these, in any order; undefined where there is none. `ALL` is the owner's. */
export function levelOf(privileges: readonly string[]): AccessLevel | undefined {
  const wanted = new Set(privileges.map((privilege) => privilege.toUpperCase()));
  if (wanted.size === 1 && wanted.has('ALL')) {
    return 'owner';
  }
  return ACCESS_LEVELS.find((level) => {
    const own = privilegesOf(level);
    return own.length === wanted.size && own.every((privilege) => wanted.has(privilege));
  });
}

/** What a level may do. */
export function privilegesOf(level: AccessLevel): readonly string[] {
  return LEVEL_PRIVILEGES[level].split(', ');
}

/** A role as a keyspace and a level; undefined for a role that is not one of a keyspace’s. */
export function readKeyspaceRole(
  role: string,
  keyspaces: Iterable<string>,
): { readonly keyspace: string; readonly level: AccessLevel } | undefined {
  for (const keyspace of keyspaces) {
    for (const level of ACCESS_LEVELS) {
      if (keyspaceRole(keyspace, level) === role) {
        return { keyspace, level };
      }
    }
  }
  return undefined;
}
