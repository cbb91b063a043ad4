import { withScope } from '../abort.ts';
import type { Clock } from '../clock.ts';
import type { ClientMetrics } from '../metrics/metrics.ts';
import type { KubernetesObject, ObjectKey, ResourceType } from '../objects.ts';
import { apiVersionOf, keyOf } from '../objects.ts';
import type { ApiClient, ListPage, Selection, WatchEvent, WatchOptions } from './api-client.ts';
import { ApiError, isApiError } from './api-error.ts';
import { failureOfConnection, failureOfResponse, readText } from './failures.ts';
import { collectionPath, objectPath, withQuery } from './resource-path.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';
import { decodeWatch } from './watch-stream.ts';

export interface RestClientOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly metrics: ClientMetrics;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Longest a request may take, answer included. As the API server's own limit. */
const REQUEST_TIMEOUT_MILLISECONDS = 60_000;
/** A watch that neither speaks nor ends this long after the server should have ended it is broken. */
const WATCH_GRACE_MILLISECONDS = 30_000;
/** A refused request (429) is sent at most this often in all. */
const ATTEMPTS = 4;
/** A longer wait than this is left to the caller, whose queue has a better view. */
const LONGEST_RETRY_AFTER_MILLISECONDS = 10_000;
/** A page of 500 large objects is tens of megabytes; beyond this something is wrong. */
const LONGEST_ANSWER = 512 * 1024 * 1024;

type ShortRequest = Pick<TransportRequest, 'method' | 'path' | 'body' | 'contentType'>;

/** The {@link ApiClient} over HTTP. */
export function createRestClient(options: RestClientOptions): ApiClient {
  const { transport, clock, metrics, random } = options;

  const send = async (request: TransportRequest, signal: AbortSignal): Promise<TransportResponse> => {
    const started = clock.monotonic();
    const finished = (code: string): void =>
      metrics.requestFinished(request.method, code, (clock.monotonic() - started) / 1000);
    try {
      const response = await transport.send(request, signal);
      finished(String(response.status));
      return response;
    } catch (error) {
      finished('<error>');
      signal.throwIfAborted();
      throw failureOfConnection(describe(request), error);
    }
  };

  /** One attempt, with its deadline. */
  const attempt = (request: ShortRequest, outer: AbortSignal): Promise<unknown> =>
    withScope(outer, async (signal, scope) => {
      const name = describe(request);
      const timeout = new ApiError('Timeout', 0, `${name}: no answer in ${REQUEST_TIMEOUT_MILLISECONDS} ms`);
      let response: TransportResponse | undefined;
      const timer = clock.setTimer(REQUEST_TIMEOUT_MILLISECONDS, () => {
        response?.connectionFailed();
        scope.abort(timeout);
      });
      try {
        response = await send(
          { ...request, streaming: false, silenceMilliseconds: REQUEST_TIMEOUT_MILLISECONDS },
          signal,
        );
        const text = await readBody(name, response, signal);
        if (response.status < 200 || response.status > 299) {
          throw failureOfResponse(name, response, text);
        }
        return parseAnswer(name, response, text);
      } finally {
        timer.cancel();
      }
    });

  /** Repeats what the server refused before acting, as long as it asks for a short wait. */
  const call = async (request: ShortRequest, signal: AbortSignal): Promise<unknown> => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt(request, signal);
      } catch (error) {
        const wait = isApiError(error, 'TooManyRequests') ? error.retryAfterMilliseconds : undefined;
        if (wait === undefined || wait > LONGEST_RETRY_AFTER_MILLISECONDS || attempts >= ATTEMPTS) {
          throw error;
        }
        await clock.sleep(wait * (1 + random() * 0.1), signal);
      }
    }
  };

  const write = async <T>(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    contentType: string,
    signal: AbortSignal,
  ): Promise<T> =>
    // The API server vouches for the shape of what it stores; schemas of custom resources are checked there.
    (await call({ method, path, body: JSON.stringify(body), contentType }, signal)) as T;

  return {
    async get<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey, signal: AbortSignal) {
      try {
        return (await call({ method: 'GET', path: objectPath(type, key) }, signal)) as T;
      } catch (error) {
        if (isObjectMissing(error)) {
          return undefined;
        }
        throw error;
      }
    },
    async list<T extends KubernetesObject>(
      type: ResourceType<T>,
      { namespace, limit, continueToken, resourceVersion, ...selection }: Parameters<ApiClient['list']>[1],
      signal: AbortSignal,
    ) {
      const path = withQuery(collectionPath(type, namespace), {
        ...selectionQuery(selection),
        limit,
        continue: continueToken,
        resourceVersion,
      });
      return decodePage<T>(type, await call({ method: 'GET', path }, signal));
    },
    watch: (type, watchOptions, signal) => watch(send, type, watchOptions, signal),
    create: (type, object, signal) =>
      write('POST', collectionPath(type, object.metadata?.namespace), typed(type, object), JSON_TYPE, signal),
    replace: (type, object, { subresource }, signal) =>
      write('PUT', objectPath(type, keyOf(object), subresource), typed(type, object), JSON_TYPE, signal),
    apply: (type, object, { fieldManager, force, subresource, dryRun }, signal) =>
      write(
        'PATCH',
        withQuery(objectPath(type, keyOf(object), subresource), {
          fieldManager,
          force,
          dryRun: dryRun === true ? 'All' : undefined,
        }),
        typed(type, object),
        'application/apply-patch+yaml',
        signal,
      ),
    mergePatch: (type, key, patch, { subresource }, signal) =>
      write('PATCH', objectPath(type, key, subresource), patch, 'application/merge-patch+json', signal),
    async delete(type, key, { uid, resourceVersion, propagationPolicy }, signal) {
      const preconditions =
        uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions };
      try {
        await call(
          {
            method: 'DELETE',
            path: objectPath(type, key),
            body: JSON.stringify(body),
            contentType: JSON_TYPE,
          },
          signal,
        );
        return true;
      } catch (error) {
        if (isObjectMissing(error)) {
          return false;
        }
        throw error;
      }
    },
  };
}

const JSON_TYPE = 'application/json';

async function* watch<T extends KubernetesObject>(
  send: (request: TransportRequest, signal: AbortSignal) => Promise<TransportResponse>,
  type: ResourceType<T>,
  { namespace, resourceVersion, timeoutSeconds, silenceMilliseconds, ...selection }: WatchOptions,
  outer: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const scope = new AbortController();
  const signal = AbortSignal.any([outer, scope.signal]);
  const request: TransportRequest = {
    method: 'GET',
    path: withQuery(collectionPath(type, namespace), {
      ...selectionQuery(selection),
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion,
      timeoutSeconds,
    }),
    streaming: true,
    silenceMilliseconds: silenceMilliseconds ?? timeoutSeconds * 1000 + WATCH_GRACE_MILLISECONDS,
  };
  const name = describe(request);
  try {
    const response = await send(request, signal);
    if (response.status !== 200) {
      throw failureOfResponse(name, response, await readBody(name, response, signal));
    }
    yield* decodeWatch<T>(name, bodyOf(name, response, signal));
  } finally {
    scope.abort(new Error('the watch has ended'));
  }
}

async function readBody(name: string, response: TransportResponse, signal: AbortSignal): Promise<string> {
  return readText(name, { ...response, body: bodyOf(name, response, signal) }, LONGEST_ANSWER);
}

/** The body, its failures translated. */
async function* bodyOf(
  name: string,
  response: TransportResponse,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* response.body;
  } catch (error) {
    signal.throwIfAborted();
    response.connectionFailed();
    throw failureOfConnection(name, error);
  }
}

function parseAnswer(name: string, response: TransportResponse, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError('Malformed', response.status, `${name}: answer is not JSON`, { cause: error });
  }
}

/**
 * Whether the API server said that this object does not exist. A 404 without the object's name means that it
 * does not know the resource: a missing CRD must not pass for a deleted object.
 */
function isObjectMissing(error: unknown): boolean {
  return isApiError(error, 'NotFound') && (error.details?.name ?? '') !== '';
}

interface RawList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly KubernetesObject[] | null;
}

function decodePage<T extends KubernetesObject>(type: ResourceType<T>, answer: unknown): ListPage<T> {
  const { metadata, items } = answer as RawList;
  const resourceVersion = metadata?.resourceVersion;
  if (resourceVersion === undefined) {
    throw new ApiError('Malformed', 200, `list of ${type.plural} without a resourceVersion`);
  }
  return {
    items: (items ?? []).map((item) => typed(type, item as T)),
    resourceVersion,
    continueToken: metadata?.continue === '' ? undefined : metadata?.continue,
  };
}

function typed<T extends KubernetesObject>(type: ResourceType<T>, object: T): T {
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind };
}

function selectionQuery({ labelSelector, fieldSelector }: Selection): Record<string, string | undefined> {
  return { labelSelector, fieldSelector };
}

/** Names a request in messages. Paths hold names of objects only; queries may hold long tokens. */
function describe({ method, path }: Pick<TransportRequest, 'method' | 'path'>): string {
  return `${method} ${path.split('?', 1)[0]}`;
}
