/**
 * The development cluster, for scripts and tests.
 *
 *     import { baseImage, buildImage, loadImage, toolPath, upCluster } from '../cluster/provider.ts';
 *
 *     const { kubeconfigPath } = await upCluster();                   // at once when a healthy one runs
 *     const image = await buildImage({ dockerfile, context, tag: 'localhost/shardwright:dev',
 *                                      buildArguments: { BASE_IMAGE: await baseImage() } });
 *     await loadImage(image);                                         // on every node; imagePullPolicy Never
 *     const kubectl = await toolPath('kubectl');
 *     await actOnNode('kill', 'node-2');
 */
import { bareProvider } from './bare/index.ts';
import { binaryPath } from './binaries/index.ts';
import type {
  ApiServerAction,
  ClusterProvider,
  ClusterStatus,
  NodeAction,
  ProviderName,
} from './cluster-provider.ts';
import { ClusterError } from './failure.ts';
import type { BuiltImage, ImageRequest } from './images/builder.ts';
import { findKindProblem, kindProvider } from './kind/index.ts';
import { findOnPath, kubeconfigPath } from './machine/folders.ts';
import { createProgress } from './progress.ts';
import type { Progress } from './progress.ts';

export type { BuiltImage, ImageRequest } from './images/builder.ts';
export type { NodeAction, ProviderName } from './cluster-provider.ts';

/** The provider asked for; else kind where Docker answers, else bare. */
async function chooseProvider(name?: ProviderName): Promise<ClusterProvider> {
  if (name === 'bare') {
    return bareProvider;
  }
  const problem = await findKindProblem();
  if (problem === undefined) {
    return kindProvider;
  }
  if (name === 'kind') {
    throw new ClusterError('MissingRequirement', problem.message, { remedy: problem.remedy });
  }
  // Docker runs but kind is missing: rather say so than build a second cluster in silence.
  if (problem.dockerAnswers && process.geteuid?.() !== 0) {
    throw new ClusterError('MissingRequirement', problem.message, { remedy: problem.remedy });
  }
  return bareProvider;
}

/** Options that the functions for a whole cluster share. */
export interface ClusterOptions {
  /** Default: kind where Docker answers, else bare. */
  readonly provider?: ProviderName | undefined;
  /** Default: lines on standard error. */
  readonly progress?: Progress;
}

/** Makes, mends or reuses the cluster. */
export async function upCluster(
  options: ClusterOptions & { readonly nodes?: number | undefined } = {},
): Promise<{ readonly kubeconfigPath: string; readonly provider: ProviderName }> {
  const provider = await chooseProvider(options.provider);
  await provider.up(options.nodes, options.progress ?? createProgress());
  return { kubeconfigPath, provider: provider.name };
}

/** Removes the cluster; caches stay. */
export async function downCluster(options: ClusterOptions = {}): Promise<void> {
  const provider = await chooseProvider(options.provider);
  await provider.down(options.progress ?? createProgress());
}

/** Kills, cuts off, reconnects or restarts one node; resolves when it is done (and, for the last two, Ready). */
export async function actOnNode(
  action: NodeAction,
  name: string,
  options: ClusterOptions = {},
): Promise<void> {
  const provider = await chooseProvider(options.provider);
  await provider.node(action, name, options.progress ?? createProgress());
}

/** Runs a program as root where the processes of a node live, and returns its output. */
export async function runOnNode(name: string, command: readonly string[]): Promise<string> {
  const provider = await chooseProvider();
  return provider.runOnNode(name, command);
}

/** Ends the API server and keeps it down, or starts it again; the nodes and their pods are left as they are. */
export async function actOnApiServer(
  action: ApiServerAction,
  progress: Progress = createProgress(),
): Promise<void> {
  const provider = await chooseProvider();
  await provider.apiServer(action, progress);
}

/** What there is. */
export async function describeCluster(options: ClusterOptions = {}): Promise<ClusterStatus> {
  const provider = await chooseProvider(options.provider);
  return provider.status();
}

/** The name of the image to give a Dockerfile as BASE_IMAGE; made on this machine where there is no Docker. */
export async function baseImage(progress: Progress = createProgress()): Promise<string> {
  const provider = await chooseProvider();
  return provider.baseImage(progress);
}

/** Builds an image, or finds it in the cache when nothing that goes into it has changed. */
export async function buildImage(
  request: ImageRequest,
  progress: Progress = createProgress(),
): Promise<BuiltImage> {
  const provider = await chooseProvider();
  return provider.buildImage(request, progress);
}

/** Brings a built image to every node, also to nodes that start later; nothing happens when they have it. */
export async function loadImage(image: BuiltImage, progress: Progress = createProgress()): Promise<void> {
  const provider = await chooseProvider();
  await provider.loadImage(image, progress);
}

/** kubectl or helm: with kind the ones on PATH, as there need be no Go; otherwise built like the cluster itself. */
export async function toolPath(
  name: 'kubectl' | 'helm',
  progress: Progress = createProgress(),
): Promise<string> {
  const provider = await chooseProvider();
  const installed = provider.name === 'kind' ? findOnPath(name) : undefined;
  return installed ?? binaryPath(name, progress);
}
