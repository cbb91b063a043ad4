/** `npm run demo`, the commands it prints, and those of the page for beginners, each pasted as it stands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand, tryCommand } from '../cluster/machine/command.ts';
import type { CommandOutcome } from '../cluster/machine/command.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { upCluster } from '../cluster/provider.ts';
import { CLUSTER } from '../demo/run.ts';
import { createKubectl } from '../install/kubectl.ts';
import type { Kubectl } from '../install/kubectl.ts';

const SECOND_RUN_MILLISECONDS = 60_000;
const RUN_TIMEOUT_MILLISECONDS = 600_000;

let kubectl: Kubectl;
let existed: boolean;
let output: string;
let secondRunMilliseconds: number;

function demo(...options: string[]): Promise<string> {
  return runCommand(process.execPath, [join(checkoutFolder, 'test-e2e/demo/main.ts'), ...options], {
    directory: checkoutFolder,
    environment: { NODE_OPTIONS: '' },
  });
}

beforeAll(async () => {
  const { kubeconfigPath } = await upCluster();
  kubectl = await createKubectl(kubeconfigPath);
  const found = await kubectl.attempt([
    'get',
    'shardedcluster',
    CLUSTER.name,
    `--namespace=${CLUSTER.namespace}`,
  ]);
  existed = found.exitCode === 0;
  await demo();
  const started = performance.now();
  output = await demo();
  secondRunMilliseconds = performance.now() - started;
}, RUN_TIMEOUT_MILLISECONDS);

afterAll(async () => {
  if (!existed) {
    await demo('--clean');
  }
}, RUN_TIMEOUT_MILLISECONDS);

/** The lines that the demo sets apart as commands: the export, then those to try. */
function commands(): { readonly setUp: string; readonly toTry: readonly string[] } {
  const lines = output.split('\n');
  const after = (heading: string): string[] =>
    lines.slice(lines.indexOf(heading) + 1).filter((line) => line.startsWith('  '));
  const [setUp = ''] = after('In a shell that reaches this cluster:');
  return { setUp, toTry: after('try next:') };
}

/** Runs text in a shell as a person would paste it, in the checkout. */
function paste(text: string): Promise<CommandOutcome> {
  const script = `set -o pipefail\n${commands().setUp}\nset -e\n${text}`;
  return tryCommand('bash', ['-c', script], { directory: checkoutFolder });
}

/** What is to be pasted on the page, in its order, but for the demo itself. */
function pageCommands(): { readonly first: string; readonly text: string; readonly isRefused: boolean }[] {
  const page = readFileSync(join(checkoutFolder, 'docs/getting-started.md'), 'utf8');
  return [...page.matchAll(/^```sh( refused)?\n(.*?)^```$/gms)]
    .map(([, refused, text = '']) => ({
      first: text.split('\n', 1).join(''),
      text,
      isRefused: refused !== undefined,
    }))
    .filter(({ text }) => !text.startsWith('npm run'));
}

async function isReady(): Promise<string> {
  const path = '{.status.conditions[?(@.type=="Ready")].status}';
  return kubectl.run([
    'get',
    'shardedcluster',
    CLUSTER.name,
    `--namespace=${CLUSTER.namespace}`,
    `--output=jsonpath=${path}`,
  ]);
}

describe('npm run demo', () => {
  it('a second time takes less than a minute', () => {
    expect(secondRunMilliseconds).toBeLessThan(SECOND_RUN_MILLISECONDS);
  });

  it('shows every instance with its role, position, lag and rows, equal within a shard', () => {
    const table = output
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/))
      .filter(
        ([name = '', role = '']) => /^minimal-shard-[01]-\d$/.test(name) && /primary|replica/.test(role),
      );
    expect(table).toHaveLength(6);
    for (const shard of ['minimal-shard-0', 'minimal-shard-1']) {
      const members = table.filter(([name = '']) => name.startsWith(shard));
      expect(members.map(([, role]) => String(role)).toSorted()).toEqual(['primary', 'replica', 'replica']);
      expect(new Set(members.map((columns) => columns.slice(-2).join(' '))).size).toBe(1);
      for (const [, , healthy, gtid, lag] of members) {
        expect([healthy, gtid, lag]).toEqual([
          'yes',
          expect.stringMatching(/^\d+-\d+-\d+/),
          expect.stringMatching(/^(-|\d+\.\d s)$/),
        ]);
      }
    }
  });

  it('prints an export and three commands', () => {
    expect(commands().setUp).toContain('export KUBECONFIG=');
    expect(commands().toTry).toHaveLength(3);
  });

  it.each([0, 1, 2])('prints commands that do what they say: number %i', async (index) => {
    const command = commands().toTry[index] ?? '';
    expect(await paste(command)).toMatchObject({ exitCode: 0 });
    const wait = `kubectl -n ${CLUSTER.namespace} wait --for=condition=Ready --timeout=300s`;
    // What the command began becomes ready again.
    expect(
      await paste(`sleep 3; ${wait} pods --all && ${wait} shardedcluster/${CLUSTER.name}`),
    ).toMatchObject({
      exitCode: 0,
    });
  });
});

describe('the page for beginners', () => {
  it('has commands to paste', () => {
    expect(pageCommands().length).toBeGreaterThan(5);
  });

  it.each(pageCommands())('can be pasted: $first', async ({ text, isRefused }) => {
    const { exitCode, standardOutput, standardError } = await paste(text);
    const [isRight, shown] = isRefused
      ? [exitCode !== 0, /spec.shards cannot be lowered/]
      : [exitCode === 0, text.includes('read_only') ? /hello\s+minimal-shard-0-\d\s+[01]/ : /./];
    const all = `${standardOutput}${standardError}`;
    expect([isRight, all]).toEqual([true, expect.stringMatching(shown)]);
  });

  it('leaves a cluster that is ready', async () => {
    expect(await isReady()).toBe('True');
  });
});
