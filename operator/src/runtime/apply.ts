import type { ApiClient } from './client/api-client.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';

export interface ApplierOptions {
  readonly client: ApiClient;
  /** Name under which the API server records the fields set. */
  readonly fieldManager: string;
}

/** What an apply did. */
export interface Applied<T> {
  /** Whether a request was sent and had an effect. */
  readonly changed: boolean;
  /** The object as it now is: the server's answer, or `live` when nothing was sent. */
  readonly object: T;
}

/** Server-side apply that keeps quiet when there is nothing to do. */
export interface Applier {
  /**
   * Makes the live object agree with `desired` in every field `desired` sets, and removes fields that an
   * earlier apply set and this one does not. `live` is the object as last seen: as long as the fields we own
   * in it equal `desired`, nothing is sent. Fields of other managers are left alone, except that a field in
   * `desired` is taken over.
   */
  apply<T extends KubernetesObject>(
    type: ResourceType<T>,
    desired: T,
    live: T | undefined,
    signal: AbortSignal,
  ): Promise<Applied<T>>;
}

export declare function createApplier(options: ApplierOptions): Applier;
