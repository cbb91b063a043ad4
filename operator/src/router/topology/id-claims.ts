import type { ClaimIds, IdClaim } from '../session/id-generator.ts';
import { ID_NODES } from '../session/id-generator.ts';
import type { OwnStatements } from './own-account.ts';
import type { Server } from './servers.ts';

/** How long one claim lasts, in milliseconds. The number of nodes bounds how many routers can begin within it. */
const CLAIM_MILLISECONDS = 600_000;

/** Nodes are tried this often before giving up: each attempt fails only if another router took that very node meanwhile. */
const ATTEMPTS = 20;

/** No node could be claimed. */
export class IdClaimError extends Error {
  override readonly name = 'IdClaimError';
  readonly code = 'NoIdClaimed';
}

export interface IdClaimsOptions {
  readonly statements: OwnStatements;
  /** Primary of the shard that keeps the claims, the same for all routers; undefined while it has none. */
  readonly primary: () => Server | undefined;
  readonly random: () => number;
}

/**
 * Claims in the table `shardwright.router_ids`, a row for each node with the end of its last claim. A claim is one
 * conditional statement, committed like any write: it survives what acknowledged writes survive.
 */
export function createIdClaims({ statements, primary, random }: IdClaimsOptions): ClaimIds {
  return async ({ now, preferred }, signal) => {
    const server = primary();
    if (server === undefined) {
      throw new IdClaimError('the shard that keeps the claims of generated ids has no primary');
    }
    const from = Math.ceil(now);
    const until = from + CLAIM_MILLISECONDS;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const node = attempt === 0 && preferred !== undefined ? preferred : Math.floor(random() * ID_NODES);
      const claim: IdClaim = { node, from, until };
      if (await claimNode(statements, server, claim, signal)) {
        return claim;
      }
    }
    throw new IdClaimError(`none of ${ATTEMPTS} nodes tried was free`);
  };
}

/** Takes the node if its last claim ends before this one begins. */
async function claimNode(
  statements: OwnStatements,
  server: Server,
  { node, from, until }: IdClaim,
  signal: AbortSignal,
): Promise<boolean> {
  const inserted = await statements.run(
    server,
    `INSERT IGNORE INTO shardwright.router_ids (node, claimed_until) VALUES (${node}, ${until})`,
    signal,
  );
  if (inserted.completion.affectedRows === 1n) {
    return true;
  }
  const updated = await statements.run(
    server,
    `UPDATE shardwright.router_ids SET claimed_until = ${until} WHERE node = ${node} AND claimed_until <= ${from}`,
    signal,
  );
  return updated.completion.affectedRows === 1n;
}
