/** Logs of processes, kept beyond the folder that they are in. */
import { copyFile, glob, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ListOf } from '../demo/objects.ts';
import type { Kubectl } from '../install/kubectl.ts';

/** Copies the logs in a folder and in those within it, each to its place there, and nothing else: passwords lie beside them. */
export async function copyLogs(from: string, to: string): Promise<void> {
  for await (const log of glob(['*.log', '*/*.log'], { cwd: from })) {
    await mkdir(dirname(join(to, log)), { recursive: true });
    await copyFile(join(from, log), join(to, log));
  }
}

interface PodWithContainers {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
}

/** Writes what each container of namespaces logs, and logged before its last restart, to files of a folder. */
export async function copyPodLogs(
  kubectl: Kubectl,
  namespaces: readonly string[],
  to: string,
): Promise<void> {
  for (const namespace of namespaces) {
    const inNamespace = `--namespace=${namespace}`;
    const { items } = await kubectl.get<ListOf<PodWithContainers>>(['pods', inNamespace]);
    for (const { metadata, status } of items) {
      const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
      for (const { name, restartCount } of containers) {
        for (const previous of restartCount === 0 ? [false] : [false, true]) {
          const log = ['logs', metadata.name, name, inNamespace, '--timestamps', `--previous=${previous}`];
          const file = `${metadata.name}.${name}${previous ? '.previous' : ''}.log`;
          await writeFile(join(to, file), (await kubectl.attempt(log)).standardOutput);
        }
      }
    }
  }
}
