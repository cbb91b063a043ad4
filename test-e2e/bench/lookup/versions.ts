import { createRequire } from 'node:module';

/** Versions of installed packages. */
export function versionsOf(...packages: readonly string[]): Record<string, string> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    packages.map((name) => [name, (require(`${name}/package.json`) as { version: string }).version]),
  );
}
