/** References to Secrets. */
import { DNS_SUBDOMAIN, matching } from './fields.ts';

/** What a key of a Secret may look like. */
export const SECRET_KEY_PATTERN = '^[A-Za-z0-9._-]+$';

/** Name of an object in the same namespace, at `path`. */
export function secretName(path: string, description: string) {
  return matching(
    {
      maxLength: 253,
      pattern: `^${DNS_SUBDOMAIN}$`,
      message: `${path} is not the name of a Secret: use lower-case letters, digits, - and .`,
    },
    description,
  );
}
