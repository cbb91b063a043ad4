import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** What a build made. */
export interface Bundle {
  readonly milliseconds: number;
  /** Size of the program, without its source map. */
  readonly bytes: number;
}

/** Packages that were written for CommonJS ask for Node's own modules by `require`, which ES modules lack. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const PROGRAM = 'lib/shardwright.mjs';
/** A program of its own, since it has to be up within milliseconds. */
const LAUNCHER = 'lib/launcher.mjs';

/**
 * Bundles the operator and what it imports into one file under `folder`, which is emptied first, and the launcher
 * into another. The same sources give the same bytes. Lines and names are kept, so that stack traces can be read without the map.
 */
export async function buildBundle(folder: string): Promise<Bundle> {
  const started = performance.now();
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'bin'), { recursive: true });
  const { metafile } = await build({
    entryPoints: ['operator/src/main.ts'],
    outfile: join(folder, PROGRAM),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  await build({
    entryPoints: ['operator/src/launcher/main.ts'],
    outfile: join(folder, LAUNCHER),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  await symlink(`../${PROGRAM}`, join(folder, 'bin/shardwright'));
  await writeLicenses(join(folder, 'licenses'), Object.keys(metafile.inputs));
  const { size } = await stat(join(folder, PROGRAM));
  return { milliseconds: performance.now() - started, bytes: size };
}

/** Our licence, and that of every package a file was bundled from, each in a file named after its package. */
async function writeLicenses(folder: string, inputs: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp('LICENSE', join(folder, 'shardwright'));
  for (const path of packageFolders(inputs)) {
    const { name, version, license } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
      license: string;
    };
    const texts = (await readdir(path)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
    const contents = await Promise.all(texts.toSorted().map((file) => readFile(join(path, file), 'utf8')));
    const page = [`${name} ${version}, ${license}`, ...contents].join('\n\n');
    await writeFile(join(folder, `${name}@${version}`.replaceAll('/', '+')), page);
  }
}

/** The folders of the packages that `inputs` lie in: up to and with the last `node_modules/NAME`. */
function packageFolders(inputs: readonly string[]): string[] {
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].toSorted();
}
