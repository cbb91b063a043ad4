/** `npm run test:e2e [-- name ...]`: the end-to-end scenarios, or those whose file name contains a name. */
import { runEndToEnd } from './end-to-end.ts';

const { passed, failed } = await runEndToEnd(process.argv.slice(2));
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
