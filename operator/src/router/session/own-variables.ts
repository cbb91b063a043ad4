/** The session variables that are the router's own, as clients write them. */
import type { ConsistencyLevel, TransactionMode } from '../../api/v1alpha1/index.ts';
import type { SessionWishes } from './session.ts';

/** Consistency by its names, without case, `-` and `_`. `EventualFastest` is eventual, by the replica that answers fastest. */
const CONSISTENCY: ReadonlyMap<string, { readonly level: ConsistencyLevel; readonly fastest: boolean }> =
  new Map([
    ['strong', { level: 'Strong', fastest: false }],
    ['eventual', { level: 'Eventual', fastest: false }],
    ['eventualfastest', { level: 'Eventual', fastest: true }],
    ['readyourwrites', { level: 'ReadYourWrites', fastest: false }],
  ]);

const MODES: ReadonlyMap<string, TransactionMode> = new Map([
  ['single', 'Single'],
  ['multi', 'Multi'],
]);

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** A level by one of its names; undefined for one there is not. */
export function readConsistency(
  text: string,
): { readonly level: ConsistencyLevel; readonly fastest: boolean } | undefined {
  return CONSISTENCY.get(plain(text));
}

/** The wishes with another level; null for DEFAULT. Undefined for a level there is not. */
export function withConsistency(wishes: SessionWishes, text: string | null): SessionWishes | undefined {
  if (text === null) {
    return { ...wishes, consistency: null, fastest: false };
  }
  const found = readConsistency(text);
  return found === undefined ? undefined : { ...wishes, consistency: found.level, fastest: found.fastest };
}

/** The wishes with another mode of transactions; null for DEFAULT. Undefined for a mode there is not. */
export function withTransactions(wishes: SessionWishes, text: string | null): SessionWishes | undefined {
  if (text === null) {
    return { ...wishes, transactions: null };
  }
  const transactions = MODES.get(plain(text));
  return transactions === undefined ? undefined : { ...wishes, transactions };
}

/** The wishes with a shard by its number; null for any. Undefined for what is no number of a shard. */
export function withShard(
  wishes: SessionWishes,
  text: string | null,
  shards: ReadonlySet<number>,
): SessionWishes | undefined {
  if (text === null || text === '') {
    return { ...wishes, shard: null };
  }
  const shard = Number(text);
  return shards.has(shard) ? { ...wishes, shard } : undefined;
}

/** Longest wait for a replica, in milliseconds. */
const MAX_WAIT = 10_000;

/** The wishes with a budget of waiting for a replica, in milliseconds; null for none. Undefined for what is no whole number up to 10000. */
export function withWait(wishes: SessionWishes, text: string | null): SessionWishes | undefined {
  const waitMilliseconds = text === null ? 0 : /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  return waitMilliseconds <= MAX_WAIT ? { ...wishes, waitMilliseconds } : undefined;
}

/** ON, OFF, 1, 0, TRUE or FALSE; undefined for anything else. */
export function readSwitch(text: string): boolean | undefined {
  switch (text.toUpperCase()) {
    case '1':
    case 'ON':
    case 'TRUE':
      return true;
    case '0':
    case 'OFF':
    case 'FALSE':
      return false;
    default:
      return undefined;
  }
}
