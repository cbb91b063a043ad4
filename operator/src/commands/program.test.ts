import { afterEach, describe, expect, it } from '@jest/globals';
import type { OperatorConfig } from './operator-config.ts';
import { routerArguments } from '../router/pod-contract.ts';
import { OPERATOR_SETTINGS } from './operator-config.ts';
import { runProgram } from './program.ts';
import { VERSION } from './version.ts';

const variables = Object.values(OPERATOR_SETTINGS).map(({ environment }) => environment);
afterEach(() => variables.forEach((name) => delete process.env[name]));

async function run(...commandLine: string[]) {
  const configs: OperatorConfig[] = [];
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  const exitCode = await runProgram(
    commandLine,
    {
      operator: async (config) => {
        configs.push(config);
        return 0;
      },
      runtime: async () => 7,
      agent: async () => 8,
      router: async ({ cluster, workers, folders }) => {
        text += `${cluster} ${workers} ${folders.memory}`;
        return 9;
      },
    },
    { writeOut: write, writeErr: write },
  );
  return { exitCode, text, config: configs[0] };
}

describe('runProgram', () => {
  it('runs the operator with its settings', async () => {
    const { exitCode, config } = await run(
      'operator',
      '--image',
      'a:1',
      '--leader-elect=false',
      '--bind-address',
      '0',
    );
    expect(exitCode).toBe(0);
    expect(config).toMatchObject({ image: 'a:1', leaderElect: false, bindAddress: undefined });
  });

  it('takes settings from the environment, and the flag wins', async () => {
    process.env['SHARDWRIGHT_IMAGE'] = 'from-environment:1';
    process.env['SHARDWRIGHT_LOG_LEVEL'] = 'debug';
    expect((await run('operator', '--log-level', 'warn')).config).toMatchObject({
      image: 'from-environment:1',
      logLevel: 'warn',
    });
  });

  it('ends with the exit code of the command', async () => {
    expect((await run('runtime', '--to', '/x')).exitCode).toBe(7);
  });

  it('runs the router as the operator does, and outside Kubernetes', async () => {
    const given = routerArguments({
      cluster: 'demo',
      maxConnections: 5,
      idleTimeoutSeconds: 60,
      holdSeconds: 10,
      maxLagSeconds: 5,
      requireTls: true,
    });
    expect((await run(...given)).exitCode).toBe(9);
    const outside = await run('router', '--cluster=demo', '--workers=3', '--files=/x');
    expect(outside).toMatchObject({ exitCode: 9, text: 'demo 3 /x/memory' });
  });

  it('names the flag of every mistake of a router and ends with 2', async () => {
    const { exitCode, text } = await run('router', '--max-connections=many', '--map-file=/map');
    expect(exitCode).toBe(2);
    expect(text).toContain('error: --cluster is required');
    expect(text).toContain('error: --max-connections is not a number');
  });

  it('names the flag and the variable of every mistake and ends with 2', async () => {
    const { exitCode, text, config } = await run('operator', '--log-level', 'loud');
    expect(exitCode).toBe(2);
    expect(config).toBeUndefined();
    expect(text).toBe(
      'error: --image (SHARDWRIGHT_IMAGE) is required: the image of this program, to run beside the databases\n' +
        'error: --log-level (SHARDWRIGHT_LOG_LEVEL) must be one of error, warn, info, debug\n',
    );
  });

  it.each([['unknown'], ['operator', '--unknown']])('ends with 2 on %s %s', async (...commandLine) => {
    expect((await run(...commandLine)).exitCode).toBe(2);
  });

  it('shows its version and its help', async () => {
    expect(await run('--version')).toMatchObject({ exitCode: 0, text: `${VERSION}\n` });
    const help = await run('operator', '--help');
    expect(help.exitCode).toBe(0);
    variables.forEach((name) => expect(help.text.replaceAll(/\s+/g, ' ')).toContain(name));
    expect(help.text).toContain('Exit codes:');
  });
});
