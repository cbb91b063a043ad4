/** `npm run check`: everything that can be judged without running the product. */
import { runChecks } from './checks.ts';

const { passed, failed } = await runChecks();
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
