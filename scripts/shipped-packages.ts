import { readFileSync } from 'node:fs';

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package that the image carries. */
export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression as the package states it. */
  readonly license: string;
}

/** Where Node.js would find `name` when `from` (a path in the lock file) imports it. */
function resolve(
  packages: Readonly<Record<string, LockedPackage>>,
  from: string,
  name: string,
): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[candidate] !== undefined) {
      return candidate;
    }
    if (folder === '') {
      return undefined;
    }
  }
}

/**
 * Every package reachable from the production dependencies of `workspace`, by the lock file, sorted by name
 * and version. Throws when a required dependency is not locked.
 */
export function listShippedPackages(workspace: string, lockPath = 'package-lock.json'): ShippedPackage[] {
  const lock = JSON.parse(readFileSync(lockPath, 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const reached = new Set<string>();
  const pending = [workspace];
  for (let from = pending.pop(); from !== undefined; from = pending.pop()) {
    const { dependencies = {}, optionalDependencies = {} } = lock.packages[from] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = resolve(lock.packages, from, name);
      if (found === undefined && optionalDependencies[name] === undefined) {
        throw new Error(
          `${from} depends on ${name}, which package-lock.json does not hold; run: npm install`,
        );
      }
      if (found !== undefined && !reached.has(found)) {
        reached.add(found);
        pending.push(found);
      }
    }
  }
  return [...reached]
    .map((path) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: lock.packages[path]?.version ?? 'unknown',
      license: lock.packages[path]?.license ?? 'UNKNOWN',
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'));
}
