import { sameQuantity } from './quantity.ts';

/** A decoded JSON document. */
export type Json = null | boolean | number | string | readonly Json[] | JsonMap;
export interface JsonMap {
  readonly [key: string]: Json;
}

export function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether there is nothing in it: an empty map or list. */
export function isEmpty(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/**
 * The document an object stands for on the wire, without its null members: to the API server null is the same
 * as absent, and what is not written cannot be confused with what is owned.
 */
export function toJson(value: object): JsonMap {
  return withoutNulls(JSON.parse(JSON.stringify(value)) as JsonMap) as JsonMap;
}

function withoutNulls(value: Json): Json {
  if (isList(value)) {
    return value.map(withoutNulls);
  }
  if (!isMap(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}

/**
 * The document without empty labels and annotations. An apply that lists none means to own none, yet the API
 * server would record the whole map as owned, and others' entries in it would look like a change.
 */
export function withoutEmptyMetadata(value: JsonMap): JsonMap {
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (!isMap(member)) {
        return [key, member];
      }
      return [
        key,
        key === 'metadata' ? dropEmpty(member, ['labels', 'annotations']) : withoutEmptyMetadata(member),
      ];
    }),
  );
}

function dropEmpty(map: JsonMap, names: readonly string[]): JsonMap {
  return Object.fromEntries(
    Object.entries(map).filter(([key, member]) => !(names.includes(key) && isEmpty(member))),
  );
}

/** Maps of quantities, by the name of the field they stand in. */
const QUANTITY_MAPS: ReadonlySet<string> = new Set(['requests', 'limits', 'capacity', 'allocatable', 'hard']);
/** Fields that are a quantity themselves. */
const QUANTITY_FIELDS: ReadonlySet<string> = new Set(['sizeLimit', 'divisor']);

/** Whether the last name of a path, given with the one before it, is that of a quantity. */
export function isQuantityField(parent: string, name: string): boolean {
  return QUANTITY_MAPS.has(parent) || QUANTITY_FIELDS.has(name);
}

/**
 * Whether two documents are equal; quantities by value, since the API server rewrites them. `parent` and `name`
 * are the last two names of the path to them.
 */
export function sameJson(
  first: Json | undefined,
  second: Json | undefined,
  parent: string,
  name: string,
): boolean {
  if (isList(first) && isList(second)) {
    return (
      first.length === second.length &&
      first.every((item, index) => sameJson(item, second[index], parent, name))
    );
  }
  if (isMap(first) && isMap(second)) {
    const keys = Object.keys(first);
    return (
      keys.length === Object.keys(second).length &&
      keys.every((key) => Object.hasOwn(second, key) && sameJson(first[key], second[key], name, key))
    );
  }
  return first === second || (isQuantityField(parent, name) && sameQuantity(first, second));
}

/** Text that is equal for equal documents, whatever the order of their keys. */
export function canonicalText(value: Json | undefined): string {
  if (isList(value)) {
    return `[${value.map(canonicalText).join(',')}]`;
  }
  if (isMap(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key])}`);
    return `{${members.join(',')}}`;
  }
  return value === undefined ? '-' : JSON.stringify(value);
}
