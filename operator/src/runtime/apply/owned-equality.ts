import type { FieldsV1 } from '../cache/owned-fields.ts';
import type { Json, JsonMap } from './json.ts';
import { isEmpty, isList, isMap, sameJson } from './json.ts';

/** Marks in a field set that the path itself is owned, besides what is below. */
const SELF = '.';

/**
 * Fields that are never recorded as owned, since every apply names them or the server sets them.
 * The same list as `stripMeta` of the API server's field manager.
 */
const UNOWNED: ReadonlySet<string> = new Set(['apiVersion', 'kind']);
const UNOWNED_METADATA: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
]);

/**
 * Whether an apply of `desired` would change nothing: we own in the live object exactly the fields `desired`
 * sets, and each has the value desired. The schema is not needed, since the owned set tells by its shape what
 * is a map, a keyed list, a set, or an atomic value. Errs only towards false: where the server rewrote or
 * completed an atomic value, or dropped a zero value, equality cannot be seen from here.
 */
export function ownedFieldsEqual(owned: FieldsV1, desired: JsonMap, live: JsonMap): boolean {
  return mapEqual(owned, recordedPart(desired), live, '');
}

/** What of an object can be owned. */
function recordedPart(object: JsonMap): JsonMap {
  const part = omit(object, UNOWNED);
  const metadata = part['metadata'];
  if (!isMap(metadata)) {
    return part;
  }
  const described = omit(metadata, UNOWNED_METADATA);
  return isEmpty(described) ? omit(part, new Set(['metadata'])) : { ...part, metadata: described };
}

function omit(map: JsonMap, names: ReadonlySet<string>): JsonMap {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.has(name)));
}

function valueEqual(
  owned: FieldsV1,
  desired: Json,
  live: Json | undefined,
  parent: string,
  name: string,
): boolean {
  const below = Object.keys(owned).filter((key) => key !== SELF);
  const [first] = below;
  if (first === undefined) {
    return sameJson(desired, live, parent, name) || (isEmpty(desired) && live === undefined);
  }
  switch (first.slice(0, 2)) {
    case 'f:':
      return isMap(desired) && isMap(live) && mapEqual(owned, desired, live, name);
    case 'k:':
      return isList(desired) && isList(live) && keyedListEqual(owned, desired, live, name);
    case 'v:':
      return isList(desired) && isList(live) && setEqual(below, desired, live);
    default:
      return false;
  }
}

function mapEqual(owned: FieldsV1, desired: JsonMap, live: JsonMap, name: string): boolean {
  for (const key of Object.keys(owned)) {
    if (key !== SELF && !(key.startsWith('f:') && Object.hasOwn(desired, key.slice(2)))) {
      return false;
    }
  }
  return Object.entries(desired).every(([key, value]) => {
    const below = owned[`f:${key}`];
    // The server drops some empty maps and lists together with the ownership of them.
    return below === undefined
      ? isEmpty(value) && (live[key] === undefined || isEmpty(live[key]))
      : valueEqual(below, value, live[key], name, key);
  });
}

/**
 * Items of a list of maps, told apart by some of their fields. An item of ours may leave out a key field that
 * has a default (a port's protocol). Order counts: containers start and variables expand in it.
 */
function keyedListEqual(
  owned: FieldsV1,
  desired: readonly Json[],
  live: readonly Json[],
  name: string,
): boolean {
  const keys = Object.keys(owned)
    .filter((key) => key !== SELF)
    .map((text) => ({ text, fields: parseKeyFields(text) }));
  if (keys.length !== desired.length) {
    return false;
  }
  let lastPosition = -1;
  for (const item of desired) {
    if (!isMap(item)) {
      return false;
    }
    const candidates = keys.filter(({ fields }) => mayBe(item, fields));
    const key = candidates.find(({ fields }) => isIdentifiedBy(item, fields)) ?? candidates[0];
    if (key === undefined) {
      return false;
    }
    keys.splice(keys.indexOf(key), 1);
    const position = live.findIndex((candidate) => isMap(candidate) && isIdentifiedBy(candidate, key.fields));
    const liveItem = live[position];
    const below = owned[key.text];
    if (position <= lastPosition || !isMap(liveItem) || below === undefined) {
      return false;
    }
    if (!mapEqual(below, item, liveItem, name)) {
      return false;
    }
    lastPosition = position;
  }
  return true;
}

/** The key fields in `k:{"name":"a"}`; none, which fits nothing, when it is not that. */
export function parseKeyFields(text: string): JsonMap {
  const fields = text.startsWith('k:') ? (JSON.parse(text.slice(2)) as Json) : {};
  return isMap(fields) && !isEmpty(fields) ? fields : { '': null };
}

export function isIdentifiedBy(item: JsonMap, fields: JsonMap): boolean {
  return Object.entries(fields).every(([name, value]) => item[name] === value);
}

function mayBe(item: JsonMap, fields: JsonMap): boolean {
  return Object.entries(fields).every(([name, value]) => item[name] === undefined || item[name] === value);
}

function setEqual(owned: readonly string[], desired: readonly Json[], live: readonly Json[]): boolean {
  const mine = new Set(owned.map((key) => (key.startsWith('v:') ? key.slice(2) : undefined)));
  return (
    mine.size === new Set(desired).size &&
    desired.every((value) => mine.has(JSON.stringify(value)) && live.includes(value))
  );
}
