/**
 * From the JSON schema zod writes to the structural schema a CustomResourceDefinition takes. The pass knows a
 * closed set of keywords and refuses everything else, so that a zod feature the API server would reject, or
 * silently drop, is found here. It also refuses what would make CEL rules too expensive: a string, list or map
 * without a limit; and what would leave a reader alone: a field without a description.
 */

/** A JSON schema, as far as this pass looks into it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

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

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutNoise(schema: JsonSchema, path: string): Record<string, unknown> {
  const result: Record<string, unknown> = { ...schema };
  delete result['$schema'];
  if (result['x-kubernetes-int-or-string'] === true) {
    delete result['anyOf'];
    delete result['type'];
  }
  // zod bounds every integer by what a double holds exactly; as a limit it says nothing.
  if (result['minimum'] === Number.MIN_SAFE_INTEGER) {
    delete result['minimum'];
  }
  if (result['maximum'] === Number.MAX_SAFE_INTEGER) {
    delete result['maximum'];
  }
  if (isSchema(result['properties']) && result['additionalProperties'] === false) {
    delete result['additionalProperties'];
  }
  for (const keyword of Object.keys(result)) {
    if (!(KEYWORDS as readonly string[]).includes(keyword)) {
      throw new StructuralSchemaError(
        path,
        `${keyword} has no place in a structural schema; say it with a CEL rule`,
      );
    }
  }
  return result;
}

function requireLimits(schema: JsonSchema, path: string): void {
  const limited = (keyword: string): void => {
    if (typeof schema[keyword] !== 'number') {
      throw new StructuralSchemaError(path, `has no ${keyword}`);
    }
  };
  if (schema['x-kubernetes-int-or-string'] === true) {
    limited('maxLength');
    return;
  }
  switch (schema['type']) {
    case 'string':
      if (schema['enum'] === undefined) {
        limited('maxLength');
      }
      return;
    case 'array':
      limited('maxItems');
      if (!LIST_TYPES.includes(String(schema['x-kubernetes-list-type']))) {
        throw new StructuralSchemaError(path, 'has no x-kubernetes-list-type');
      }
      return;
    case 'object':
      if (!isSchema(schema['properties'])) {
        limited('maxProperties');
      }
      return;
    case 'integer':
    case 'number':
    case 'boolean':
      return;
    default:
      throw new StructuralSchemaError(path, `type ${JSON.stringify(schema['type'])} is not structural`);
  }
}

/** The structural form of `schema`. Throws {@link StructuralSchemaError}. Does not change its argument. */
export function toStructural(schema: JsonSchema, path = ''): JsonSchema {
  const clean = withoutNoise(schema, path);
  requireLimits(clean, path);
  const { properties, items, additionalProperties } = clean;
  if (isSchema(properties)) {
    clean['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, toProperty(property, `${path}.${name}`)]),
    );
  }
  if (isSchema(properties) && isSchema(clean['default'])) {
    clean['default'] = withNestedDefaults(
      clean['default'],
      clean['properties'] as Record<string, JsonSchema>,
    );
  }
  if (isSchema(items)) {
    clean['items'] = toStructural(items, `${path}[]`);
  }
  if (isSchema(additionalProperties)) {
    clean['additionalProperties'] = toStructural(additionalProperties, `${path}.*`);
  }
  return Object.fromEntries(
    KEYWORDS.filter((keyword) => clean[keyword] !== undefined).map((keyword) => [keyword, clean[keyword]]),
  );
}

/**
 * A default with the defaults of its fields filled in. The API server fills them in as well when it uses the
 * default, but not when it checks the CRD, where a rule on `{}` would miss the fields it reads.
 */
function withNestedDefaults(value: JsonSchema, properties: Record<string, JsonSchema>): JsonSchema {
  const defaults = Object.entries(properties).flatMap(([name, property]) =>
    property['default'] === undefined ? [] : [[name, property['default']]],
  );
  return { ...Object.fromEntries(defaults), ...value };
}

function toProperty(property: unknown, path: string): JsonSchema {
  if (!isSchema(property)) {
    throw new StructuralSchemaError(path, 'is not a schema');
  }
  if (typeof property['description'] !== 'string' || property['description'] === '') {
    throw new StructuralSchemaError(path, 'has no description');
  }
  return toStructural(property, path);
}
