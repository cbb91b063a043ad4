import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createApplier } from '../apply.ts';
import type { KubernetesObject } from '../objects.ts';
import { defineResource } from '../objects.ts';
import { FakeApiServer } from '../testing/fake-api-server.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { fieldsOf } from '../testing/field-ownership.ts';
import type { JsonMap } from './json.ts';
import { ownedFieldsEqual } from './owned-equality.ts';
import { sameQuantity } from './quantity.ts';

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
const metadata = { namespace: 'test', name: 'one' };

describe('quantities', () => {
  it.each([
    ['1000m', '1'],
    ['1', 1],
    ['1024Mi', '1Gi'],
    ['1G', '1000000000'],
    ['1e3', '1k'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1E', '1e18'],
    ['-1', '-1000m'],
    ['100u', '0.1m'],
  ])('%s equals %s', (first, second) => {
    expect(sameQuantity(first, second)).toBe(true);
  });

  it.each([
    ['1', '1k'],
    ['1M', '1Mi'],
    ['one', 'one'],
    ['', ''],
    ['1.5.1', '1.5.1'],
    [undefined, '0'],
  ])('%s does not equal %s', (first, second) => {
    expect(sameQuantity(first, second)).toBe(false);
  });
});

/** Desired states made of what the schema-less fake can tell apart: granular maps, lists keyed by name, atomic lists. */
const scalar = fc.oneof(fc.integer(), fc.string(), fc.boolean());
const spec: fc.Arbitrary<JsonMap> = fc.record(
  {
    size: scalar,
    nested: fc.dictionary(fc.constantFrom('a', 'b', 'c'), scalar, { minKeys: 1 }),
    parts: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('x', 'y', 'z'), weight: fc.integer() }, { requiredKeys: ['name'] }),
      { selector: (part) => part.name, minLength: 1 },
    ),
    list: fc.array(scalar, { minLength: 1 }),
  },
  { requiredKeys: ['size'] },
);

describe('the comparison of owned fields', () => {
  it('calls equal what was applied, whatever others added', () => {
    fc.assert(
      fc.property(spec, fc.dictionary(fc.constantFrom('foreign', 'other'), scalar), (desired, foreign) => {
        const live = { spec: { ...desired, ...foreign }, status: { ready: true } };
        expect(ownedFieldsEqual(fieldsOf({ spec: desired }), { spec: desired }, live)).toBe(true);
      }),
    );
  });

  it('calls different every other desired state', () => {
    fc.assert(
      fc.property(spec, spec, (applied, desired) => {
        const isSame = ownedFieldsEqual(fieldsOf({ spec: applied }), { spec: desired }, { spec: applied });
        expect(isSame).toBe(JSON.stringify(sorted(applied)) === JSON.stringify(sorted(desired)));
      }),
    );
  });

  it('finds an item of ours by a key field it left to its default', () => {
    const owned = { 'f:ports': { 'k:{"port":1,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } };
    const live = { ports: [{ port: 1, protocol: 'TCP' }] };
    expect(ownedFieldsEqual(owned, { ports: [{ port: 1 }] }, live)).toBe(true);
    expect(ownedFieldsEqual(owned, { ports: [{ port: 1, protocol: 'UDP' }] }, live)).toBe(false);
  });

  it('takes the order of keyed items as part of what is desired', () => {
    const applied = { list: [{ name: 'a' }, { name: 'b' }] };
    const turned = { list: [{ name: 'b' }, { name: 'a' }] };
    expect(ownedFieldsEqual(fieldsOf(applied), applied, applied)).toBe(true);
    expect(ownedFieldsEqual(fieldsOf(applied), turned, applied)).toBe(false);
  });

  it('compares quantities by value only where quantities stand', () => {
    const owned = { 'f:requests': { 'f:cpu': {} }, 'f:note': {} };
    const live = { requests: { cpu: '1' }, note: '1' };
    expect(ownedFieldsEqual(owned, { requests: { cpu: '1000m' }, note: '1' }, live)).toBe(true);
    expect(ownedFieldsEqual(owned, { requests: { cpu: '1' }, note: '1000m' }, live)).toBe(false);
  });
});

describe('the applier', () => {
  it('sends exactly when something of ours differs, and then makes it as desired', async () => {
    const edit = fc.option(fc.record({ spec: fc.record({ size: scalar }) }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(spec, edit), { minLength: 1, maxLength: 6 }), async (steps) => {
        const server = new FakeApiServer(new FakeClock());
        const applier = createApplier({ client: server, fieldManager: 'test' });
        for (const [desired, patch] of steps) {
          const object = { metadata, spec: desired };
          const before = await server.get(things, metadata, signal);
          const { object: applied } = await applier.apply(things, object, before, signal);
          expect(applied.spec).toEqual(desired);
          const sent = server.requests.length;
          expect((await applier.apply(things, object, applied, signal)).changed).toBe(false);
          expect(server.requests).toHaveLength(sent);
          if (patch !== undefined) {
            await server.mergePatch(things, metadata, patch, {}, signal);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a Secret with stringData', async () => {
    const secrets = defineResource<KubernetesObject>({
      group: '',
      version: 'v1',
      kind: 'Secret',
      plural: 'secrets',
      namespaced: true,
    });
    const applier = createApplier({ client: new FakeApiServer(new FakeClock()), fieldManager: 'test' });
    const secret = { metadata, stringData: { a: 'b' } };
    await expect(applier.apply(secrets, secret, undefined, signal)).rejects.toThrow('stringData');
  });
});

/** With maps in one order; the order of lists stays. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([first], [second]) => (first < second ? -1 : 1))
        .map(([key, member]) => [key, sorted(member)]),
    );
  }
  return value;
}
