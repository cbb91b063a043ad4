/**
 * What every session of a router at a server begins with, after a login and after a reset: the client's character set, all
 * that servers can report about changes of the session, and a server that leaves it to the router to close idle connections and
 * to give up slow clients: the rows of one shard may have to wait until those of all others are sent.
 */
export const SESSION_START = Buffer.from(
  "SET NAMES utf8mb4, SESSION session_track_schema = 1, session_track_system_variables = '*', session_track_transaction_info = 'CHARACTERISTICS', wait_timeout = 31536000, interactive_timeout = 31536000, net_write_timeout = 3600",
);
