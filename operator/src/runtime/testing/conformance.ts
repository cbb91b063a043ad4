import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient, WatchEvent } from '../client/api-client.ts';
import type { ApiErrorCode } from '../client/api-error.ts';
import { isApiError } from '../client/api-error.ts';
import { fieldsOwnedBy } from '../cache/owned-fields.ts';
import type { KubernetesObject } from '../objects.ts';
import { defineResource } from '../objects.ts';
import { nodes } from '../resources.ts';

/** One promise of the API server, checked against an implementation of `ApiClient`. */
export interface ConformanceCase {
  readonly name: string;
  /** Throws when the promise is not kept. `namespace` exists and is empty; forget the past with `compact`. */
  readonly run: (subject: ConformanceSubject) => Promise<void>;
}

export interface ConformanceSubject {
  readonly client: ApiClient;
  readonly namespace: string;
  readonly signal: AbortSignal;
  readonly compact: () => Promise<void>;
}

interface ConfigMapLike extends KubernetesObject {
  readonly data?: { readonly [key: string]: string };
}

const configMaps = defineResource<ConfigMapLike>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});

/**
 * What this library relies on, kept by the fake and by the real API server alike, so that unit tests against the
 * one say something about the other.
 */
export const conformanceCases: readonly ConformanceCase[] = [
  {
    name: 'tells a missing object by undefined, and its deletion by false',
    async run({ client, namespace, signal }) {
      const key = { namespace, name: 'missing' };
      equal(await client.get(configMaps, key, signal), undefined);
      equal(await client.delete(configMaps, key, {}, signal), false);
    },
  },
  {
    name: 'refuses a name that is taken',
    async run({ client, namespace, signal }) {
      const created = await client.create(configMaps, draft(namespace, 'taken'), signal);
      truthy(created.metadata?.uid, 'a created object has a uid');
      await fails('AlreadyExists', () => client.create(configMaps, draft(namespace, 'taken'), signal));
    },
  },
  {
    name: 'refuses a replacement based on an older state',
    async run({ client, namespace, signal }) {
      const first = await client.create(configMaps, draft(namespace, 'replaced'), signal);
      const second = await client.replace(configMaps, { ...first, data: { a: '2' } }, {}, signal);
      truthy(
        first.metadata?.resourceVersion !== second.metadata?.resourceVersion,
        'a write changes the version',
      );
      await fails('Conflict', () => client.replace(configMaps, { ...first, data: { a: '3' } }, {}, signal));
    },
  },
  {
    name: 'keeps the version when a write changes nothing',
    async run({ client, namespace, signal }) {
      const first = await client.create(configMaps, draft(namespace, 'unchanged'), signal);
      const key = { namespace, name: 'unchanged' };
      const second = await client.mergePatch(configMaps, key, { data: { a: '1' } }, {}, signal);
      equal(second.metadata?.resourceVersion, first.metadata?.resourceVersion);
    },
  },
  {
    name: 'removes members that a merge patch sets to null, and honours its resourceVersion',
    async run({ client, namespace, signal }) {
      const first = await client.create(configMaps, draft(namespace, 'patched'), signal);
      const key = { namespace, name: 'patched' };
      const second: ConfigMapLike = await client.mergePatch(
        configMaps,
        key,
        { data: { a: null, b: '2' } },
        {},
        signal,
      );
      equal(JSON.stringify(second.data), '{"b":"2"}');
      const resourceVersion = first.metadata?.resourceVersion;
      await fails('Conflict', () =>
        client.mergePatch(configMaps, key, { metadata: { resourceVersion }, data: { c: '3' } }, {}, signal),
      );
    },
  },
  {
    name: 'keeps an object with a finalizer until that is gone',
    async run({ client, namespace, signal }) {
      const key = { namespace, name: 'finalized' };
      const finalizers = ['example.org/test'];
      await client.create(configMaps, { metadata: { ...key, finalizers } }, signal);
      equal(await client.delete(configMaps, key, {}, signal), true);
      const dying = await client.get(configMaps, key, signal);
      truthy(dying?.metadata?.deletionTimestamp, 'the object is being deleted');
      await client.mergePatch(configMaps, key, { metadata: { finalizers: null } }, {}, signal);
      equal(await client.get(configMaps, key, signal), undefined);
    },
  },
  {
    name: 'deletes only the object with the uid given',
    async run({ client, namespace, signal }) {
      const created = await client.create(configMaps, draft(namespace, 'kept'), signal);
      const key = { namespace, name: 'kept' };
      await fails('Conflict', () => client.delete(configMaps, key, { uid: crypto.randomUUID() }, signal));
      equal(await client.delete(configMaps, key, { uid: created.metadata?.uid }, signal), true);
    },
  },
  {
    name: 'lists page by page in one state, with kinds filled in',
    async run({ client, namespace, signal }) {
      for (const name of ['page-a', 'page-b', 'page-c', 'page-d', 'page-e']) {
        await client.create(configMaps, draft(namespace, name, { paged: 'yes' }), signal);
      }
      const options = { namespace, labelSelector: 'paged=yes', limit: 2 };
      const first = await client.list(configMaps, options, signal);
      equal(first.items.length, 2);
      equal(first.items[0]?.kind, 'ConfigMap');
      const second = await client.list(
        configMaps,
        { ...options, continueToken: first.continueToken },
        signal,
      );
      equal(second.resourceVersion, first.resourceVersion);
      const third = await client.list(
        configMaps,
        { ...options, continueToken: second.continueToken },
        signal,
      );
      equal(third.continueToken, undefined);
      const names = [...first.items, ...second.items, ...third.items].map((item) => item.metadata?.name);
      equal(names.join(), 'page-a,page-b,page-c,page-d,page-e');
    },
  },
  {
    name: 'watches a selection from a state on: what enters it is added, what leaves it deleted',
    async run({ client, namespace, signal }) {
      const { resourceVersion } = await client.list(configMaps, { namespace }, signal);
      const key = { namespace, name: 'watched' };
      await client.create(configMaps, draft(namespace, 'watched', { color: 'red' }), signal);
      await client.mergePatch(configMaps, key, { data: { a: '2' } }, {}, signal);
      await client.mergePatch(configMaps, key, { metadata: { labels: { color: 'blue' } } }, {}, signal);
      await client.delete(configMaps, key, {}, signal);
      const events = await take(
        client,
        { namespace, labelSelector: 'color=red', resourceVersion },
        3,
        signal,
      );
      equal(events.map((event) => event.type).join(), 'ADDED,MODIFIED,DELETED');
    },
  },
  {
    name: 'answers Gone to a watch from a state it has forgotten',
    async run({ client, namespace, signal, compact }) {
      const { resourceVersion } = await client.list(configMaps, { namespace }, signal);
      await client.create(configMaps, draft(namespace, 'forgotten'), signal);
      await compact();
      await eventually(() =>
        fails('Gone', () => take(client, { namespace, resourceVersion }, 1_000_000, signal)),
      );
    },
  },
  {
    name: 'records what an apply sets, drops what a later one leaves out, and keeps what others set',
    async run({ client, namespace, signal }) {
      const key = { namespace, name: 'applied' };
      const options = { fieldManager: 'conformance', force: true };
      await client.apply(configMaps, { metadata: key, data: { a: '1', b: '2' } }, options, signal);
      await client.mergePatch(configMaps, key, { data: { c: '3' } }, {}, signal);
      const applied: ConfigMapLike = await client.apply(
        configMaps,
        { metadata: key, data: { a: '1' } },
        options,
        signal,
      );
      equal(JSON.stringify(applied.data), '{"a":"1","c":"3"}');
      const owned = fieldsOwnedBy(applied, 'conformance');
      equal(JSON.stringify(owned?.fields), '{"f:data":{"f:a":{}}}');
      const again = await client.apply(configMaps, { metadata: key, data: { a: '1' } }, options, signal);
      equal(again.metadata?.resourceVersion, applied.metadata?.resourceVersion);
    },
  },
  {
    name: 'applies to the very object whose uid is given, and to no other',
    async run({ client, namespace, signal }) {
      const key = { namespace, name: 'that-very-one' };
      const options = { fieldManager: 'conformance', force: true };
      const applyTo = (uid: string | undefined) =>
        client.apply(
          configMaps,
          { metadata: { ...key, ...(uid === undefined ? {} : { uid }), labels: { color: 'red' } } },
          options,
          signal,
        );
      const { metadata } = await client.create(configMaps, draft(namespace, 'that-very-one'), signal);
      equal((await applyTo(metadata?.uid)).metadata?.uid, metadata?.uid);
      await fails('Conflict', () => applyTo('00000000-0000-0000-0000-000000000000'));
      await client.delete(configMaps, key, {}, signal);
      await fails('Conflict', () => applyTo(metadata?.uid));
      equal(await client.get(configMaps, key, signal), undefined);
    },
  },
  {
    name: 'takes ownership away from an applier whose field another writes',
    async run({ client, namespace, signal }) {
      const key = { namespace, name: 'taken-over' };
      const options = { fieldManager: 'conformance', force: true };
      await client.apply(configMaps, { metadata: key, data: { a: '1', b: '2' } }, options, signal);
      const edited = await client.mergePatch(configMaps, key, { data: { a: 'edited' } }, {}, signal);
      equal(JSON.stringify(fieldsOwnedBy(edited, 'conformance')?.fields), '{"f:data":{"f:b":{}}}');
    },
  },
  {
    name: 'ends a call with the reason of the signal that aborts it',
    async run({ client, namespace }) {
      const reason = new Error('enough');
      const aborted = AbortSignal.abort(reason);
      for (const call of [
        () => client.get(nodes, { name: 'any' }, aborted),
        () => client.list(configMaps, { namespace }, aborted),
        () => client.create(configMaps, draft(namespace, 'never'), aborted),
      ]) {
        equal(await call().catch((error: unknown) => error), reason);
      }
    },
  },
];

function draft(namespace: string, name: string, labels: Record<string, string> = {}): ConfigMapLike {
  return { metadata: { namespace, name, labels }, data: { a: '1' } };
}

const PATIENCE_MILLISECONDS = 120_000;

/** The first events of a watch; fails when they do not come in time. */
async function take(
  client: ApiClient,
  options: { readonly namespace: string; readonly labelSelector?: string; readonly resourceVersion: string },
  count: number,
  outer: AbortSignal,
): Promise<readonly WatchEvent<ConfigMapLike>[]> {
  const events: WatchEvent<ConfigMapLike>[] = [];
  const signal = AbortSignal.any([outer, AbortSignal.timeout(PATIENCE_MILLISECONDS)]);
  for await (const event of client.watch(configMaps, { ...options, timeoutSeconds: 30 }, signal)) {
    if (event.type !== 'BOOKMARK') {
      events.push(event);
    }
    if (events.length === count) {
      break;
    }
  }
  return events;
}

async function eventually(check: () => Promise<void>): Promise<void> {
  const end = Date.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await delay(50);
    }
  }
}

async function fails(code: ApiErrorCode, call: () => Promise<unknown>): Promise<void> {
  let outcome: unknown;
  try {
    outcome = await call();
  } catch (error) {
    outcome = error;
  }
  truthy(isApiError(outcome, code), `expected ${code}, got ${String(outcome)}`);
}

function equal(actual: unknown, expected: unknown): void {
  truthy(Object.is(actual, expected), `expected ${String(expected)}, got ${String(actual)}`);
}

function truthy(value: unknown, message: string): void {
  if (value === undefined || value === false || value === '') {
    throw new Error(message);
  }
}
