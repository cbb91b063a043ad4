/** Which transactions of every server a member has: `gtid_binlog_state` and the position of replication. */
import type { Lineage } from '../position.ts';
import { parseGtids, type Gtid } from './gtid.ts';

/** Reads a lineage from a list of GTIDs with any number of entries a domain. Throws EngineError `InvalidPosition`. */
export function toLineage(text: string): Lineage {
  const newest = new Map<string, Gtid>();
  for (const gtid of parseGtids(text)) {
    const writer = `${gtid.domain}-${gtid.server}`;
    if ((newest.get(writer)?.sequence ?? -1n) < gtid.sequence) {
      newest.set(writer, gtid);
    }
  }
  const entries = [...newest].sort(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([writer, { sequence }]) => `${writer}-${sequence}`).join(',') as Lineage;
}

/**
 * The newest sequence number of one server in a domain; undefined where the lineage does not name that server: then
 * the member has none of its transactions, or was cloned after the last of them.
 */
export function newestOf(lineage: Lineage, { domain, server }: Omit<Gtid, 'sequence'>): bigint | undefined {
  return parseGtids(lineage).find((gtid) => gtid.domain === domain && gtid.server === server)?.sequence;
}
