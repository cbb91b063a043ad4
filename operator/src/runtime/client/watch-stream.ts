import type { KubernetesObject } from '../objects.ts';
import type { WatchEvent } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { failureOfStatus, isStatus } from './failures.ts';
import { LineTooLongError, splitLines } from './lines.ts';

/** An object in etcd is at most 1.5 MB by default; as JSON, with managed fields, it stays well below this. */
const LONGEST_EVENT = 16 * 1024 * 1024;

/**
 * Decodes the body of a watch. An `ERROR` event is thrown as the `ApiError` it stands for (a compacted start
 * is `Gone`), a line that is no event as `Malformed`.
 */
export async function* decodeWatch<T extends KubernetesObject>(
  request: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<WatchEvent<T>> {
  try {
    for await (const line of splitLines(body, LONGEST_EVENT)) {
      yield decodeEvent<T>(request, line);
    }
  } catch (error) {
    if (error instanceof LineTooLongError) {
      throw new ApiError('Malformed', 200, `${request}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

interface RawEvent {
  readonly type: string;
  readonly object: object;
}

function decodeEvent<T extends KubernetesObject>(request: string, line: string): WatchEvent<T> {
  const event = parseEvent(request, line);
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      requireIdentity(request, event.object);
      return { type: event.type, object: event.object as T };
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: requireResourceVersion(request, event.object) };
    case 'ERROR':
      throw isStatus(event.object)
        ? failureOfStatus(request, event.object, 500)
        : new ApiError('Unknown', 500, `${request}: error event without a Status`);
    default:
      throw malformed(request, `unknown event type ${JSON.stringify(event.type)}`);
  }
}

function parseEvent(request: string, line: string): RawEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw malformed(request, `event is not JSON (${line.length} characters)`, error);
  }
  if (!isRawEvent(event)) {
    throw malformed(request, 'event lacks type or object');
  }
  return event;
}

function isRawEvent(event: unknown): event is RawEvent {
  return (
    typeof event === 'object' &&
    event !== null &&
    'type' in event &&
    typeof event.type === 'string' &&
    'object' in event &&
    typeof event.object === 'object' &&
    event.object !== null
  );
}

/** Makes sure an object has what a cache needs. The rest of its type is the API server's promise. */
function requireIdentity(request: string, object: KubernetesObject): void {
  requireResourceVersion(request, object);
  if (object.metadata?.name === undefined) {
    throw malformed(request, 'object without a name');
  }
}

function requireResourceVersion(request: string, object: KubernetesObject): string {
  const resourceVersion = object.metadata?.resourceVersion;
  if (resourceVersion === undefined || resourceVersion === '') {
    throw malformed(request, 'object without a resourceVersion');
  }
  return resourceVersion;
}

function malformed(request: string, message: string, cause?: unknown): ApiError {
  return new ApiError('Malformed', 200, `${request}: ${message}`, { cause });
}
