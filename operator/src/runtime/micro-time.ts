/**
 * RFC 3339 with microseconds, as `metav1.MicroTime` demands: exactly six digits, though our clock knows three.
 * `milliseconds` are since the epoch.
 */
export function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
