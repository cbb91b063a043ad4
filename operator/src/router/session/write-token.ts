/**
 * What a session has written, as the position of its newest write on each shard. A replica that has reached it shows the
 * session its own writes. As text it is a list of MariaDB's GTIDs, `0-1-1234,1-1001-55`: the domain is the shard's number.
 */

/** Number of the newest transaction and the GTID itself, by shard. Immutable. */
export type WriteToken = ReadonlyMap<number, WrittenTransaction>;

export interface WrittenTransaction {
  readonly sequence: bigint;
  readonly gtid: string;
}

/** Nothing was written. */
export const EMPTY_TOKEN: WriteToken = new Map();

const GTID = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;

/** Reads a list of GTIDs; undefined where the text is none. */
export function readWriteToken(text: string): WriteToken | undefined {
  let token = EMPTY_TOKEN;
  for (const part of text.split(',')) {
    const gtid = part.trim();
    if (gtid === '') {
      continue;
    }
    if (!GTID.test(gtid)) {
      return undefined;
    }
    token = withWrite(token, gtid);
  }
  return token;
}

/** The text of a token. */
export function formatWriteToken(token: WriteToken): string {
  return [...token.values()].map(({ gtid }) => gtid).join(',');
}

/** The token after a further write. Tokens only grow; what is no GTID is left out. */
export function withWrite(token: WriteToken, gtid: string): WriteToken {
  const [, domain, , number] = GTID.exec(gtid) ?? [];
  if (domain === undefined || number === undefined) {
    return token;
  }
  const shard = Number(domain);
  const sequence = BigInt(number);
  if ((token.get(shard)?.sequence ?? -1n) >= sequence) {
    return token;
  }
  return new Map([...token, [shard, { sequence, gtid }]]);
}

/** Whether a server at `position` (a list of GTIDs) has everything that the token says of its shard. */
export function hasReached(position: WriteToken, token: WriteToken, shard: number): boolean {
  const wanted = token.get(shard);
  return wanted === undefined || (position.get(shard)?.sequence ?? -1n) >= wanted.sequence;
}
