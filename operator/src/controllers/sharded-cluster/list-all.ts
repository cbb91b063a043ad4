import type { ApiClient, ListOptions } from '../../runtime/client/api-client.ts';
import type { KubernetesObject, ResourceType } from '../../runtime/objects.ts';

/** Objects asked for at a time. */
const PAGE_SIZE = 500;

/**
 * Every object selected, page by page, as the API server has it and not a cache. Fails with `Gone` when so much is
 * changed meanwhile that the listing cannot be continued.
 */
export async function listAll<T extends KubernetesObject>(
  client: ApiClient,
  type: ResourceType<T>,
  selection: Pick<ListOptions, 'namespace' | 'labelSelector'>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const found: T[] = [];
  let continueToken: string | undefined;
  do {
    const page = await client.list(type, { ...selection, limit: PAGE_SIZE, continueToken }, signal);
    found.push(...page.items);
    continueToken = page.continueToken;
  } while (continueToken !== undefined);
  return found;
}
