/** The reference of one kind, as Markdown, from the same structural schema as its CRD. */
import type { CustomResource } from '../../operator/src/api/v1alpha1/custom-resources.ts';
import { structuralSchemaOf } from './definition.ts';
import { allSchemas, type JsonSchema } from './json-schema.ts';

/** First line of every generated page. */
export const GENERATED_NOTE =
  '<!-- Generated from operator/src/api by `npm run generate`. Do not edit. -->\n';

/** Text that cannot break out of a table cell, nor be taken for HTML outside of code. */
export function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ')
    .split('`')
    .map((part, index) => (index % 2 === 0 ? part.replaceAll('<', '&lt;') : part))
    .join('`');
}

function code(text: string): string {
  return cell(`\`${text}\``);
}

function typeOf(schema: JsonSchema): string {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return 'quantity';
  }
  const type = plainTypeOf(schema);
  return schema.nullable === true ? `${type} or null` : type;
}

function plainTypeOf({ items, additionalProperties, format, type }: JsonSchema): string {
  if (items !== undefined) {
    return `list of ${typeOf(items)}`;
  }
  if (typeof additionalProperties === 'object') {
    return `map of ${typeOf(additionalProperties)}`;
  }
  return format === 'date-time' ? 'time' : (type ?? '');
}

function range(minimum: number | undefined, maximum: number | undefined, unit: string): string[] {
  if (minimum !== undefined && maximum !== undefined) {
    return [`${minimum} to ${maximum}${unit}`];
  }
  if (minimum !== undefined) {
    return [`at least ${minimum}${unit}`];
  }
  return maximum === undefined ? [] : [`at most ${maximum}${unit}`];
}

const quoted = (words: readonly string[]): string[] => words.map((word) => `\`${word}\``);

function limitsOf(schema: JsonSchema): string {
  const keys = schema['x-kubernetes-list-map-keys'];
  return [
    ...(schema.enum === undefined ? [] : [quoted(schema.enum).join(', ')]),
    ...range(schema.minimum, schema.maximum, ''),
    ...range(schema.minLength, schema.maxLength, ' characters'),
    ...range(schema.minItems, schema.maxItems, ' entries'),
    ...range(undefined, schema.maxProperties, ' entries'),
    ...(keys === undefined ? [] : [`one entry per ${quoted(keys).join(' and ')}`]),
    ...(schema['x-kubernetes-list-type'] === 'set' ? ['no entry twice'] : []),
  ].join('; ');
}

interface Field {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

function* fieldsOf(schema: JsonSchema, path = ''): Generator<Field> {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const field = path === '' ? name : `${path}.${name}`;
    yield { path: field, schema: property, required: schema.required?.includes(name) ?? false };
    yield* fieldsOf(property, field);
    yield* fieldsOf(property.items ?? {}, `${field}[]`);
  }
}

function defaultOf({ schema, required }: Field): string {
  if (schema.default === undefined) {
    return required ? 'required' : '';
  }
  return isGatheredFromFields(schema) ? 'see its fields' : code(JSON.stringify(schema.default));
}

/** Whether the default of an object only repeats the defaults of its fields. */
function isGatheredFromFields({ properties, default: value }: JsonSchema): boolean {
  return (
    properties !== undefined &&
    Object.keys(value as object).every((name) => properties[name]?.default !== undefined)
  );
}

/** Markdown reference of a kind: columns, fields and rules. */
export function renderReference(resource: CustomResource): string {
  const { names, shortNames, columns } = resource;
  const schema = structuralSchemaOf(resource);
  const short = shortNames.map((name) => `\`${name}\``).join(', ');
  const columnRows = columns.map(
    ({ name, jsonPath, description, priority }) =>
      `| ${name}${(priority ?? 0) > 0 ? ' (`-o wide`)' : ''} | ${cell(description)} | ${code(jsonPath)} |`,
  );
  const fieldRows = [...fieldsOf(schema)].map(
    (field) =>
      `| ${code(field.path)} | ${typeOf(field.schema)} | ${defaultOf(field)} | ` +
      `${cell(field.schema.description ?? '')} | ${cell(limitsOf(field.schema))} |`,
  );
  const ruleRows = [...allSchemas(schema)].flatMap(({ path, schema }) =>
    (schema['x-kubernetes-validations'] ?? []).map(
      ({ rule, message }) =>
        `| ${path === '' ? 'the whole object' : code(path.slice(1))} | ` +
        `${rule.includes('oldSelf') ? 'change' : 'value'} | ${cell(message)} |`,
    ),
  );
  return [
    GENERATED_NOTE,
    `# ${names.kind}\n`,
    `${schema.description ?? ''} API \`${names.group}/${names.version}\`, short name ${short}.\n`,
    '## Columns of `kubectl get`\n',
    '| column | meaning | path |',
    '|---|---|---|',
    ...columnRows,
    '',
    '## Fields\n',
    '| field | type | default | meaning | limits |',
    '|---|---|---|---|---|',
    ...fieldRows,
    '',
    '## What the API server refuses\n',
    'Beside the limits above. A rule on a *change* compares with the object as it was.\n',
    '| field | on | answer |',
    '|---|---|---|',
    ...ruleRows,
    '',
  ].join('\n');
}
