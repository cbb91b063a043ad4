/** CustomResourceDefinitions from the descriptions in the API. */
import { dump } from 'js-yaml';
import { z } from 'zod';
import type { CustomResource } from '../../operator/src/api/v1alpha1/custom-resources.ts';
import type { JsonSchema } from './json-schema.ts';
import { toStructural } from './structural.ts';

const HEADER = '# Generated from operator/src/api by `npm run generate`. Do not edit.\n';

/** The structural schema of `spec`, `status` and the root rules of a kind. */
export function structuralSchemaOf(resource: CustomResource): JsonSchema {
  // `input`: what a user writes, with defaults; `output` would require every field that has a default.
  const schema = z.toJSONSchema(resource.schema, { target: 'openapi-3.0', io: 'input' });
  return toStructural(schema as JsonSchema);
}

/** Name of the CRD. */
export function definitionName({ names }: CustomResource): string {
  return `${names.plural}.${names.group}`;
}

/** The CustomResourceDefinition of a kind. */
export function toDefinition(resource: CustomResource): Record<string, unknown> {
  const { names, shortNames, categories, columns, subresources } = resource;
  const schema = structuralSchemaOf(resource);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: definitionName(resource) },
    spec: {
      group: names.group,
      scope: names.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind: names.kind,
        listKind: `${names.kind}List`,
        plural: names.plural,
        singular: names.kind.toLowerCase(),
        shortNames,
        categories,
      },
      versions: [
        {
          name: names.version,
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              ...schema,
              properties: {
                apiVersion: { type: 'string', description: 'Version of the schema of this object.' },
                kind: { type: 'string', description: 'Kind of this object.' },
                // Stated so that rules about the name can point at it.
                metadata: { type: 'object', properties: { name: { type: 'string' } } },
                ...schema.properties,
              },
            },
          },
          subresources,
        },
      ],
    },
  };
}

/** A CRD as a YAML file. */
export function toYaml(definition: Record<string, unknown>): string {
  return HEADER + dump(definition, { lineWidth: 110, noRefs: true });
}
