/**
 * Arithmetic of MariaDB's global transaction identifiers, `domain-server-sequence`, and of lists of them with
 * one entry a domain. Under `gtid_strict_mode` sequence numbers of a domain only grow, whichever server wrote
 * them, so the highest one of a domain stands for everything before it.
 * Source: https://mariadb.com/kb/en/gtid/
 */
import { EngineError } from '../engine-error.ts';
import type { Position, PositionArithmetic, PositionOrder } from '../position.ts';

/** One transaction's identifier. */
export interface Gtid {
  readonly domain: number;
  readonly server: number;
  readonly sequence: bigint;
}

/** The last identifier of each domain. */
export type GtidList = ReadonlyMap<number, Gtid>;

const GTID = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;

/**
 * Reads a comma-separated list. Where a domain occurs more than once, as in `gtid_binlog_state`, the highest
 * sequence stands. Throws EngineError `InvalidPosition`.
 */
export function parseGtidList(text: string): GtidList {
  return toGtidList(parseGtids(text));
}

/** The highest identifier of each domain. */
export function toGtidList(gtids: readonly Gtid[]): GtidList {
  const list = new Map<number, Gtid>();
  gtids.forEach((gtid) => addGtid(list, gtid));
  return list;
}

/** Reads every identifier of a comma-separated list. Throws EngineError `InvalidPosition`. */
export function parseGtids(text: string): readonly Gtid[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseGtid);
}

function parseGtid(text: string): Gtid {
  const [, domain, server, sequence] = GTID.exec(text) ?? [];
  if (domain === undefined || server === undefined || sequence === undefined) {
    throw new EngineError('InvalidPosition', `not a GTID: ${JSON.stringify(text)}`);
  }
  return { domain: Number(domain), server: Number(server), sequence: BigInt(sequence) };
}

/** Enters an identifier into a list under construction unless the list is at or past it. */
export function addGtid(list: Map<number, Gtid>, gtid: Gtid): void {
  const present = list.get(gtid.domain);
  if (present === undefined || present.sequence < gtid.sequence) {
    list.set(gtid.domain, gtid);
  }
}

/** Writes a list in ascending order of domains, so that equal lists are equal text. */
export function formatGtidList(list: GtidList): string {
  return [...list.values()]
    .sort((left, right) => left.domain - right.domain)
    .map((gtid) => `${gtid.domain}-${gtid.server}-${gtid.sequence}`)
    .join(',');
}

/** The list that covers both: per domain the higher sequence. */
export function mergeGtidLists(left: GtidList, right: GtidList): GtidList {
  const merged = new Map(left);
  for (const gtid of right.values()) {
    addGtid(merged, gtid);
  }
  return merged;
}

/**
 * How two lists relate. One sequence number under two servers' names is two different transactions: a list
 * that ends in one and a list that ends in the other have diverged. That a longer list passed through the
 * other's end, and not through another transaction of its number, cannot be told from positions alone.
 */
export function compareGtidLists(left: GtidList, right: GtidList): PositionOrder {
  let ahead = false;
  let behind = false;
  for (const domain of new Set([...left.keys(), ...right.keys()])) {
    const here = left.get(domain);
    const there = right.get(domain);
    if (here === undefined || (there !== undefined && here.sequence < there.sequence)) {
      behind = true;
    } else if (there === undefined || here.sequence > there.sequence) {
      ahead = true;
    } else if (here.server !== there.server) {
      return 'diverged';
    }
  }
  if (ahead && behind) {
    return 'diverged';
  }
  if (ahead) {
    return 'ahead';
  }
  return behind ? 'behind' : 'equal';
}

/** Writes a list as the engine port's opaque position. */
export function toPosition(list: GtidList): Position {
  return formatGtidList(list) as Position;
}

/** Positions of MariaDB: GTID lists as text. */
export const mariadbPositions: PositionArithmetic = {
  empty: toPosition(new Map()),
  parse: (text) => toPosition(parseGtidList(text)),
  compare: (left, right) => compareGtidLists(parseGtidList(left), parseGtidList(right)),
  covers(held, needed) {
    const order = compareGtidLists(parseGtidList(held), parseGtidList(needed));
    return order === 'equal' || order === 'ahead';
  },
  continues(held, needed) {
    const list = parseGtidList(held);
    const ends = [...parseGtidList(needed).values()];
    const isOwn = ends.every(({ domain, server }) => list.get(domain)?.server === server);
    return ends.length > 0 && isOwn && mariadbPositions.covers(held, needed);
  },
};
