import { describe, expect, it } from '@jest/globals';
import { CUSTOM_RESOURCES } from '../../operator/src/api/v1alpha1/custom-resources.ts';
import { shardedClusterSpecSchema } from '../../operator/src/api/v1alpha1/sharded-cluster-spec.ts';
import { structuralSchemaOf } from '../../scripts/generate-crds/definition.ts';
import type { JsonSchema } from '../../scripts/generate-crds/json-schema.ts';
import { ACCEPTED_CLUSTERS, FULL_SPEC } from './accepted-clusters.ts';

/** Paths of all fields of a schema. Lists count as their entries. */
function* declared(schema: JsonSchema, path: string): Generator<string> {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    yield `${path}.${name}`;
    yield* declared(property, `${path}.${name}`);
    yield* declared(property.items ?? {}, `${path}.${name}`);
  }
}

/** Paths of all fields that are set somewhere in a value. */
function* used(value: unknown, path: string): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) {
      yield* used(item, path);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) {
      yield `${path}.${name}`;
      yield* used(field, `${path}.${name}`);
    }
  }
}

describe('specs the API server must take', () => {
  it.each(ACCEPTED_CLUSTERS)('the schema takes $purpose', ({ spec }) => {
    expect(shardedClusterSpecSchema.safeParse(spec)).toMatchObject({ success: true });
  });

  it('use every field of the schema', () => {
    const [cluster] = CUSTOM_RESOURCES.map((resource) => structuralSchemaOf(resource));
    const spec = cluster?.properties?.['spec'] ?? {};
    const seen = new Set(used(FULL_SPEC, ''));
    const shared = /^\.affinity\.podA|\.(labelSelector|preference)\./u;
    const paths = [...declared(spec, '')];
    expect(paths.length).toBeGreaterThan(100);
    const missing = paths.filter((path) => !seen.has(path) && !shared.test(path));
    expect(missing).toEqual([]);
  });
});
