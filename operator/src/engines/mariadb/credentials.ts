/**
 * The agent's own account on the server beside it. Its password is made anew for every start of the server,
 * so nobody has to keep it: the server learns its hash from the init file, the agent and MariaDB's programs read
 * it from a file of mode 0600 in the memory-backed folder.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { EngineError } from '../engine-error.ts';
import { writeFileAtomically } from './files.ts';
import type { Layout } from './layout.ts';

/** Name of the agent's account, which exists for `localhost` only. */
export const AGENT_USER = 'shardwright_agent';

/**
 * The hash that MariaDB stores for a password: `*` and SHA1 of SHA1, in upper-case hexadecimal. Sent instead of
 * the password wherever SQL allows it, so that the password occurs in no log.
 * Source: https://mariadb.com/kb/en/authentication-plugin-mysql_native_password/
 */
export function nativePasswordHash(password: string): string {
  const once = createHash('sha1').update(password).digest();
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
}

/** Makes a password for the coming start, stores it for programs, and returns its hash. */
export async function renewAgentPassword(layout: Layout): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  const content = `[client]\nuser = ${AGENT_USER}\npassword = ${password}\nsocket = ${layout.socket}\n`;
  await writeFileAtomically(layout.clientConfiguration, content);
  return nativePasswordHash(password);
}

/** The password of the present start. Throws EngineError `Unreachable` where no start was prepared. */
export async function readAgentPassword(layout: Layout): Promise<string> {
  let content: string;
  try {
    content = await readFile(layout.clientConfiguration, 'utf8');
  } catch (cause) {
    throw new EngineError('Unreachable', 'no start of the server was prepared', { cause });
  }
  const password = /^password = (.+)$/m.exec(content)?.[1];
  if (password === undefined) {
    throw new EngineError('UnreadableFiles', `${layout.clientConfiguration} holds no password`);
  }
  return password;
}
