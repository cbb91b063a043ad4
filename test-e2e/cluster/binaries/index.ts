/**
 * The cluster's programs, built from Go modules and kept in the user's cache folder.
 *
 *     const kubectl = await binaryPath('kubectl');          // builds it on first use (minutes), then instant
 *     await ensureBinaries(['etcd', 'kube-apiserver'], progress);
 */
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../machine/command.ts';
import { withFileLock } from '../machine/file-lock.ts';
import { cacheFolder, checkoutFolder, goModulesFolder } from '../machine/folders.ts';
import { silentProgress } from '../progress.ts';
import type { Progress } from '../progress.ts';
import { buildFlags, moduleOf } from './catalog.ts';
import type { BinaryName, GoModule } from './catalog.ts';
import { cacheKey } from './cache-key.ts';
import { findGo, minimumGoVersion } from './go-toolchain.ts';
import type { GoToolchain } from './go-toolchain.ts';

export type { BinaryName } from './catalog.ts';

interface BuildPlan {
  readonly module: GoModule;
  readonly directory: string;
  readonly output: string;
  readonly flags: readonly string[];
  readonly go: GoToolchain;
}

const plans = new Map<string, Promise<BuildPlan>>();

/**
 * The path of a program, which is built first when the cache does not have it.
 * @throws ClusterError `MissingRequirement` without a fitting Go, `CommandFailed` when the build fails.
 */
export async function binaryPath(name: BinaryName, progress: Progress = silentProgress): Promise<string> {
  const module = moduleOf(name);
  const plan = await planOf(module);
  if (!(await isBuilt(plan))) {
    await buildOnce(plan, progress);
  }
  return join(plan.output, name);
}

/** Builds what the cache lacks, one module after another; returns the path of each program. */
export async function ensureBinaries<Name extends BinaryName>(
  names: readonly Name[],
  progress: Progress,
): Promise<Record<Name, string>> {
  const paths: Partial<Record<Name, string>> = {};
  for (const name of names) {
    paths[name] = await binaryPath(name, progress);
  }
  return paths as Record<Name, string>;
}

function planOf(module: GoModule): Promise<BuildPlan> {
  const known = plans.get(module.folder);
  if (known !== undefined) {
    return known;
  }
  const plan = makePlan(module);
  plans.set(module.folder, plan);
  return plan;
}

async function makePlan(module: GoModule): Promise<BuildPlan> {
  const parent = module.within === undefined ? goModulesFolder : join(checkoutFolder, module.within);
  const directory = join(parent, module.folder);
  const files: Record<string, string> = {};
  for (const name of await readdir(directory)) {
    files[name] = await readFile(join(directory, name), 'utf8');
  }
  const goMod = files['go.mod'] ?? '';
  const go = await findGo(directory, minimumGoVersion(goMod));
  const flags = buildFlags(module, goMod);
  const key = cacheKey({ files, goVersion: go.version, platform: go.platform, flags });
  const output = join(cacheFolder(), 'binaries', `${module.folder}-${key}`);
  return { module, directory, output, flags, go };
}

async function isBuilt(plan: BuildPlan): Promise<boolean> {
  const found = await stat(plan.output).catch(() => undefined);
  return found !== undefined;
}

async function buildOnce(plan: BuildPlan, progress: Progress): Promise<void> {
  const lock = join(cacheFolder(), 'binaries', `${plan.module.folder}.lock`);
  const onWait = (holder: number): void =>
    progress.note(`waiting for process ${String(holder)}, which builds ${plan.module.folder}`);
  await withFileLock(
    lock,
    async () => {
      if (!(await isBuilt(plan))) {
        await build(plan, progress);
      }
    },
    onWait,
  );
}

/** Builds into a folder beside the final one and renames it, so that a cached folder is always whole. */
async function build(plan: BuildPlan, progress: Progress): Promise<void> {
  const { module, directory, output, flags, go } = plan;
  await mkdir(dirname(output), { recursive: true });
  const temporary = await mkdtemp(`${output}.building-`);
  const [only] = module.programs;
  const target = module.programs.length === 1 && only !== undefined ? join(temporary, only.name) : `${temporary}/`;
  const names = module.programs.map((program) => program.name).join(', ');
  try {
    await progress.step(`build ${names} (${go.version})`, async (detail) => {
      let compiled = 0;
      await runCommand(
        go.program,
        ['build', '-v', ...flags, '-o', target, ...module.programs.map((program) => program.packagePath)],
        {
          directory,
          environment: { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
          onLine: (line) => {
            compiled += line.startsWith('go: downloading') ? 0 : 1;
            detail(line.startsWith('go:') ? line.slice(4) : `${String(compiled)} packages compiled, at ${line}`);
          },
        },
      );
    });
    await rename(temporary, output);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
