import type { Kubectl } from '../install/kubectl.ts';

interface Deployments {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: { readonly replicas: number };
  }[];
}

const OPERATORS = 'app.kubernetes.io/name=shardwright,app.kubernetes.io/component=operator';

/**
 * Stops the operators that were installed in the cluster, such as that of the demo, and returns what starts them
 * again: two operators of different versions would undo each other's work. Those in the namespace `except` go on.
 */
export async function pauseInstalledOperators(
  kubectl: Kubectl,
  except?: string,
): Promise<() => Promise<void>> {
  const { items } = await kubectl.get<Deployments>([
    'deployments',
    '--all-namespaces',
    `--selector=${OPERATORS}`,
  ]);
  const running = items.filter(({ metadata, spec }) => spec.replicas > 0 && metadata.namespace !== except);
  const scale = async (name: string, namespace: string, replicas: number): Promise<void> => {
    await kubectl.run(['scale', 'deployment', name, `--namespace=${namespace}`, `--replicas=${replicas}`]);
  };
  for (const { metadata } of running) {
    await scale(metadata.name, metadata.namespace, 0);
    await kubectl.run([
      'wait',
      'pods',
      `--namespace=${metadata.namespace}`,
      `--selector=${OPERATORS}`,
      '--for=delete',
      '--timeout=180s',
    ]);
  }
  return async () => {
    for (const { metadata, spec } of running) {
      await scale(metadata.name, metadata.namespace, spec.replicas);
    }
  };
}
