import type { FieldsV1 } from '../cache/owned-fields.ts';
import type { Json } from './json.ts';
import { isList, isMap } from './json.ts';
import { isIdentifiedBy, parseKeyFields } from './owned-equality.ts';

/** The values an object has at the paths of a field set, in the shape of that set, and the order of keyed items. */
export function projectOnto(fields: FieldsV1, value: Json | undefined): Json {
  const below = Object.entries(fields).filter(([key]) => key !== '.');
  if (below.length === 0) {
    return value ?? null;
  }
  const projection: Record<string, Json> = {};
  const positions: [number, string][] = [];
  for (const [key, field] of below) {
    const position = key.startsWith('k:') ? positionOf(key, value) : -1;
    projection[key] = projectOnto(field, position < 0 ? memberAt(key, value) : itemAt(position, value));
    if (position >= 0) {
      positions.push([position, key]);
    }
  }
  if (positions.length > 0) {
    positions.sort(([first], [second]) => first - second);
    projection['order'] = positions.map(([, key]) => key);
  }
  return projection;
}

function positionOf(key: string, value: Json | undefined): number {
  const fields = parseKeyFields(key);
  return isList(value) ? value.findIndex((item) => isMap(item) && isIdentifiedBy(item, fields)) : -1;
}

function itemAt(position: number, value: Json | undefined): Json | undefined {
  return isList(value) ? value[position] : undefined;
}

function memberAt(key: string, value: Json | undefined): Json | undefined {
  if (key.startsWith('f:')) {
    return isMap(value) ? value[key.slice(2)] : undefined;
  }
  return isList(value) ? value.find((item) => `v:${JSON.stringify(item)}` === key) : undefined;
}
