import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { format } from 'prettier';
import prettierOptions from '../.prettierrc.json' with { type: 'json' };
import { toolPath } from '../test-e2e/cluster/provider.ts';
import { renderCrdTemplate } from './generate-deploy-crds.ts';
import {
  digestChart,
  isManifestCurrent,
  MANIFEST_TEMPLATE_OPTIONS,
  renderManifest,
} from './generate-deploy-manifest.ts';
import { parseRules, renderRulesTable } from './generate-deploy-rules.ts';
import { renderValues, renderValuesTable } from './generate-deploy-values.ts';
import type { ValuesSchema } from './generate-deploy-values.ts';

const CHART = 'charts/shardwright';
const MANIFEST = 'deploy/shardwright.yaml';

/**
 * Generates what is installed: the chart's CRD templates (from crds/), values.yaml and the tables of its
 * README (from values.schema.json and rules/), and the single-file manifest (from the whole chart).
 *
 * The manifest is rendered by Helm only when its header shows that the chart has changed since, so that the
 * usual check needs no Helm. That Helm still renders those very bytes is checked end to end.
 */
export async function generateDeploy(): Promise<Map<string, string>> {
  const generated = new Map<string, string>();
  for (const name of await listNames('crds', '.yaml')) {
    generated.set(
      `${CHART}/templates/crds/${name}`,
      renderCrdTemplate(await readFile(`crds/${name}`, 'utf8')),
    );
  }
  const schema = JSON.parse(await readFile(`${CHART}/values.schema.json`, 'utf8')) as ValuesSchema;
  generated.set(`${CHART}/values.yaml`, await formatted(renderValues(schema), 'yaml'));
  generated.set(`${CHART}/README.md`, await formatted(await renderReadme(schema), 'markdown'));
  generated.set(MANIFEST, await currentManifest(generated));
  return generated;
}

async function renderReadme(schema: ValuesSchema): Promise<string> {
  let readme = await readFile(`${CHART}/README.md`, 'utf8');
  readme = replaceSection(readme, 'values', renderValuesTable(schema));
  for (const name of await listNames(`${CHART}/rules`, '.yaml')) {
    const rules = parseRules(await readFile(`${CHART}/rules/${name}`, 'utf8'));
    readme = replaceSection(readme, `rules/${name}`, renderRulesTable(rules));
  }
  return readme;
}

/** Replaces what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`. */
function replaceSection(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) {
    throw new Error(`${CHART}/README.md has no section ${name}`);
  }
  return `${page.slice(0, from + begin.length)}\n\n${content}\n\n${page.slice(to)}`;
}

async function currentManifest(generated: ReadonlyMap<string, string>): Promise<string> {
  const chart = new Map<string, string>();
  for (const path of await listFiles(CHART)) {
    chart.set(path, await readFile(path, 'utf8'));
  }
  for (const [path, content] of generated) {
    chart.set(path, content);
  }
  const digest = digestChart(chart);
  const manifest = await readFile(MANIFEST, 'utf8').catch(() => '');
  return isManifestCurrent(manifest, digest) ? manifest : renderManifest(await templateChart(chart), digest);
}

/** Runs `helm template` over the chart as it will be once the generated files are written. */
async function templateChart(chart: ReadonlyMap<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-chart-'));
  try {
    const copy = join(folder, basename(CHART));
    await cp(CHART, copy, { recursive: true });
    for (const [path, content] of chart) {
      const target = join(copy, relative(CHART, path));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    const helm = await toolPath('helm');
    const { stdout } = await promisify(execFile)(
      helm,
      ['template', 'shardwright', copy, ...MANIFEST_TEMPLATE_OPTIONS],
      {
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function listNames(folder: string, ending: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(ending)).toSorted();
}

function formatted(text: string, parser: 'yaml' | 'markdown'): Promise<string> {
  return format(text, { ...(prettierOptions as object), parser });
}
