import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** What a build made. */
export interface Bundle {
  readonly milliseconds: number;
  /** Size of the program with all its parts, without source maps. */
  readonly bytes: number;
}

/** Packages that were written for CommonJS ask for Node's own modules by `require`, which ES modules lack. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const PROGRAMS = 'lib';
const PROGRAM = 'shardwright.mjs';
/** A program of its own, since it has to be up within milliseconds. */
const LAUNCHER = 'launcher.mjs';

/**
 * Bundles our programs and what they import under `folder`, which is emptied first. What a command imports when it is
 * asked for is in files of its own: V8 keeps the text of every file that it has loaded, and an agent needs the least
 * of it. The same sources give the same bytes. Lines and names are kept, so that stack traces can be read without the map.
 */
export async function buildBundle(folder: string): Promise<Bundle> {
  const started = performance.now();
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'bin'), { recursive: true });
  const { metafile } = await build({
    entryPoints: { shardwright: 'operator/src/main.ts' },
    outdir: join(folder, PROGRAMS),
    outExtension: { '.js': '.mjs' },
    chunkNames: 'shardwright-[name]-[hash]',
    splitting: true,
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
  refusePackagesImportedLate(Object.values(metafile.outputs));
  await build({
    entryPoints: ['operator/src/launcher/main.ts'],
    outfile: join(folder, PROGRAMS, LAUNCHER),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  await symlink(`../${PROGRAMS}/${PROGRAM}`, join(folder, 'bin/shardwright'));
  await writeLicenses(join(folder, 'licenses'), Object.keys(metafile.inputs));
  const programs = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.mjs'));
  const bytes = programs.reduce((sum, [, output]) => sum + output.bytes, 0);
  return { milliseconds: performance.now() - started, bytes };
}

/** A package that is imported when needed, and not by way of a module of ours, would lack all exports but one. */
function refusePackagesImportedLate(outputs: readonly { readonly entryPoint?: string }[]): void {
  const packages = outputs.flatMap(({ entryPoint = '' }) =>
    entryPoint.includes('node_modules/') ? [entryPoint] : [],
  );
  if (packages.length > 0) {
    throw new Error(`import() a module of ours that exports what is used of ${packages.join(', ')}`);
  }
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
