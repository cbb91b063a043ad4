/** The hosts file of the database's container, by which the server finds the other members without a name service. */
import { open } from 'node:fs/promises';

const HEAD = [
  '# Written by the agent: a failover must not wait for a name service that has lost a node, too.',
  '127.0.0.1 localhost',
  '::1 localhost ip6-localhost ip6-loopback',
];

/** Connecting to it fails at once, on any machine: it is no single address. */
export const REFUSING_ADDRESS = '255.255.255.255';

/** The file's text; addresses by name. */
export function renderHosts(addresses: ReadonlyMap<string, string>): string {
  const lines = [...addresses].map(([name, address]) => `${address} ${name}`);
  return `${[...HEAD, ...lines].join('\n')}\n`;
}

/**
 * Writes the file in place, for a mounted file cannot be replaced: what is shorter is filled up with empty lines, so
 * that nobody reads half a line of what was there. False where there is no such file. Rejects when it cannot be written.
 */
export async function writeHosts(path: string, addresses: ReadonlyMap<string, string>): Promise<boolean> {
  try {
    const file = await open(path, 'r+');
    try {
      const { size } = await file.stat();
      await file.write(renderHosts(addresses).padEnd(size, '\n'), 0);
      return true;
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return false;
    }
    throw error;
  }
}
