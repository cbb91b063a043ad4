import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { startControlPlane } from '../cluster/control-plane/index.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { applyDefinitions } from '../install/definitions.ts';
import { createKubectl } from '../install/kubectl.ts';
import type { Kubectl } from '../install/kubectl.ts';

interface StoredObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: Record<string, unknown>;
}

const folder = join(checkoutFolder, 'examples');
const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

let controlPlane: ControlPlane;
let kubectl: Kubectl;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  kubectl = await createKubectl(controlPlane.kubeconfigPath);
  await applyDefinitions(kubectl);
});

afterAll(async () => {
  await controlPlane?.stop();
});

describe.each(examples)('examples/%s', (name) => {
  const namespace = name.replace(/\.yaml$/, '');
  const manifest = read(name);
  const written = loadAll(manifest).find(
    (object) => (object as StoredObject).kind === 'ShardedCluster',
  ) as StoredObject;
  const stored = (): Promise<StoredObject> =>
    kubectl.get<StoredObject>(['shardedcluster', written.metadata.name, `--namespace=${namespace}`]);

  it('is accepted without a warning, with every field it sets', async () => {
    await kubectl.run(['create', 'namespace', namespace]);
    const { exitCode, standardError } = await kubectl.attempt(
      ['apply', '--validate=strict', `--namespace=${namespace}`, '--filename=-'],
      { input: manifest },
    );
    expect({ exitCode, standardError }).toEqual({ exitCode: 0, standardError: '' });
    expect((await stored()).spec).toMatchObject(written.spec);
  });

  it('can be applied again, from Git for ever, without a change', async () => {
    await kubectl.run(
      ['apply', '--server-side', '--force-conflicts', `--namespace=${namespace}`, '--filename=-'],
      {
        input: manifest,
      },
    );
    expect((await stored()).metadata.generation).toBe(1);
  });
});

describe('examples/README.md', () => {
  it.each(examples)('lists %s', (name) => {
    expect(read('README.md')).toContain(`](${name})`);
  });
});
