import type { ApiClient, Selection } from '../client/api-client.ts';
import { isApiError } from '../client/api-error.ts';
import type { KubernetesObject, ResourceType } from '../objects.ts';

/** Every object of a selection, in the state `resourceVersion` names. */
export interface FullList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

/**
 * Lists everything, page by page. When the server no longer has the state the first page showed, what was read
 * is dropped and all is asked for in one piece, which cannot expire.
 */
export async function listPages<T extends KubernetesObject>(
  client: ApiClient,
  type: ResourceType<T>,
  selection: Selection,
  pageSize: number,
  signal: AbortSignal,
): Promise<FullList<T>> {
  const items: T[] = [];
  let continueToken: string | undefined;
  for (;;) {
    try {
      const page = await client.list(type, { ...selection, limit: pageSize, continueToken }, signal);
      items.push(...page.items);
      continueToken = page.continueToken;
      if (continueToken === undefined) {
        return { items, resourceVersion: page.resourceVersion };
      }
    } catch (error) {
      if (continueToken !== undefined && isApiError(error, 'Gone')) {
        return client.list(type, selection, signal);
      }
      throw error;
    }
  }
}
