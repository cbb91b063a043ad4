/** Preparing a start of mariadbd. */
import { rm } from 'node:fs/promises';
import type { BootOrder, LaunchPlan } from '../boot.ts';
import { EngineError } from '../engine-error.ts';
import type { MemberOptions } from '../member.ts';
import type { Position } from '../position.ts';
import { renderServerConfiguration } from './configuration.ts';
import { AGENT_USER, renewAgentPassword } from './credentials.ts';
import { writeFileAtomically } from './files.ts';
import type { Layout } from './layout.ts';
import { readClonePosition, readOrigin, removeClonePosition } from './origin.ts';

/**
 * Writes the option file, the agent's account and the init file, and says what to execute. Refused without a
 * complete data directory: mariadbd would make an empty database of its own.
 */
export async function prepareBoot(
  member: MemberOptions,
  port: number,
  layout: Layout,
  order: BootOrder,
): Promise<LaunchPlan> {
  if ((await readOrigin(layout)) === undefined) {
    throw new EngineError('Refused', 'the volume holds no complete data directory');
  }
  const passwordHash = await renewAgentPassword(layout);
  await writeFileAtomically(layout.initFile, initSql(passwordHash, await readClonePosition(layout)));
  await writeFileAtomically(layout.serverConfiguration, renderServerConfiguration({ member, order, port }));
  return {
    program: 'mariadbd',
    // Only --defaults-file keeps the image's own option files out; it has to come first.
    arguments: [`--defaults-file=${layout.serverConfiguration}`, `--init-file=${layout.initFile}`],
    environment: { SHARDWRIGHT_EPOCH: String(order.epoch), SHARDWRIGHT_BOOT_ROLE: order.role },
  };
}

/**
 * What the server runs before it serves anybody, one statement a line. Nothing of it is replicated. The clone's
 * position comes from the copy itself: the table it brought along is that of its source as a replica.
 */
export function initSql(agentPasswordHash: string, clonePosition: Position | undefined): string {
  const agent = `'${AGENT_USER}'@'localhost'`;
  return [
    'SET SESSION sql_log_bin = 0, sql_log_off = 1;',
    `CREATE USER IF NOT EXISTS ${agent} IDENTIFIED VIA mysql_native_password USING '${agentPasswordHash}';`,
    `ALTER USER ${agent} IDENTIFIED VIA mysql_native_password USING '${agentPasswordHash}' REQUIRE NONE;`,
    `GRANT ALL PRIVILEGES ON *.* TO ${agent} WITH GRANT OPTION;`,
    ...(clonePosition === undefined ? [] : [`SET GLOBAL gtid_slave_pos = '${clonePosition}';`]),
    '',
  ].join('\n');
}

/** After the first login: the server has read everything that was written for its start only. */
export async function completeBoot(layout: Layout): Promise<void> {
  await rm(layout.initFile, { force: true });
  await removeClonePosition(layout);
}
