import type { BuiltImage, ImageRequest } from './images/builder.ts';
import type { Progress } from './progress.ts';

/** What can be done to one node. */
export type NodeAction = 'kill' | 'isolate' | 'heal' | 'restart';

/** What can be done to the API server. */
export type ApiServerAction = 'stop' | 'start';

/** The two ways to get a cluster. */
export type ProviderName = 'bare' | 'kind';

/** What there is. */
export interface ClusterStatus {
  /** Whether a cluster exists and nothing is wrong with it. */
  readonly healthy: boolean;
  /** For people; several lines. */
  readonly description: string;
}

/** One way to get a cluster. Every method shows its progress and throws ClusterError for what a person can mend. */
export interface ClusterProvider {
  readonly name: ProviderName;
  /** Makes, mends or reuses the cluster and writes `.dev/kubeconfig`. `nodes` undefined: as it is, or three. */
  up(nodes: number | undefined, progress: Progress): Promise<void>;
  down(progress: Progress): Promise<void>;
  node(action: NodeAction, name: string, progress: Progress): Promise<void>;
  /** Runs a program as root where the node's processes live, and returns its output. */
  runOnNode(name: string, command: readonly string[]): Promise<string>;
  /** Ends the API server at once and keeps it down, or starts it again; repeated, it does nothing. */
  apiServer(action: ApiServerAction, progress: Progress): Promise<void>;
  status(): Promise<ClusterStatus>;
  /** The image that the product's image starts from. */
  baseImage(progress: Progress): Promise<string>;
  buildImage(request: ImageRequest, progress: Progress): Promise<BuiltImage>;
  loadImage(image: BuiltImage, progress: Progress): Promise<void>;
}
