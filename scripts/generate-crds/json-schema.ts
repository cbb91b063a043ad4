/** JSON schemas, as far as the generators look into them. */
import type { ValidationRule } from '../../operator/src/api/v1alpha1/fields.ts';

/** A JSON schema with the extensions of Kubernetes. */
export interface JsonSchema {
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
  readonly [keyword: string]: unknown;
}

/** A schema inside another one, and how to get there: `.field`, `[]` for entries of lists, `[*]` for those of maps. */
export interface NestedSchema {
  readonly path: string;
  readonly schema: JsonSchema;
}

/** The schemas directly inside a schema. */
export function nestedSchemas({ properties, items, additionalProperties }: JsonSchema): NestedSchema[] {
  return [
    ...Object.entries(properties ?? {}).map(([name, schema]) => ({ path: `.${name}`, schema })),
    ...(items === undefined ? [] : [{ path: '[]', schema: items }]),
    ...(typeof additionalProperties === 'object' ? [{ path: '[*]', schema: additionalProperties }] : []),
  ];
}

/** A schema and everything in it, outermost first. */
export function* allSchemas(schema: JsonSchema, path = ''): Generator<NestedSchema> {
  yield { path, schema };
  for (const nested of nestedSchemas(schema)) {
    yield* allSchemas(nested.schema, path + nested.path);
  }
}
