/** How the two ends of a transfer are reached. */
import { readFileSync } from 'node:fs';
import type { Clock } from '../../../runtime/clock.ts';
import { createServerTrust, type ServerTrust } from '../../../wire/login/server-trust.ts';
import type { Source } from '../../source.ts';
import { AGENT_USER } from '../credentials.ts';
import type { WireLogin } from './wire-session.ts';

/** Every session begins with it, and no statement of ours is of interest in the server's logs. */
const LOCAL_START = Buffer.from('SET SESSION sql_log_off = 1, slow_query_log = 0, wait_timeout = 31536000');
const SOURCE_START = Buffer.from('SET SESSION wait_timeout = 31536000');

/** A login to the server beside us, as the agent. */
export function localLogin(socketPath: string, password: string, clock: Clock): WireLogin {
  return {
    server: { pod: 'this server', socketPath },
    user: AGENT_USER,
    credential: { kind: 'password', password },
    sessionStart: LOCAL_START,
    clock,
  };
}

/** A login to a member of another shard, over TLS. Its certificate carries the name by which it is reached. */
export function sourceLogin(
  { host, port, user, password }: Source,
  trust: ServerTrust,
  clock: Clock,
): WireLogin {
  return {
    server: { pod: `${host}:${port}`, host, port, serverName: host },
    trust,
    user,
    credential: { kind: 'password', password },
    sessionStart: SOURCE_START,
    clock,
  };
}

/** Trust in the authority of a file as it is when a connection is made: a few kilobytes on a memory-backed volume. */
export function trustIn(authorityFile: string): ServerTrust {
  return createServerTrust(() => readFileSync(authorityFile, 'utf8'));
}
