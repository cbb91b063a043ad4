/**
 * The last sequence number of each origin, `domain-server`, in a list of GTIDs such as gtid_binlog_state:
 * `1-1001-17,1-1002-9`.
 */
export function parsePositions(list: string): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  for (const text of list.split(',')) {
    const [, origin, sequence] = /^(\d+-\d+)-(\d+)$/.exec(text.trim()) ?? [];
    if (origin !== undefined && sequence !== undefined) {
      positions.set(origin, Math.max(positions.get(origin) ?? 0, Number(sequence)));
    }
  }
  return positions;
}
