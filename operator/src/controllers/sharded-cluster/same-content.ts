import type { Json } from '../../runtime/apply/json.ts';
import { canonicalText } from '../../runtime/apply/json.ts';

/** Whether two values are the same on the wire: the order of fields and absent against undefined do not matter. */
export function sameContent(first: unknown, second: unknown): boolean {
  return textOf(first) === textOf(second);
}

function textOf(value: unknown): string {
  return canonicalText(JSON.parse(JSON.stringify(value ?? null)) as Json);
}
