/**
 * From the JSON schema zod writes to the structural schema a CustomResourceDefinition takes. The pass knows a
 * closed set of keywords and refuses everything else, so that a zod feature the API server would reject, or
 * silently drop, is found here. It also refuses what would make CEL rules too expensive: a string, list or map
 * without a limit; and what would leave a reader alone: a field without a description.
 */

import type { JsonSchema } from './json-schema.ts';

/** A schema cannot be said in a CRD. */
export class StructuralSchemaError extends Error {
  override readonly name = 'StructuralSchemaError';
  readonly code = 'StructuralSchema';

  constructor(path: string, problem: string) {
    super(`${path === '' ? 'root' : path}: ${problem}`);
  }
}

/** Keywords in the order they are written. */
const KEYWORDS = [
  'description',
  'type',
  'x-kubernetes-int-or-string',
  'format',
  'nullable',
  'default',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'required',
  'properties',
  'additionalProperties',
  'items',
  'x-kubernetes-validations',
] as const;

const LIST_TYPES = ['atomic', 'set', 'map'];

function withoutNoise(schema: JsonSchema, path: string): JsonSchema {
  const noise = new Set(['$schema']);
  if (schema['x-kubernetes-int-or-string'] === true) {
    noise.add('anyOf').add('type');
  }
  // zod bounds every integer by what a double holds exactly; as a limit it says nothing.
  if (schema.minimum === Number.MIN_SAFE_INTEGER) {
    noise.add('minimum');
  }
  if (schema.maximum === Number.MAX_SAFE_INTEGER) {
    noise.add('maximum');
  }
  if (schema.properties !== undefined && schema.additionalProperties === false) {
    noise.add('additionalProperties');
  }
  const kept = Object.entries(schema).filter(([keyword]) => !noise.has(keyword));
  const strange = kept.find(([keyword]) => !(KEYWORDS as readonly string[]).includes(keyword));
  if (strange !== undefined) {
    throw new StructuralSchemaError(
      path,
      `${strange[0]} has no place in a structural schema; say it with a CEL rule`,
    );
  }
  return Object.fromEntries(kept);
}

function missingLimit(schema: JsonSchema): string | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return schema.maxLength === undefined ? 'has no maxLength' : undefined;
  }
  switch (schema.type) {
    case 'string':
      return schema.enum === undefined && schema.maxLength === undefined ? 'has no maxLength' : undefined;
    case 'array':
      if (!LIST_TYPES.includes(schema['x-kubernetes-list-type'] ?? '')) {
        return 'has no x-kubernetes-list-type';
      }
      return schema.maxItems === undefined ? 'has no maxItems' : undefined;
    case 'object':
      return schema.properties === undefined && schema.maxProperties === undefined
        ? 'has no maxProperties'
        : undefined;
    case 'integer':
    case 'number':
    case 'boolean':
      return undefined;
    default:
      return `type ${String(schema.type)} is not structural`;
  }
}

/** The structural form of `schema`. Throws {@link StructuralSchemaError}. Does not change its argument. */
export function toStructural(schema: JsonSchema, path = ''): JsonSchema {
  const clean = withoutNoise(schema, path);
  const problem = missingLimit(clean);
  if (problem !== undefined) {
    throw new StructuralSchemaError(path, problem);
  }
  const { items, additionalProperties } = clean;
  const properties = Object.entries(clean.properties ?? {}).map(
    ([name, property]) => [name, toProperty(property, `${path}.${name}`)] as const,
  );
  const structural: JsonSchema = {
    ...clean,
    ...(clean.properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
    ...(clean.properties === undefined || clean.default === undefined
      ? {}
      : { default: withNestedDefaults(clean.default, properties) }),
    ...(items === undefined ? {} : { items: toStructural(items, `${path}[]`) }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: toStructural(additionalProperties, `${path}[*]`) }
      : {}),
  };
  return Object.fromEntries(
    KEYWORDS.filter((keyword) => structural[keyword] !== undefined).map((keyword) => [
      keyword,
      structural[keyword],
    ]),
  );
}

/**
 * A default with the defaults of its fields filled in. The API server fills them in as well when it uses the
 * default, but not when it checks the CRD, where a rule on `{}` would miss the fields it reads.
 */
function withNestedDefaults(value: unknown, properties: readonly (readonly [string, JsonSchema])[]): unknown {
  const defaults = properties.flatMap(([name, property]) =>
    property.default === undefined ? [] : [[name, property.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...(value as object) };
}

function toProperty(property: JsonSchema, path: string): JsonSchema {
  if (property.description === undefined || property.description === '') {
    throw new StructuralSchemaError(path, 'has no description');
  }
  return toStructural(property, path);
}
