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

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const SLOT_SUFFIX = new TextEncoder().encode('_s');
const NAMED_SUFFIXES = [SHARED_SUFFIX, UNSHARDED_SUFFIX].map((suffix) => new TextEncoder().encode(suffix));
/** Most digits of a slot's number. */
const MOST_SLOT_DIGITS = 5;

/**
 * How many bytes, at the beginning of a name between `start` and `end`, are that of the keyspace, if this is the name of a database
 * of one; 0 where it cannot be. Whether there is such a keyspace is left to the caller. Agrees with {@link readDatabaseName} for
 * every keyspace that can exist, and makes no text: it is asked for columns of every result.
 */
export function keyspaceNameLength(bytes: Uint8Array, start: number, end: number): number {
  let digits = end;
  while (digits > start && isDigit(bytes[digits - 1])) {
    digits -= 1;
  }
  const count = end - digits;
  if (count === 0) {
    const suffix = NAMED_SUFFIXES.find((each) => endsWith(bytes, start, end, each));
    return suffix === undefined ? 0 : end - suffix.length - start;
  }
  const isSlot = count === SLOT_DIGITS || (count === MOST_SLOT_DIGITS && bytes[digits] !== DIGIT_0);
  return isSlot && endsWith(bytes, start, digits, SLOT_SUFFIX) ? digits - SLOT_SUFFIX.length - start : 0;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= DIGIT_0 && byte <= DIGIT_9;
}

function endsWith(bytes: Uint8Array, start: number, end: number, suffix: Uint8Array): boolean {
  const from = end - suffix.length;
  if (from < start) {
    return false;
  }
  for (let index = 0; index < suffix.length; index += 1) {
    if (bytes[from + index] !== suffix[index]) {
      return false;
    }
  }
  return true;
}
