/** Which transactions of every server a member has: `gtid_binlog_state` and the position of replication. */
import type { Lineage } from '../position.ts';
import { parseGtids, type Gtid } from './gtid.ts';

/** Reads a lineage from a list of GTIDs with any number of entries a domain. Throws EngineError `InvalidPosition`. */
export function toLineage(text: string): Lineage {
  const newest = new Map<string, Gtid>();
  for (const gtid of parseGtids(text)) {
    const writer = writerOf(gtid);
    if ((newest.get(writer)?.sequence ?? -1n) < gtid.sequence) {
      newest.set(writer, gtid);
    }
  }
  const entries = [...newest].sort(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([writer, { sequence }]) => `${writer}-${sequence}`).join(',') as Lineage;
}

/**
 * Looks up the newest sequence number of one server in a domain; undefined where the lineage does not name that
 * server: then the member has none of its transactions, or was cloned after the last of them.
 */
export function newestByWriter(lineage: Lineage): (writer: Omit<Gtid, 'sequence'>) => bigint | undefined {
  const newest = new Map(parseGtids(lineage).map((gtid) => [writerOf(gtid), gtid.sequence]));
  return (writer) => newest.get(writerOf(writer));
}

function writerOf({ domain, server }: Omit<Gtid, 'sequence'>): string {
  return `${domain}-${server}`;
}
