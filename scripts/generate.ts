/**
 * `npm run generate` writes every generated file; `--check` writes nothing and exits 1 when one is stale.
 * A new kind of generated file is one more entry in GENERATORS.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generateBenchmarks } from './generate-benchmarks.ts';
import { generateCrds } from './generate-crds.ts';
import { generateDeploy } from './generate-deploy.ts';
import { generateLicenses } from './generate-licenses.ts';
import { generateMetrics } from './generate-metrics.ts';
import { generateMoves } from './generate-moves.ts';
import { generateReliability } from './generate-reliability.ts';
import { generateSqlSupport } from './generate-sql-support.ts';

type Generator = () => Map<string, string> | Promise<Map<string, string>>;

const GENERATORS: readonly Generator[] = [
  generateLicenses,
  generateCrds,
  generateDeploy,
  generateMetrics,
  generateBenchmarks,
  generateReliability,
  generateMoves,
  generateSqlSupport,
];

const checkOnly = process.argv.includes('--check');
const stale: string[] = [];
for (const generate of GENERATORS) {
  for (const [path, content] of await generate()) {
    if (existsSync(path) && readFileSync(path, 'utf8') === content) {
      continue;
    }
    stale.push(path);
    if (!checkOnly) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      console.log(`wrote ${path}`);
    }
  }
}
if (checkOnly && stale.length > 0) {
  console.error(`out of date: ${stale.join(', ')}; run: npm run generate`);
  process.exitCode = 1;
}
