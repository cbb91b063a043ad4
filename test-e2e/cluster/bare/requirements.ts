import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '../failure.ts';
import { runCommand } from '../machine/command.ts';
import { findOnPath } from '../machine/folders.ts';
import type { Progress } from '../progress.ts';

/** What decides whether the cluster can run on this machine. */
export interface SystemFacts {
  readonly platform: string;
  /** The effective user's id; 0 is root. */
  readonly userId: number;
  /** The text of /etc/os-release; empty when there is none. */
  readonly osRelease: string;
  readonly hasAptGet: boolean;
  /** The programs of {@link requiredPrograms} that are missing. */
  readonly missingPrograms: readonly string[];
}

/** Program → the package of Debian and Ubuntu that has it. */
export const requiredPrograms: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  mount: 'mount',
  mmdebstrap: 'mmdebstrap',
  buildah: 'buildah',
  gpg: 'gpg',
};

/** Where distributions put the plugins for pod networks. */
const networkPluginsFolders = ['/usr/lib/cni', '/opt/cni/bin'];

/** The requirements that a machine does not meet; those of `install` can be met with apt-get. */
export type RequirementsVerdict =
  | { readonly kind: 'met' }
  | { readonly kind: 'install'; readonly packages: readonly string[] }
  | { readonly kind: 'refused'; readonly error: ClusterError };

/** Decides from the facts alone. */
export function checkRequirements(facts: SystemFacts): RequirementsVerdict {
  if (facts.platform !== 'linux') {
    return refused(
      'UnsupportedSystem',
      `A cluster without Docker runs on Linux only, and this is ${facts.platform}.`,
      'Install Docker and kind (https://kind.sigs.k8s.io); the same command then uses them.',
    );
  }
  if (facts.userId !== 0) {
    return refused(
      'MissingRequirement',
      'A cluster without Docker needs root: it makes network namespaces, mounts and control groups.',
      'Run the command as root, for example with `sudo -E env PATH="$PATH"` before it; or start Docker and install kind.',
    );
  }
  if (facts.missingPrograms.length === 0) {
    return { kind: 'met' };
  }
  const packages = [...new Set(facts.missingPrograms.map((program) => packageOf(program)))].sort();
  const debianLike = /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(facts.osRelease);
  if (!debianLike || !facts.hasAptGet) {
    const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(facts.osRelease)?.[1] ?? 'this system';
    return refused(
      'MissingRequirement',
      `These programs are missing: ${facts.missingPrograms.join(', ')}. They can be installed automatically on Debian and Ubuntu, not on ${name}.`,
      `Install them (on Debian the packages are ${packages.join(', ')}), or install Docker and kind.`,
    );
  }
  return { kind: 'install', packages };
}

/** Refuses another system and users other than root: what every command needs. */
export function requireRootOnLinux(): void {
  const verdict = checkRequirements({ ...readFacts(), missingPrograms: [] });
  if (verdict.kind === 'refused') {
    throw verdict.error;
  }
}

/** Checks this machine and installs what apt-get can install, showing it. */
export async function ensureRequirements(progress: Progress): Promise<void> {
  const verdict = checkRequirements(readFacts());
  if (verdict.kind === 'refused') {
    throw verdict.error;
  }
  if (verdict.kind === 'met') {
    return;
  }
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const packages = verdict.packages.join(' ');
  await progress.step(`apt-get install ${packages}`, async (detail) => {
    await runCommand('apt-get', ['update'], { environment, onLine: detail });
    await runCommand('apt-get', ['install', '--yes', '--no-install-recommends', ...verdict.packages], {
      environment,
      onLine: detail,
    });
  });
  const after = checkRequirements(readFacts());
  if (after.kind !== 'met') {
    throw new ClusterError(
      'MissingRequirement',
      `Programs are still missing after apt-get install ${packages}.`,
    );
  }
}

/** The folder with the pod network plugins. */
export function networkPluginsFolder(): string {
  const found = networkPluginsFolders.find((folder) => existsSync(join(folder, 'bridge')));
  if (found === undefined) {
    throw new ClusterError(
      'MissingRequirement',
      `No network plugins in ${networkPluginsFolders.join(' or ')}.`,
      {
        remedy: 'Install the package containernetworking-plugins.',
      },
    );
  }
  return found;
}

function readFacts(): SystemFacts {
  const missingPrograms = Object.keys(requiredPrograms).filter(
    (program) => findOnPath(program) === undefined,
  );
  if (!networkPluginsFolders.some((folder) => existsSync(join(folder, 'bridge')))) {
    missingPrograms.push('bridge (network plugin)');
  }
  return {
    platform: process.platform,
    userId: process.geteuid?.() ?? -1,
    osRelease: existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '',
    hasAptGet: findOnPath('apt-get') !== undefined,
    missingPrograms,
  };
}

function packageOf(program: string): string {
  return requiredPrograms[program] ?? 'containernetworking-plugins';
}

function refused(
  code: 'MissingRequirement' | 'UnsupportedSystem',
  message: string,
  remedy: string,
): RequirementsVerdict {
  return { kind: 'refused', error: new ClusterError(code, message, { remedy }) };
}
