import type { Json, JsonMap } from '../apply/json.ts';
import { canonicalText, isEmpty, isList, isMap } from '../apply/json.ts';
import type { FieldsV1 } from '../cache/owned-fields.ts';

/**
 * Server-side apply without schemas: maps are granular, lists of maps that all have a `name` (or, owner references,
 * a `uid`) are keyed by it, `finalizers` is a set, every other list is atomic. Enough to test what uses apply; the
 * real API server knows better.
 */

type MutableFields = Record<string, FieldsV1>;

/** The fields an apply of `value` owns. */
export function fieldsOf(value: Json, name = ''): FieldsV1 {
  const fields: MutableFields = {};
  if (isMap(value)) {
    for (const [key, member] of Object.entries(value)) {
      fields[`f:${key}`] = fieldsOf(member, key);
    }
  } else if (isList(value)) {
    for (const item of value) {
      const key = itemKey(value, item, name);
      if (key === undefined) {
        return {};
      }
      fields[key] = key.startsWith('v:') ? {} : { '.': {}, ...fieldsOf(item) };
    }
  }
  return fields;
}

/** Live with the fields in `before` and not in `after` removed, and `desired` laid over it. */
export function mergeApplied(live: Json | undefined, desired: Json, before: FieldsV1, name = ''): Json {
  if (isMap(desired)) {
    const merged: Record<string, Json> = isMap(live) ? { ...live } : {};
    for (const key of Object.keys(before)) {
      if (key.startsWith('f:') && !Object.hasOwn(desired, key.slice(2))) {
        delete merged[key.slice(2)];
      }
    }
    for (const [key, value] of Object.entries(desired)) {
      merged[key] = mergeApplied(merged[key], value, before[`f:${key}`] ?? {}, key);
    }
    return merged;
  }
  if (isList(desired) && isKeyed(desired, name)) {
    return mergeKeyed(isList(live) ? live : [], desired, before, name);
  }
  return desired;
}

function mergeKeyed(
  live: readonly Json[],
  desired: readonly Json[],
  before: FieldsV1,
  name: string,
): readonly Json[] {
  const liveByKey = new Map(live.map((item) => [itemKey(live, item, name), item]));
  const merged = desired.map((item) => {
    const key = itemKey(desired, item, name) ?? '';
    const previous = liveByKey.get(key);
    liveByKey.delete(key);
    return isMap(item) ? mergeApplied(previous, item, before[key] ?? {}) : item;
  });
  const others = [...liveByKey].filter(([key]) => key === undefined || !Object.hasOwn(before, key));
  return [...merged, ...others.map(([, item]) => item)];
}

/** The fields whose values did not change from one state to the next; another's change takes a field over. */
export function unchangedFields(
  fields: FieldsV1,
  before: Json | undefined,
  after: Json | undefined,
  name = '',
): FieldsV1 | undefined {
  const below = Object.entries(fields).filter(([key]) => key !== '.');
  if (below.length === 0) {
    const isSame = canonicalText(before) === canonicalText(after);
    return isSame || (before === undefined && after !== undefined && isEmpty(after)) ? fields : undefined;
  }
  const kept: MutableFields = {};
  for (const [key, field] of below) {
    const [first, second] = [memberAt(key, before, name), memberAt(key, after, name)];
    const remaining = unchangedFields(field, first, second, key.slice(2));
    if (remaining !== undefined) {
      kept[key] = remaining;
    }
  }
  if (Object.keys(kept).length === 0) {
    return undefined;
  }
  return fields['.'] === undefined ? kept : { '.': fields['.'], ...kept };
}

function memberAt(key: string, value: Json | undefined, name: string): Json | undefined {
  if (key.startsWith('f:')) {
    return isMap(value) ? value[key.slice(2)] : undefined;
  }
  return isList(value) ? value.find((item) => itemKey(value, item, name) === key) : undefined;
}

function isKeyed(list: readonly Json[], name: string): boolean {
  return list.length > 0 && list.every((item) => itemKey(list, item, name) !== undefined);
}

/** How an item is named in a field set; `undefined` in an atomic list. */
function itemKey(list: readonly Json[], item: Json, name: string): string | undefined {
  if (name === 'finalizers') {
    return `v:${JSON.stringify(item)}`;
  }
  const field = name === 'ownerReferences' ? 'uid' : 'name';
  const isKeyedList = list.every((candidate) => isMap(candidate) && typeof candidate[field] === 'string');
  return isKeyedList && isMap(item) ? `k:${canonicalText({ [field]: item[field] } as JsonMap)}` : undefined;
}
