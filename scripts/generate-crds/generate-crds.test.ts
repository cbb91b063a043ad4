import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { CUSTOM_RESOURCES } from '../../operator/src/api/v1alpha1/custom-resources.ts';
import { generateCrds } from '../generate-crds.ts';
import { structuralSchemaOf } from './definition.ts';
import { allSchemas } from './json-schema.ts';

const schemas = CUSTOM_RESOURCES.flatMap((resource) =>
  [...allSchemas(structuralSchemaOf(resource))].map(
    ({ path, schema }) => [resource.names.kind + path, schema] as const,
  ),
);

const rules = schemas.flatMap(([path, schema]) =>
  (schema['x-kubernetes-validations'] ?? []).map((rule) => [path, rule.message] as const),
);

/** What a client-side `kubectl apply` can keep in its annotation, in bytes. */
const APPLY_LIMIT = 262_144;

describe('generated CRDs', () => {
  it('are the same bytes every time', () => {
    expect(generateCrds()).toEqual(generateCrds());
  });

  it.each([...generateCrds()].filter(([path]) => path.startsWith('crds/')))(
    '%s can be installed with a plain kubectl apply',
    (_, yaml) => {
      expect(JSON.stringify(load(yaml)).length).toBeLessThan(APPLY_LIMIT);
    },
  );

  it.each(schemas.filter(([, schema]) => schema['x-kubernetes-list-type'] === 'map'))(
    '%s has keys that every entry has',
    (_, schema) => {
      expect(schema.items?.required).toEqual(
        expect.arrayContaining([...(schema['x-kubernetes-list-map-keys'] ?? [])]),
      );
    },
  );

  it.each(rules)('%s: a refusal names the field and the remedy: %s', (_, message) => {
    expect(message).toMatch(
      /^(spec|status|metadata|the amount|.*matchExpressions\[\]|matchLabels).*(: [a-zA-Z]|must )/u,
    );
  });
});
