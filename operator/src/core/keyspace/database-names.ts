/** Fewest digits of a slot's number in the name of its database: `app_s0042`. */
export const SLOT_DIGITS = 4;

/** `$` is in no keyspace's name, so that no keyspace and no slot of one can be called the same. */
const SHARED_SUFFIX = '$shared';
const UNSHARDED_SUFFIX = '$single';

/** What a database of ours holds. */
export type KeyspaceDatabase =
  | { readonly kind: 'slot'; readonly keyspace: string; readonly slot: number }
  | { readonly kind: 'shared' | 'unsharded'; readonly keyspace: string };

/** Name of the database of a slot. */
export function databaseOfSlot(keyspace: string, slot: number): string {
  return `${keyspace}_s${String(slot).padStart(SLOT_DIGITS, '0')}`;
}

/** Name of the database of a keyspace's reference tables, the same on every shard. */
export function sharedDatabase(keyspace: string): string {
  return keyspace + SHARED_SUFFIX;
}

/** Name of the database of a keyspace's unsharded tables, on its home shard. */
export function unshardedDatabase(keyspace: string): string {
  return keyspace + UNSHARDED_SUFFIX;
}

/** What the database of that name holds; undefined where the name is not one that we give. */
export function readDatabaseName(name: string): KeyspaceDatabase | undefined {
  const [, keyspace = '', slot, suffix] =
    /^([a-z][a-z0-9_]*?)(?:_s([0-9]{4,5})|(\$shared|\$single))$/.exec(name) ?? [];
  if (slot !== undefined) {
    const number = Number(slot);
    // Of `_s00042` no keyspace has a slot.
    return databaseOfSlot(keyspace, number) === name ? { kind: 'slot', keyspace, slot: number } : undefined;
  }
  if (suffix !== undefined) {
    // No keyspace is called like the database of a slot.
    return /_s[0-9]+$/.test(keyspace)
      ? undefined
      : { kind: suffix === SHARED_SUFFIX ? 'shared' : 'unsharded', keyspace };
  }
  return undefined;
}
