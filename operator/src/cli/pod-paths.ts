/** Where things are in the pods of servers. A test compares them with what builds the pods. */

/** The container with the server and MariaDB's programs. */
export const DATABASE_CONTAINER = 'mariadb';

/** The container that sees the accounts, with MariaDB's programs as well. */
export const AGENT_CONTAINER = 'agent';

/** The agent's own account, as MariaDB's programs read it: for this server only, and it sees everything. */
export const AGENT_ACCOUNT_FILE = '/run/shardwright/client.cnf';

/** A folder for each account, with the files `username` and `password`. */
export const ACCOUNTS_FOLDER = '/etc/shardwright/accounts';

/** Certificate of the authority that servers and routers are known by. */
export const AUTHORITY_FILE = '/etc/shardwright/server-tls/ca.crt';

/** Where the data volume is. */
export const VOLUME_FOLDER = '/var/lib/shardwright/volume';
