import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClusterError } from '../failure.ts';

/** The root of this checkout. */
export const checkoutFolder = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/**
 * There is one cluster per machine, whatever checkout made it. The environment variable SHARDWRIGHT_CLUSTER names
 * another one beside it; the tests of this tooling use it, so as not to disturb the developer's. Empty: the usual one.
 */
export const clusterInstance = parseClusterName(process.env['SHARDWRIGHT_CLUSTER'] ?? '');

/**
 * Checks the name of a cluster. Eight characters are what the names of network interfaces have room for.
 * @throws ClusterError `InvalidArguments` for any other: bent into shape, it could be the name of somebody else's.
 */
export function parseClusterName(name: string): string {
  if (!/^[a-z0-9]{0,8}$/.test(name)) {
    throw new ClusterError(
      'InvalidArguments',
      `SHARDWRIGHT_CLUSTER is '${name}': write up to eight lower-case letters and digits, or unset it for the usual cluster.`,
    );
  }
  return name;
}

/** The file below `.dev` of any checkout that `cluster:up` writes. */
export const kubeconfigName = clusterInstance === '' ? 'kubeconfig' : `kubeconfig-${clusterInstance}`;

/** The kubeconfig that `cluster:up` writes, for people and tests. */
export const kubeconfigPath = join(checkoutFolder, '.dev', kubeconfigName);

/** Where the folder `test-e2e/cluster/binaries` with the Go modules is. */
export const goModulesFolder = join(checkoutFolder, 'test-e2e', 'cluster', 'binaries');

/** The user's cache folder for what is costly to make; kept by `cluster:down`, shared by all checkouts. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'shardwright');
}

/** Where administrators' programs are, whether or not the user's PATH says so. */
const systemFolders = ['/usr/sbin', '/sbin'];

/** The path of an installed program, or undefined. */
export function findOnPath(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...systemFolders];
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
