/** One MariaDB server to compare keys with. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { makeLoopbackCertificate } from '../mariadb/certificates.ts';
import { confineCalls } from '../mariadb/confined-program.ts';
import { type PackagedMariadb, rootFileSystem } from '../mariadb/root-file-system.ts';
import { DatabaseServer } from '../router/database-server.ts';

/** A running server, and how to be rid of it. */
export interface KeyServer {
  readonly server: DatabaseServer;
  dispose(): Promise<void>;
}

/** Starts it. */
export async function startKeyServer(packaged: PackagedMariadb): Promise<KeyServer> {
  const root = await rootFileSystem(packaged);
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-keys-'));
  const [port = 0] = await findFreePorts(1);
  const server = new DatabaseServer({
    pod: 'keys',
    shard: 0,
    serverId: 1,
    port,
    folder,
    tls: await makeLoopbackCertificate(join(folder, 'tls')),
    confineCall: await confineCalls(root, folder),
  });
  const dispose = async (): Promise<void> => {
    await server.dispose();
    // Left behind by the mounts.
    await rm(join(root, folder), { recursive: true, force: true });
  };
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return { server, dispose };
}
