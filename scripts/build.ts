/**
 * `npm run build`: bundles the operator into dist/image/, the folder that the Dockerfile copies into the image:
 * `bin/shardwright`, the program it links to, its source map, and the licences of what is bundled.
 */
import { buildBundle } from './build-bundle.ts';

const { milliseconds, bytes } = await buildBundle('dist/image');
console.log(`dist/image: ${(bytes / 1024 / 1024).toFixed(1)} MiB in ${(milliseconds / 1000).toFixed(1)} s`);
