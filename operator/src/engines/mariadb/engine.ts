/** The adapter for MariaDB 10.11 and 11.8. */
import type { Engine } from '../engine.ts';
import { readUserConfiguration } from './configuration.ts';
import { nativePasswordHash } from './credentials.ts';
import { mariadbPositions } from './gtid.ts';
import { createMariadbMember } from './member.ts';
import { routerPassword, routerPasswordHash } from './router-credential.ts';

/** IANA's port for MySQL's protocol. */
const MARIADB_PORT = 3306;
/** The user `mysql` of the stock image. */
const STOCK_IMAGE_USER_ID = 999;

/** MariaDB with semi-synchronous replication by GTID. */
export const mariadbEngine: Engine = {
  type: 'MariaDB',
  container: {
    ports: [{ name: 'mariadb', port: MARIADB_PORT }],
    clientPort: MARIADB_PORT,
    volumePath: '/var/lib/shardwright/volume',
    memoryPath: '/run/shardwright',
    image: (version) => `mariadb:${version}`,
    defaultUserId: STOCK_IMAGE_USER_ID,
    programs: ['mariadbd', 'mariadb-install-db', 'mariadb-backup', 'mbstream', 'mariadb-binlog', 'mariadb'],
  },
  positions: mariadbPositions,
  credentials: { hash: nativePasswordHash, routerPassword, routerHash: routerPasswordHash },
  checkConfiguration: (text) => readUserConfiguration(text).problems,
  createMember: (options) => createMariadbMember(options, MARIADB_PORT),
};
