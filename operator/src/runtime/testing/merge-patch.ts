import type { Json } from '../apply/json.ts';
import { isMap } from '../apply/json.ts';

/** JSON merge patch, RFC 7396. */
export function mergePatchJson(target: Json | undefined, patch: Json): Json {
  if (!isMap(patch)) {
    return patch;
  }
  const merged: Record<string, Json> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[key];
    } else {
      merged[key] = mergePatchJson(merged[key], value);
    }
  }
  return merged;
}
