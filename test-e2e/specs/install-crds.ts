/** Installs the generated CRDs and waits until the API server serves them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { waitFor } from '../cluster/machine/wait.ts';
import type { PlainClient } from './plain-client.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const FOLDER = join(import.meta.dirname, '../../crds');

interface Definition {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { type: string; status: string; message: string }[] };
}

/** Rejects when the API server refuses a CRD, or finds its schema not structural. */
export async function installCrds(client: PlainClient): Promise<void> {
  for (const file of await readdir(FOLDER)) {
    const definition = load(await readFile(join(FOLDER, file), 'utf8')) as Definition;
    const { status, body } = await client.send('POST', DEFINITIONS, definition);
    if (status !== 201) {
      throw new Error(`${file}: ${JSON.stringify(body)}`);
    }
    await waitForEstablished(client, definition.metadata.name);
  }
}

async function waitForEstablished(client: PlainClient, name: string): Promise<void> {
  const [plural = '', ...group] = name.split('.');
  await waitFor(
    `CRD ${name} established`,
    async () => {
      const { body } = await client.send('GET', `${DEFINITIONS}/${name}`);
      const conditions = (body as unknown as Definition).status?.conditions ?? [];
      const fault = conditions.find(
        ({ type, status }) => type === 'NonStructuralSchema' && status === 'True',
      );
      if (fault !== undefined) {
        throw new Error(`${name} is not structural: ${fault.message}`);
      }
      const listed = await client.send('GET', `/apis/${group.join('.')}/v1alpha1/${plural}`);
      return listed.status === 200 ? true : undefined;
    },
    { timeoutMilliseconds: 240_000 },
  );
}
