/** What others add where nobody else may add anything. */
import { describe, expect, it, jest } from '@jest/globals';
import { createApplier } from '../apply.ts';
import { foreignFieldsOf, keepForeignFields } from '../cache/foreign-fields.ts';
import { withoutManagedFields } from '../cache/owned-fields.ts';
import type { ApiClient } from '../client/api-client.ts';
import { ApiError } from '../client/api-error.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../objects.ts';
import { defineResource } from '../objects.ts';
import type { Json, JsonMap } from './json.ts';
import { overlay, patchBetween, withoutFields } from './removal.ts';

interface Thing extends KubernetesObject {
  readonly spec?: JsonMap;
}

const things = defineResource<Thing>({
  group: 'example.org',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
});
const signal = new AbortController().signal;

function entry(manager: string, fieldsV1: object, change: ManagedFieldsEntry = {}): ManagedFieldsEntry {
  const operation = manager === 'us' ? 'Apply' : 'Update';
  return { manager, operation, apiVersion: 'example.org/v1', fieldsV1, ...change };
}

function thing(spec: JsonMap, managedFields: readonly ManagedFieldsEntry[], resourceVersion = '1'): Thing {
  return { metadata: { name: 'a', namespace: 'test', uid: 'uid', resourceVersion, managedFields }, spec };
}

const OURS = entry('us', {
  'f:spec': { 'f:size': {}, 'f:parts': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } },
});

describe('foreign fields', () => {
  it.each<[string, ManagedFieldsEntry, object]>([
    ['a field', entry('person', { 'f:spec': { 'f:extra': {} } }), { 'f:spec': { 'f:extra': {} } }],
    ['a field that is ours as well', entry('person', { 'f:spec': { 'f:size': {} } }), {}],
    [
      'all below a field of which nothing is ours',
      entry('person', { 'f:spec': { 'f:extra': { 'f:deep': {} } } }),
      { 'f:spec': { 'f:extra': {} } },
    ],
    [
      'an item of a list, and a field of an item of ours',
      entry('person', {
        'f:spec': {
          'f:parts': { 'k:{"name":"a"}': { 'f:weight': {} }, 'k:{"name":"b"}': { '.': {}, 'f:name': {} } },
        },
      }),
      { 'f:spec': { 'f:parts': { 'k:{"name":"a"}': { 'f:weight': {} }, 'k:{"name":"b"}': {} } } },
    ],
    [
      'no metadata or status',
      entry('person', { 'f:metadata': { 'f:labels': {} }, 'f:status': { 'f:x': {} } }),
      {},
    ],
    [
      'no annotation',
      entry('person', { 'f:spec': { 'f:metadata': { 'f:annotations': { 'f:x': {} } } } }),
      {},
    ],
    ['nothing by a sub-resource', entry('person', { 'f:spec': { 'f:x': {} } }, { subresource: 'scale' }), {}],
    ['nothing by Kubernetes', entry('kube-controller-manager', { 'f:spec': { 'f:x': {} } }), {}],
    ['nothing by a webhook', entry('us', { 'f:spec': { 'f:x': {} } }, { operation: 'Update' }), {}],
  ])('hold %s', (_, theirs, expected) => {
    const object = thing({}, [OURS, theirs]);
    const slim = withoutManagedFields(object, 'us');
    keepForeignFields(slim, object, 'us');
    expect(foreignFieldsOf(object, 'us')).toEqual(expected);
    expect(foreignFieldsOf(slim, 'us')).toEqual(expected);
  });
});

describe('removal', () => {
  it.each<[string, Json, Parameters<typeof withoutFields>[1], Json]>([
    ['of a field', { a: 1, b: 2 }, { 'f:b': {} }, { a: 1 }],
    ['of a field below', { a: { b: 1, c: 2 } }, { 'f:a': { 'f:b': {} } }, { a: { c: 2 } }],
    [
      'of an item',
      { a: [{ name: 'x' }, { name: 'y' }] },
      { 'f:a': { 'k:{"name":"x"}': {} } },
      { a: [{ name: 'y' }] },
    ],
    [
      'in an item',
      { a: [{ name: 'x', b: 1 }] },
      { 'f:a': { 'k:{"name":"x"}': { 'f:b': {} } } },
      { a: [{ name: 'x' }] },
    ],
    ['of a member of a set', { a: ['x', 'y'] }, { 'f:a': { 'v:"x"': {} } }, { a: ['y'] }],
    ['of what is not there', { a: 1 }, { 'f:b': { 'f:c': {} } }, { a: 1 }],
  ])('%s', (_, value, fields, expected) => {
    expect(withoutFields(value, fields)).toEqual(expected);
  });

  it('as a merge patch names what goes, and lists as a whole', () => {
    const before = { a: { b: 1, c: 2 }, list: [1, 2], same: { x: 1 }, gone: true };
    expect(patchBetween(before, { a: { c: 2 }, list: [2], same: { x: 1 } })).toEqual({
      a: { b: null },
      list: [2],
      gone: null,
    });
    expect(overlay({ a: { b: [1] }, c: 1 }, { a: { d: 2 } })).toEqual({ a: { b: [1], d: 2 }, c: 1 });
    expect(patchBetween({ a: {} }, { a: { b: 1 }, c: 2 })).toEqual({ a: { b: 1 }, c: 2 });
  });
});

describe('an applier with exclusive fields', () => {
  const desired = { metadata: { name: 'a', namespace: 'test' }, spec: { size: 1 } };
  const ours = entry('us', { 'f:spec': { 'f:size': {} } });
  const theirs = entry('person', { 'f:spec': { 'f:extra': {} }, 'f:other': {} });

  function applierOf(parts: Pick<Partial<ApiClient>, 'apply' | 'mergePatch'>) {
    return createApplier({ client: parts as ApiClient, fieldManager: 'us', exclusive: ['spec'] });
  }

  it('removes what others added, on condition that nothing has changed, and then rests', async () => {
    const clean = thing({ size: 1 }, [ours], '2');
    const mergePatch = jest.fn(async () => clean) as jest.Mock & ApiClient['mergePatch'];
    const applier = applierOf({ mergePatch });
    const live = thing({ size: 1, extra: 2 }, [ours, theirs]);
    expect((await applier.apply(things, desired, live, signal)).changed).toBe(true);
    expect(mergePatch.mock.calls[0]?.[2]).toEqual({
      metadata: { uid: 'uid', resourceVersion: '1' },
      spec: { extra: null },
    });
    await applier.apply(things, desired, live, signal);
    expect((await applier.apply(things, desired, clean, signal)).changed).toBe(false);
    expect(mergePatch).toHaveBeenCalledTimes(1);
  });

  it('does not fight over what comes back by itself', async () => {
    const back = (version: string) => thing({ size: 1, extra: 2 }, [ours, theirs], version);
    const mergePatch = jest.fn(async () => back('2')) as jest.Mock & ApiClient['mergePatch'];
    const applier = applierOf({ mergePatch });
    for (const version of ['1', '2', '3']) {
      await applier.apply(things, desired, back(version), signal);
    }
    expect(mergePatch).toHaveBeenCalledTimes(1);
  });

  it('puts both right at once where only both together are valid', async () => {
    const live = thing({ extra: 2 }, [entry('us', {}), theirs]);
    const clean = thing({ size: 1 }, [ours], '2');
    let valid = false;
    const mergePatch = jest.fn(async () => {
      valid = true;
      return clean;
    }) as jest.Mock & ApiClient['mergePatch'];
    const apply = jest.fn(async () => {
      if (!valid) {
        throw new ApiError('Invalid', 422, 'both cannot be set');
      }
      return clean;
    }) as jest.Mock & ApiClient['apply'];
    const outcome = await applierOf({ apply, mergePatch }).apply(things, desired, live, signal);
    expect(outcome.object).toBe(clean);
    expect(mergePatch.mock.calls[0]?.[2]).toMatchObject({ spec: { extra: null, size: 1 } });
  });
});
