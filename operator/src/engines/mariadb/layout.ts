import { join } from 'node:path';
import type { MemberOptions } from '../member.ts';

/** Where MariaDB and the agent keep their things; both containers of a pod mount both folders. */
export interface Layout {
  /** The data directory: present means complete, for it is moved here in one step. */
  readonly data: string;
  /** Where a database is made before it moves to `data`. */
  readonly initialising: string;
  /** Where a clone is received and prepared before it moves to `data`. */
  readonly cloning: string;
  /** Data directories that were set aside, and files with changes that nobody else has, by name. */
  readonly kept: string;
  /** Where a data directory moves before it is removed. */
  readonly discarding: string;
  /** Written into a data directory before it moves into place: how it came to be. */
  readonly originFile: string;
  /** Beside it in a cloned one until the first boot: the position the copy is at. */
  readonly positionFile: string;
  readonly socket: string;
  readonly serverConfiguration: string;
  /** SQL that the server runs at its start, present during the start only. */
  readonly initFile: string;
  /** The agent's account, in the form MariaDB's programs read. */
  readonly clientConfiguration: string;
  /** Where mariadb-backup puts its temporary files on the source. */
  readonly backupScratch: string;
}

/** First part of the name of every binary log file. */
export const BINARY_LOG_NAME = 'binlog';
/** First part of the name of every relay log file. */
export const RELAY_LOG_NAME = 'relay';

/** The layout for one member. The volume's root may hold `lost+found`, so the data lives one level below. */
export function layoutOf({
  volumePath,
  memoryPath,
}: Pick<MemberOptions, 'volumePath' | 'memoryPath'>): Layout {
  return {
    data: join(volumePath, 'data'),
    initialising: join(volumePath, 'initialising'),
    cloning: join(volumePath, 'cloning'),
    kept: join(volumePath, 'kept'),
    discarding: join(volumePath, 'discarding'),
    originFile: 'shardwright-origin.json',
    positionFile: 'shardwright-position',
    socket: join(memoryPath, 'mariadbd.sock'),
    serverConfiguration: join(memoryPath, 'server.cnf'),
    initFile: join(memoryPath, 'init.sql'),
    clientConfiguration: join(memoryPath, 'client.cnf'),
    backupScratch: join(volumePath, 'backup'),
  };
}
