import type { FieldsV1 } from '../cache/owned-fields.ts';
import type { Json, JsonMap } from './json.ts';
import { canonicalText, isList, isMap } from './json.ts';
import { isIdentifiedBy, parseKeyFields } from './owned-equality.ts';

/** A document without the given fields; an empty set below a field stands for all of it. */
export function withoutFields(value: Json, fields: FieldsV1): Json {
  if (isMap(value)) {
    const rest: Record<string, Json> = { ...value };
    for (const [key, below] of Object.entries(fields)) {
      const name = key.slice(2);
      const member = value[name];
      if (!key.startsWith('f:') || member === undefined) {
        continue;
      }
      if (isEverything(below)) {
        delete rest[name];
      } else {
        rest[name] = withoutFields(member, below);
      }
    }
    return rest;
  }
  return isList(value) ? value.flatMap((item) => withoutItem(item, fields)) : value;
}

function withoutItem(item: Json, fields: FieldsV1): Json[] {
  for (const [key, below] of Object.entries(fields)) {
    const isMeant =
      key === `v:${JSON.stringify(item)}` ||
      (key.startsWith('k:') && isMap(item) && isIdentifiedBy(item, parseKeyFields(key)));
    if (isMeant) {
      return isEverything(below) ? [] : [withoutFields(item, below)];
    }
  }
  return [item];
}

function isEverything(fields: FieldsV1): boolean {
  return Object.keys(fields).length === 0;
}

/** The JSON merge patch (RFC 7396) that makes `after` of `before`. */
export function patchBetween(before: JsonMap, after: JsonMap): JsonMap {
  const patch: Record<string, Json> = Object.fromEntries(
    Object.entries(after).filter(([key]) => before[key] === undefined),
  );
  for (const [key, value] of Object.entries(before)) {
    const next = after[key];
    if (next === undefined) {
      patch[key] = null;
    } else if (isMap(value) && isMap(next)) {
      const below = patchBetween(value, next);
      if (Object.keys(below).length > 0) {
        patch[key] = below;
      }
    } else if (canonicalText(value) !== canonicalText(next)) {
      patch[key] = next;
    }
  }
  return patch;
}

/** A document with another laid over it: maps are merged, all else is replaced. */
export function overlay(under: JsonMap, over: JsonMap): JsonMap {
  const joined: Record<string, Json> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = joined[key];
    joined[key] = isMap(below) && isMap(value) ? overlay(below, value) : value;
  }
  return joined;
}
