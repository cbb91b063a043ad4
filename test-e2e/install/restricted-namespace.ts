import type { Kubectl } from './kubectl.ts';

/** Makes a namespace in which only pods of the Pod Security level `restricted` may run. Harmless when it exists. */
export async function ensureRestrictedNamespace(kubectl: Kubectl, name: string): Promise<void> {
  await kubectl.apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        labels: {
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/enforce-version': 'latest',
        },
      },
    }),
  );
}
