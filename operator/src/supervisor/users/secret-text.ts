import type { V1Secret } from '@kubernetes/client-node';

/** A value of a Secret as text, without the line end that editors add; undefined when it is missing or empty. */
export function secretText(secret: V1Secret | undefined, key: string): string | undefined {
  const text = Buffer.from(secret?.data?.[key] ?? '', 'base64')
    .toString('utf8')
    .replace(/\r?\n$/, '');
  return text === '' ? undefined : text;
}
