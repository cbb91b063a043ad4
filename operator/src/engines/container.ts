/** A port that the server listens on. */
export interface ContainerPort {
  /** IANA-style name, used as the port's name in the pod and its Services. */
  readonly name: string;
  readonly port: number;
}

/** What the pod's builder has to know of an engine's container. */
export interface ContainerContract {
  readonly ports: readonly ContainerPort[];
  /** The port of the above that clients use. */
  readonly clientPort: number;
  /** Where the data volume is mounted in both containers of the pod. */
  readonly volumePath: string;
  /**
   * Where a memory-backed folder, shared by both containers, is mounted: socket, rendered configuration and
   * credentials live here and never reach a disk.
   */
  readonly memoryPath: string;
  /** The image for a version where the user names none. */
  image(version: string): string;
  /** The user the stock image runs as; both containers get it. */
  readonly defaultUserId: number;
  /** Programs that an image must have. */
  readonly programs: readonly string[];
}

/** One thing in the user's configuration that is not used, and why. */
export interface ConfigurationProblem {
  /** 1-based. */
  readonly line: number;
  readonly setting: string;
  readonly reason: string;
}
