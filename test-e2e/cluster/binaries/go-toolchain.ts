import { tmpdir } from 'node:os';
import { ClusterError } from '../failure.ts';
import { tryCommand } from '../machine/command.ts';

/** A Go tool that can build the module it was looked up for. */
export interface GoToolchain {
  readonly program: string;
  /** As the tool says it, such as `go1.24.6`. */
  readonly version: string;
  /** Operating system and architecture, such as `linux/amd64`. */
  readonly platform: string;
}

/** On PATH, then where the Go installer and distributions put it. */
const usualPrograms = ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go'];

const remedy =
  'Install Go from https://go.dev/doc/install (or a newer package of your distribution) and put it on PATH, then run the command again.';

/**
 * Finds the Go tool and checks that it can build the module in `directory`, which asks for `minimum`
 * (such as `1.24.6`). A Go of 1.21 or newer that may fetch a newer toolchain by itself does so here.
 * @throws ClusterError `MissingRequirement` when there is no Go or when it is too old.
 */
export async function findGo(
  directory: string,
  minimum: string,
  programs: readonly string[] = usualPrograms,
): Promise<GoToolchain> {
  for (const program of programs) {
    const inModule = await tryCommand(program, ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { directory });
    if (inModule.exitCode === 127) {
      continue;
    }
    const outside = await tryCommand(program, ['env', 'GOVERSION'], { directory: tmpdir() });
    const [version = '', system = '', architecture = ''] = inModule.standardOutput.trim().split('\n');
    const problem = goVersionProblem(inModule.exitCode === 0 ? version : outside.standardOutput.trim(), minimum);
    if (problem !== undefined) {
      throw new ClusterError('MissingRequirement', problem, { remedy });
    }
    return { program, version, platform: `${system}/${architecture}` };
  }
  throw new ClusterError(
    'MissingRequirement',
    `Go is not installed. Without Docker the cluster's programs are built from source, which needs Go ${minimum} or newer.`,
    { remedy },
  );
}

/** Why a Go of this version (as `go env GOVERSION` says it) cannot build the module; undefined when it can. */
export function goVersionProblem(version: string, minimum: string): string | undefined {
  const have = parseVersion(version);
  if (have === undefined) {
    return `Go says it is version '${version}', which is not understood; ${minimum} or newer is needed.`;
  }
  const need = parseVersion(minimum) ?? [];
  for (const [index, part] of need.entries()) {
    const mine = have[index] ?? 0;
    if (mine > part) {
      return undefined;
    }
    if (mine < part) {
      return `Go ${have.join('.')} is too old: Kubernetes needs Go ${minimum} or newer.`;
    }
  }
  return undefined;
}

/** The version that a go.mod asks for in its `go` line. */
export function minimumGoVersion(goMod: string): string {
  return /^go (\S+)$/m.exec(goMod)?.[1] ?? '1.24';
}

function parseVersion(text: string): number[] | undefined {
  const match = /^(?:go|devel go)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match?.slice(1).map((part: string | undefined) => Number(part ?? 0));
}
