/** The launcher is the main process of the database container: what it imports is what a restart waits for. */
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

const ALLOWED_IMPORTS = ['child_process', 'fs', 'net', 'path', 'timers/promises', 'util'];
const BUNDLE_LIMIT_BYTES = 16 * 1024;

describe('launcher bundle', () => {
  it('is small and imports nothing but small parts of Node.js', async () => {
    const result = await build({
      entryPoints: [join(import.meta.dirname, 'main.ts')],
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      write: false,
      metafile: true,
    });
    const [output] = Object.values(result.metafile.outputs);
    const imports = output?.imports.map(({ path }) => path.replace('node:', '')) ?? [];
    expect([...new Set(imports)].sort()).toEqual(ALLOWED_IMPORTS);
    expect(output?.bytes).toBeLessThan(BUNDLE_LIMIT_BYTES);
  });
});
